"""The zoo's models that torchvision does not have; all of them traceable by torch.fx.

Sizes follow the papers that are named. Weights are random: neither time nor size depends on them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from cosim.models.torch.torchvision_guard import import_torchvision


class TwoPartDetector(nn.Module):
    """A detector in two parts, as R-CNN: a backbone for the picture, a head for its regions.

    The backbone is AlexNet's convolutions. The head is that of Faster R-CNN (Ren et al. 2015): a
    region proposal network says where objects may be, and two wide layers, as AlexNet's, name the
    object and its box. In place of the pooling of proposed regions, whose number depends on the
    picture, all of the picture is pooled, as one region.
    """

    def __init__(self, classes: int = 21, anchors: int = 9) -> None:
        super().__init__()
        self.backbone = import_torchvision().models.alexnet(weights=None).features[:-1]
        self.rpn = nn.Conv2d(256, 256, 3, padding=1)
        self.objectness = nn.Conv2d(256, anchors, 1)
        self.anchor_boxes = nn.Conv2d(256, 4 * anchors, 1)
        self.pool = nn.AdaptiveMaxPool2d(6)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.scores = nn.Linear(4096, classes)
        self.boxes = nn.Linear(4096, 4 * classes)
        self.relu = nn.ReLU()

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give objectness and boxes of the anchors, then scores and boxes by class."""
        features = self.backbone(picture)
        proposals = self.relu(self.rpn(features))
        objectness, anchor_boxes = self.objectness(proposals), self.anchor_boxes(proposals)
        region = torch.flatten(self.pool(features), 1)
        region = self.relu(self.fc7(self.relu(self.fc6(region))))
        return objectness, anchor_boxes, self.scores(region), self.boxes(region)


class SequenceLabeller(nn.Module):
    """A GRU that labels each element of a sequence, unrolled: `length` modules in a line.

    Each module takes its element off the sequence, runs the one cell that all share, and labels. So
    what crosses a boundary is the rest of the sequence, the hidden state and the labels so far, as
    HiveMind's linearised RNN wants it (VI.A).

    Sizes: word vectors of 100 and a state of 300 numbers, after the tutorial that the paper cites
    as [52]; 9 labels, those of CoNLL-2003 in IOB form.
    """

    def __init__(
        self, length: int = 200, features: int = 100, hidden: int = 300, labels: int = 9
    ) -> None:
        super().__init__()
        self.length = length
        self.cell = nn.GRUCell(features, hidden)
        self.label = nn.Linear(hidden, labels)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        """Label ``(batch, length, features)``: ``(batch, length, labels)``."""
        labels = []
        hidden: torch.Tensor | None = None
        rest = sequence
        for _ in range(self.length):
            element, rest = rest[:, 0], rest[:, 1:]
            hidden = self.cell(element, hidden)
            labels.append(self.label(hidden))
        return torch.stack(labels, dim=1)


class QmixAgent(nn.Module):
    """An agent of QMIX (Rashid et al. 2018): linear, GRU cell, linear; all 64 wide.

    An observation holds what the agent sees, its last action and its number: 128 + 14 + 8 on the
    StarCraft map 3s5z.
    """

    def __init__(self, observation: int = 150, actions: int = 14, hidden: int = 64) -> None:
        super().__init__()
        self.fc1 = nn.Linear(observation, hidden)
        self.relu = nn.ReLU()
        self.rnn = nn.GRUCell(hidden, hidden)
        self.fc2 = nn.Linear(hidden, actions)

    def forward(self, observation: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Give the value of each action, and the next hidden state."""
        state = self.rnn(self.relu(self.fc1(observation)), hidden)
        return self.fc2(state), state


class QmixMixer(nn.Module):
    """QMIX's mixing network (Rashid et al. 2018): one value of all agents' values.

    Its weights come from the state through hypernetworks, and are made positive: the mixed value
    grows with every agent's. 8 agents and a state of 216 numbers: the StarCraft map 3s5z.
    """

    def __init__(self, agents: int = 8, state: int = 216, embed: int = 32) -> None:
        super().__init__()
        self.agents, self.embed = agents, embed
        self.weights1 = nn.Linear(state, agents * embed)
        self.bias1 = nn.Linear(state, embed)
        self.weights2 = nn.Linear(state, embed)
        self.bias2 = nn.Sequential(nn.Linear(state, embed), nn.ReLU(), nn.Linear(embed, 1))

    def forward(self, values: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Mix ``(batch, agents)`` under ``(batch, state)``: ``(batch, 1)``."""
        weights1 = torch.abs(self.weights1(state)).view(-1, self.agents, self.embed)
        bias1 = self.bias1(state).view(-1, 1, self.embed)
        hidden = functional.elu(torch.bmm(values.unsqueeze(1), weights1) + bias1)
        weights2 = torch.abs(self.weights2(state)).view(-1, self.embed, 1)
        bias2 = self.bias2(state).view(-1, 1, 1)
        return (torch.bmm(hidden, weights2) + bias2).view(-1, 1)


class DecoderBlock(nn.Module):
    """Causal self-attention and a wide layer, each with its norm first (Radford et al. 2019)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.wide = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(batch, length, width)`` to the same shape."""
        normed = self.norm1(x)
        attended: Any = functional.scaled_dot_product_attention(
            self._by_head(self.query(normed)),
            self._by_head(self.key(normed)),
            self._by_head(self.value(normed)),
            is_causal=True,
        )
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        return x + self.wide(self.norm2(x))

    def _by_head(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.heads, self.size)).transpose(1, 2)


class DecoderTransformer(nn.Module):
    """A small decoder-only transformer: the next token's scores at every place of a text."""

    def __init__(
        self,
        vocabulary: int = 4096,
        length: int = 64,
        width: int = 256,
        heads: int = 4,
        blocks: int = 4,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.randn(length, width) * 0.02)
        self.blocks = nn.Sequential(*(DecoderBlock(width, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        """Score ``(batch, length)`` tokens: ``(batch, length, vocabulary)``."""
        x = self.blocks(self.tokens(text) + self.places)
        return self.head(self.norm(x))

"""FLOPs of fused operators, and of graphs that operators call."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch._higher_order_ops import while_loop  # noqa: E402
from torch.nn import functional  # noqa: E402
from traced_models import Function  # noqa: E402

from cosim.models.torch import measure_sizes, trace_model  # noqa: E402
from cosim.models.torch.flops import counting_flops  # noqa: E402

pytestmark = pytest.mark.torch


LENGTH, WIDTH, HIDDEN = 5, 8, 16


PROJECTIONS = 4 * 2 * LENGTH * WIDTH**2  # query, key, value, output


ATTENTION = 2 * 2 * LENGTH**2 * WIDTH  # scores, and the sum weighted by them


FEED_FORWARD = 2 * 2 * LENGTH * WIDTH * HIDDEN


def repeat(module: Any, x: Any) -> Any:
    def body(count: Any, x: Any) -> Any:
        return count + 1, module.parts[0](x)

    return while_loop(lambda count, x: count < 3, body, (torch.tensor(0), x))[1]


def choose(module: Any, x: Any) -> Any:
    return torch.cond(x.mean() < 1, module.parts[0], torch.sigmoid, (x,))


FUSED = {
    "graph that is called in a loop": (
        lambda: Function(repeat, nn.Linear(WIDTH, WIDTH)),
        3 * 2 * LENGTH * WIDTH**2,
    ),
    "graph that is chosen": (
        lambda: Function(choose, nn.Linear(WIDTH, WIDTH)),
        2 * LENGTH * WIDTH**2,
    ),
    "gradient": (
        lambda: Function(lambda module, x: torch.func.grad(lambda y: (y @ y.mT).sum())(x)),
        3 * 2 * LENGTH**2 * WIDTH,
    ),
    "lstm": (
        lambda: nn.LSTM(WIDTH, HIDDEN, batch_first=True),
        2 * LENGTH * 4 * HIDDEN * (WIDTH + HIDDEN),
    ),
    "attention": (
        lambda: Function(lambda module, x: functional.scaled_dot_product_attention(x, x, x)),
        ATTENTION,
    ),
    "transformer block": (
        lambda: nn.TransformerEncoderLayer(WIDTH, 2, HIDDEN, batch_first=True),
        PROJECTIONS + ATTENTION + FEED_FORWARD,
    ),
    "learned query": (
        lambda: LearnedQuery(nn.MultiheadAttention(WIDTH, 2, batch_first=True)),
        PROJECTIONS - 2 * 2 * (LENGTH - 1) * WIDTH**2 + ATTENTION // LENGTH,
    ),
    "matrix and vector": (
        lambda: Function(lambda module, x: x[0] @ torch.ones(WIDTH)),
        2 * LENGTH * WIDTH,
    ),
}


class LearnedQuery(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """Calls a module on a parameter."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention
        self.query = nn.Parameter(torch.ones(1, 1, WIDTH))

    def forward(self, x: Any) -> Any:
        return self.attention(self.query, x, x)[0]


@pytest.mark.parametrize("name", FUSED)
def test_flops_of_what_pytorch_does_in_one_call_are_counted(name: str) -> None:
    build, flops = FUSED[name]
    x = torch.zeros(1, LENGTH, WIDTH)
    before = torch.backends.mha.get_fastpath_enabled()
    assert measure_sizes(trace_model(build(), x), x).flops.sum() == flops
    assert torch.backends.mha.get_fastpath_enabled() == before


@pytest.mark.parametrize(
    ("layers", "mode"),
    [
        (nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True), 2),
        (nn.GRU(10, 20, batch_first=True), 3),
    ],
)
def test_cudnns_recurrent_layers_have_the_flops_of_the_cpus(layers: Any, mode: int) -> None:
    """On tensors without numbers: cuDNN is nowhere but on a GPU."""
    x = torch.ones(3, 5, 10)
    with counting_flops() as here:
        layers.eval()(x)
    state = torch.ones(layers.num_layers * (1 + layers.bidirectional), 3, 20, device="meta")
    weights = [parameter.to("meta") for parameter in layers.parameters()]
    sizes = 20, 0, layers.num_layers
    with counting_flops() as there:
        torch.ops.aten._cudnn_rnn(
            *(x.to("meta"), weights, 4, None, state, state if mode == 2 else None, mode, *sizes),
            *(True, 0.0, False, layers.bidirectional, [], None),
        )
    assert there.get_total_flops() == here.get_total_flops() > 0

"""Splitting recurrent networks (VI.A, spec section 6): linearised, and the standard way.

A recurrent module of M layers is run R times, once for each element of the input sequence. It is
*linearised* by unrolling: layer l of run r becomes layer ``(r - 1) M + l`` of one long line, which
every solver can split. What crosses a boundary of it is

- the activation between two layers of the same run,
- the hidden states that later layers still need,
- the inputs that are not consumed yet (the paper's ``x[r+1]`` and after), and
- the outputs that have been produced.

The *standard* way splits the module once and runs that R times; the hidden state goes from the
node of its last layer back to the source every time.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cosim.splitting.problem import FloatArray, SplitProblem
from cosim.splitting.validate import scalar, table, vector


@dataclass(frozen=True, eq=False)
class RecurrentModule:
    """A module of M layers and the sequence that it is run on.

    Parameters
    ----------
    runs
        R, the length of the sequence.
    activation_bytes
        Shape ``(M,)``: output of each layer; that of the last is one element of the output.
    hidden_bytes
        Shape ``(M,)``: state that each layer hands to itself in the next run; 0 for layers without.
        The first run begins from zeros, which need not be sent.
    input_bytes
        One element of the input sequence.
    keeps_sequence
        Whether all outputs are wanted, or only the last one.
    """

    runs: int
    activation_bytes: FloatArray
    hidden_bytes: FloatArray
    input_bytes: float
    keeps_sequence: bool = True

    def __init__(
        self,
        runs: int,
        activation_bytes: npt.ArrayLike,
        hidden_bytes: npt.ArrayLike,
        input_bytes: float,
        *,
        keeps_sequence: bool = True,
    ) -> None:
        if runs < 1:
            raise ValueError(f"runs is {runs}: it must be at least 1")
        activations = vector("activation_bytes", activation_bytes)
        if activations.size < 1:
            raise ValueError("activation_bytes is empty: a module has at least one layer")
        hidden = vector("hidden_bytes", hidden_bytes, size=activations.size)
        size = scalar("input_bytes", input_bytes)
        object.__setattr__(self, "runs", int(runs))
        object.__setattr__(self, "activation_bytes", activations)
        object.__setattr__(self, "hidden_bytes", hidden)
        object.__setattr__(self, "input_bytes", size)
        object.__setattr__(self, "keeps_sequence", keeps_sequence)

    @property
    def layers(self) -> int:
        """M, the layers of the module."""
        return int(self.activation_bytes.size)


def linearised_live_bytes(module: RecurrentModule) -> FloatArray:
    """Bytes that cross each boundary of the unrolled line: shape ``(R M + 1,)``, the last 0."""
    runs, layers = module.runs, module.layers
    boundary = np.arange(runs * layers)
    done, layer = np.divmod(boundary, layers)  # whole runs, and layers of the run under way
    begun = np.concatenate(([0.0], module.hidden_bytes.cumsum()))
    inputs = (runs - done - (layer > 0)) * module.input_bytes
    between = np.where(layer > 0, module.activation_bytes[layer - 1], 0.0)
    # States of this run are needed unless it is the last; those of the run before, from layer on.
    hidden = np.where(done < runs - 1, begun[layer], 0.0)
    hidden = hidden + np.where(done > 0, begun[-1] - begun[layer], 0.0)
    outputs = done * module.activation_bytes[-1] if module.keeps_sequence else 0.0
    return np.concatenate((inputs + between + hidden + outputs, [0.0]))


def linearised_problem(
    module: RecurrentModule,
    layer_s: npt.ArrayLike,
    seconds_per_byte: npt.ArrayLike,
    delays_s: npt.ArrayLike,
) -> SplitProblem:
    """The unrolled network on a chain, ``R M`` layers.

    Parameters
    ----------
    layer_s
        Shape ``(P, M)``, s: time of each layer of the module on each node.
    seconds_per_byte, delays_s
        Shape ``(P - 1,)``: of the links towards the cloud.
    """
    times = _times(module, layer_s)
    rate = vector("seconds_per_byte", seconds_per_byte, size=len(times) - 1, finite=False)
    delay = vector("delays_s", delays_s, size=len(times) - 1)
    transfer = link_seconds(linearised_live_bytes(module), rate, delay)
    return SplitProblem(np.tile(times, module.runs), transfer)


def standard_problem(
    module: RecurrentModule,
    layer_s: npt.ArrayLike,
    seconds_per_byte: npt.ArrayLike,
    delays_s: npt.ArrayLike,
    return_s_per_byte: npt.ArrayLike,
) -> SplitProblem:
    """``rnn-standard``: one split of the module, for all R runs; the cost is that of all runs.

    Every run sends its input and activations down the chain, and all but the last send the hidden
    states from the node of the last layer back to the source, over every link between. As that
    depends only on which node runs the last layer, it is part of that layer's time there.

    Parameters
    ----------
    layer_s, seconds_per_byte, delays_s
        As for `linearised_problem`.
    return_s_per_byte
        Shape ``(P - 1,)``: of the links in the other direction.
    """
    times = _times(module, layer_s)
    rate = vector("seconds_per_byte", seconds_per_byte, size=len(times) - 1, finite=False)
    delay = vector("delays_s", delays_s, size=len(times) - 1)
    back = vector("return_s_per_byte", return_s_per_byte, size=len(times) - 1)
    crossing = np.concatenate(([module.input_bytes], module.activation_bytes[:-1], [0.0]))
    state = module.hidden_bytes.sum()
    home = np.concatenate(([0.0], np.cumsum(np.where(state > 0, state * back + delay, 0.0))))
    compute = times * module.runs
    compute[:, -1] += (module.runs - 1) * home
    return SplitProblem(compute, link_seconds(crossing, rate, delay) * module.runs)


def local_standard(transfer_s: FloatArray, runs: int, return_s: float) -> FloatArray:
    """`standard_problem` at one link: what all R runs take over it, shape ``(L + 1,)``, s.

    The hidden states come back over the link when the module's last layer is beyond it, which is
    at every boundary but L. A node so needs no more than its own link; its layer times count R
    times.

    Parameters
    ----------
    transfer_s
        Shape ``(L + 1,)``, s: of one run.
    return_s
        Of the hidden states over the link, towards the source.
    """
    transfer_s = vector("transfer_s", transfer_s, finite=False)
    scalar("return_s", return_s)
    if runs < 1:
        raise ValueError(f"runs is {runs}: it must be at least 1")
    back = np.full(transfer_s.size, (runs - 1) * return_s)
    back[-1] = 0.0
    return np.asarray(runs * transfer_s + back)


def folded_line(live_bytes: npt.ArrayLike, runs: int) -> RecurrentModule:
    """The module of an unrolled network, from what crosses each boundary of the line.

    The reverse of `linearised_live_bytes`, but for which layers the states belong to: all of them
    are given to the last one. The second run, in the middle of the line, tells the sizes. Layers
    behind the last module, fewer than it has, are left out.

    Parameters
    ----------
    live_bytes
        Shape ``(L + 1,)``, L at least R M.
    runs
        R, at least 3.

    Raises
    ------
    ValueError
        When this is no line of R equal modules.
    """
    live = vector("live_bytes", live_bytes)
    layers, behind = divmod(live.size - 1, max(runs, 1))
    if runs < 3 or behind >= layers:
        raise ValueError(f"live_bytes of {live.size - 1} layers are no line of {runs} modules")
    element = live[0] / runs
    output = live[2 * layers] - live[layers] + element
    state = live[layers] - (runs - 1) * element - output
    between = live[layers + 1 : 2 * layers] - (runs - 2) * element - output - state
    begins = np.arange(1, runs)
    expected = (runs - begins) * element + state + begins * output
    regular = np.allclose(live[begins * layers], expected, rtol=1e-9, atol=0.5)
    if not regular or min(output, state, *between) < 0:
        raise ValueError(f"live_bytes are not those of a line of {runs} equal modules")
    return RecurrentModule(runs, [*between, output], [*[0.0] * (layers - 1), state], float(element))


def link_seconds(live: FloatArray, rate: FloatArray, delay: FloatArray) -> FloatArray:
    """Time of each boundary's bytes on each link, ``(P - 1, L + 1)``; nothing to send, no time."""
    sent = live > 0
    with np.errstate(invalid="ignore"):
        return np.where(sent, rate[:, None] * live + delay[:, None], 0.0)


def _times(module: RecurrentModule, layer_s: npt.ArrayLike) -> FloatArray:
    nodes = len(layer_s) if isinstance(layer_s, Sized) else 1
    return table("layer_s", layer_s, (nodes, module.layers))

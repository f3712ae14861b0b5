"""What a node's share of a task costs more than one inference, from what the node knows itself.

All of it is booked at the node and its own link, so that what nodes tell stays what it is: the
backward pass, gradients and parameters that move (HiveMind IV.E), parameters that merge (VI.B),
and the runs of a recurrent module that is split as such (VI.A).
"""

from __future__ import annotations

import math

import numpy as np

from cosim.nodes.config import NodeConfig
from cosim.nodes.link_costs import LinkTable
from cosim.splitting.collaborative import local_omega
from cosim.splitting.problem import FloatArray
from cosim.splitting.recurrent import local_standard
from cosim.splitting.training import local_parameter_moves


class ExtraCosts:
    """Of one node.

    Attributes
    ----------
    passes
        Time of a layer for the whole task over that of running it once.
    runs
        How often tensors go over the link for a task.
    """

    def __init__(self, config: NodeConfig) -> None:
        self._options = config.options
        self._model = config.model
        self._merges_downstream = config.merges_downstream
        ratio = config.options.backward_ratio
        self.runs = config.options.module_runs
        self.passes = float(self.runs) if ratio is None else 1.0 + ratio

    def transfer_s(self, once: FloatArray, links: LinkTable, held: int | None) -> FloatArray:
        """All that goes over the uplink for a task, given what its tensors take once.

        Parameters
        ----------
        once
            Shape ``(L + 1,)``, s.
        links
            The node's own.
        held
            In training: see `cosim.nodes.decision.Decider.held`.
        """
        if self.runs == 1 and self._options.backward_ratio is None:
            return once
        back = links.return_s_per_byte()
        if self.runs > 1:
            state_s = self._options.state_bytes * back if self._options.state_bytes else 0.0
            return local_standard(once, self.runs, state_s + links.return_latency_s())
        return once + self._gradient_s(back) + self._params_s(links, held, back)

    def sent_param_bytes(self, held: int | None) -> FloatArray:
        """Parameters that the uplink carries downstream for a training step, shape ``(L + 1,)``.

        Those that move, and those that merge, the latter as a mean over the steps.
        """
        prefix = self._model.param_prefix
        sent = np.zeros(prefix.size) if held is None else np.maximum(prefix[held] - prefix, 0.0)
        merging = self._options.merging
        if merging is not None and merging.counted and self._merges_downstream:
            sent[-1] += merging.there_bytes / merging.interval
        return sent

    def _gradient_s(self, back: float) -> FloatArray:
        gradient = np.zeros(self._model.live_bytes.size)
        sent = self._model.live_bytes > 0
        sent[0] = False  # the input is not trained
        gradient[sent] = self._model.live_bytes[sent] * back
        return gradient

    def _params_s(self, links: LinkTable, held: int | None, back: float) -> FloatArray:
        """Parameters that move, as the boundary does, and those that merge."""
        rate = links.rate_bps()
        down = 8 / rate if rate > 0 else math.inf
        extra = np.zeros(self._model.live_bytes.size)
        if held is not None:
            params = np.diff(self._model.param_prefix)
            extra += local_parameter_moves(params, held, down, back)
        merging = self._options.merging
        if merging is None or not merging.counted:
            return extra
        there, home = (down, back) if self._merges_downstream else (back, down)
        return extra + local_omega(
            _seconds(merging.there_bytes, there) / merging.interval,
            _seconds(merging.back_bytes, home) / merging.interval,
            self._model.layers,
            merges_downstream=self._merges_downstream,
        )


def _seconds(size: int, seconds_per_byte: float) -> float:
    return size * seconds_per_byte if size > 0 else 0.0

"""What an agent sees of one decision: a flat vector of what the deciding node itself knows.

With `L` layers, ``6 + 3 (L + 1)`` numbers (``float32``):

========================  =====  ================================================================
Index                     Unit   Meaning
========================  =====  ================================================================
0                         1      layers that are done, over L
1 to 5                    0, 1   the node is a UE, an IAB node, the donor, a core MEC, the cloud
6 + b'                    s      time of this node for the layers from here up to boundary b'
6 + (L + 1) + b'          s      time to send what is live at b' to the next computing node
6 + 2 (L + 1) + b'        s      cost-to-go from b' on that the next computing node told (SCI)
========================  =====  ================================================================

All times are cut at `LONGEST_S`, which also stands for a dead link and for what is not known. So
HiveMind is the action of least sum of the three times.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from cosim.splitting import NodeCosts, Role, TaskState
from cosim.splitting.problem import FloatArray

LONGEST_S: Final = 10.0
_KINDS: Final = ("ue", "iab", "donor", "core", "cloud")
HEAD: Final = 1 + len(_KINDS)

Observation = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int8]


def observation_size(layers: int) -> int:
    """How many numbers an observation has."""
    return HEAD + 3 * (layers + 1)


def observe(role: Role, costs: NodeCosts, heard: FloatArray | None, task: TaskState) -> Observation:
    """The vector of this module's docstring."""
    size = costs.layers + 1
    compute_s = costs.prefix_s - costs.prefix_s[task.boundary]
    transfer_s = np.zeros(size) if costs.transfer_s is None else costs.transfer_s
    if heard is None:
        heard = np.full(size, LONGEST_S)
        heard[-1] = 0.0
    kind = [float(role.kind == name) for name in _KINDS]
    parts = ([task.boundary / costs.layers], kind, compute_s, transfer_s, heard)
    # A told cost may be that of another metric, and is then of no known range.
    return np.clip(np.concatenate(parts), 0.0, LONGEST_S).astype(np.float32)


def action_mask(costs: NodeCosts, task: TaskState) -> Mask:
    """Which stops make sense, shape ``(L + 1,)``: not before the task, not over a dead link."""
    mask = np.arange(costs.layers + 1) >= task.boundary
    if costs.transfer_s is not None:
        mask &= np.isfinite(costs.transfer_s)
    return mask.astype(np.int8)

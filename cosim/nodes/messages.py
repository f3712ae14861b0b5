"""What nodes say to each other, as bytes that network packets carry.

Every message begins with ``"HM"``, a version and a kind; integers are little-endian. ``decode``
turns any bytes into a message or raises `ProtocolError`, never anything else.

An SCI message of ResNet152's some 500 layers takes 2 kB, below the paper's 4 kB (HiveMind IV.C);
what else policies may tell is in `cosim.nodes.told`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Final

import msgspec

from cosim.errors import ProtocolError
from cosim.nodes.told import boundaries_of, decode_told, encode_told
from cosim.splitting.node import Told

VERSION: Final = 4
_HEAD: Final = struct.Struct("<2sBB")
_MAGIC: Final = b"HM"
_SCI, _TASK, _DONE, _ASK, _PARAMS, _MERGE = 1, 2, 3, 4, 5, 6
_SCI_HEAD: Final = _HEAD.pack(_MAGIC, VERSION, _SCI)
_TASK_HEAD: Final = _HEAD.pack(_MAGIC, VERSION, _TASK)
_SCI_BODY: Final = struct.Struct("<IIIqHB")
_TASK_BODY: Final = struct.Struct("<qIqqddBBHBqHBB")
_HOP: Final = struct.Struct("<Hqqq")
_DONE_BODY: Final = struct.Struct("<qq")
_PARAMS_BODY: Final = struct.Struct("<qHHB")
_MERGE_BODY: Final = struct.Struct("<qqqB")
_STOP: Final = struct.Struct("<H")


class SciMessage(msgspec.Struct, frozen=True, eq=False):
    """Split cost information of one node, for its upstream neighbours; sent over UDP.

    Attributes
    ----------
    update_id
        Number of the update wave that the sink started.
    revision
        0 in the wave itself; a node that has to repeat or mend its news raises it.
    model_digest
        First 32 bits of the model profile's digest: costs of another model mean nothing.
    started_ns
        When the sink started the wave.
    told
        What the policy tells for each of the ``L + 1`` boundaries; see `cosim.nodes.told`.
    """

    update_id: int
    revision: int
    model_digest: int
    started_ns: int
    told: Told

    @property
    def order(self) -> tuple[int, int]:
        """The greater, the newer."""
        return self.update_id, self.revision


class HopTrace(msgspec.Struct, frozen=True):
    """What a task met at one node: `transfer_ns` to reach it, then queue and compute there."""

    node: str
    stop: int
    transfer_ns: int
    queue_ns: int
    compute_ns: int


NO_DEADLINE: Final = 2**63 - 1

INITIAL: Final = 0xFFFF
"""In place of `TaskMessage.held`: the first step, before which all nodes have all parameters."""


class Phase(IntEnum):
    """What a task is doing: an inference, or one of the two passes of a training step."""

    INFERENCE = 0
    FORWARD = 1
    BACKWARD = 2


_PHASES: Final = {phase.value: phase for phase in Phase}


class TaskMessage(msgspec.Struct, frozen=True):
    """A split task on its way; sent over TCP, followed by the live tensors.

    Attributes
    ----------
    task_id, ue, model_digest, started_ns
        Which task of whom, of which model, and since when.
    sent_ns
        When the node before sent it (base stations share one clock, TS 38.133 7.4).
    energy_j
        Energy spent so far, of the nodes whose energy is counted.
    radio_w
        Power of the sender's radio while this transfer lasts: only the receiver can tell how long.
    hops
        The nodes passed so far; the last one's `stop` is the boundary where the task is.
    phase, at
        What it is doing; in the backward pass, `at` is the place in `hops` of the node that is
        to run its share next.
    held
        In the forward pass of training: the boundary of the link that it came over in the step
        before. Parameters up to it were on the near side; those that are wanted beyond follow the
        tensors.
    tensors
        What is live at the boundary, when it is really computed; otherwise nothing, and padding of
        its size stands in its place on the wire.
    """

    task_id: int
    ue: str
    model_digest: int
    started_ns: int
    sent_ns: int
    energy_j: float
    radio_w: float
    hops: tuple[HopTrace, ...]
    phase: Phase = Phase.INFERENCE
    held: int = 0
    at: int = 0
    deadline_ns: int = NO_DEADLINE
    run: int = 0
    merges: bool = False
    plan: tuple[int, ...] = ()
    tensors: bytes = b""

    @property
    def boundary(self) -> int:
        """How many layers are done."""
        return self.hops[-1].stop if self.hops else 0


class UpdateRequest(msgspec.Struct, frozen=True):
    """Asks the sink for an SCI update, from node to node downstream; sent over UDP."""


class ParamMessage(msgspec.Struct, frozen=True):
    """Asks for the parameters of the layers after `begin` up to `stop`, or brings them.

    Goes between neighbours. A request goes over TCP as well, for a step waits for the answer; an
    answer is followed by the parameters as padding.
    """

    task_id: int
    ue: str
    begin: int
    stop: int
    brings: bool


class MergeMessage(msgspec.Struct, frozen=True):
    """Brings an agent's parameters to where they are merged, or (`merged`) takes them back.

    From and to the node of an agent's final layer, over TCP, the parameters being padding.

    Attributes
    ----------
    sent_ns
        When the agent's parameters were sent.
    took_ns
        In the answer: how long they were on the way.
    """

    task_id: int
    sent_ns: int
    took_ns: int = 0
    merged: bool = False


class DoneMessage(msgspec.Struct, frozen=True):
    """Tells the UE that its task is finished; sent over UDP."""

    task_id: int
    finished_ns: int


Message = SciMessage | TaskMessage | DoneMessage | UpdateRequest | ParamMessage | MergeMessage


def encode(message: Message) -> bytes:
    """The message as bytes."""
    if isinstance(message, SciMessage):
        return encode_sci(message, encode_told(message.told))
    if isinstance(message, TaskMessage):
        return _encode_task(message)
    if isinstance(message, UpdateRequest):
        return _HEAD.pack(_MAGIC, VERSION, _ASK)
    if isinstance(message, MergeMessage):
        body = _MERGE_BODY.pack(message.task_id, message.sent_ns, message.took_ns, message.merged)
        return _HEAD.pack(_MAGIC, VERSION, _MERGE) + body
    if isinstance(message, ParamMessage):
        fields = (message.task_id, message.begin, message.stop, message.brings)
        head = _HEAD.pack(_MAGIC, VERSION, _PARAMS) + _PARAMS_BODY.pack(*fields)
        return head + _pack_name(message.ue)
    body = _DONE_BODY.pack(message.task_id, message.finished_ns)
    return _HEAD.pack(_MAGIC, VERSION, _DONE) + body


def decode(payload: bytes) -> Message:
    """Read a message; bytes after a task's header are its tensors.

    Raises
    ------
    ProtocolError
        When `payload` is no message of this version.
    """
    try:
        magic, version, kind = _HEAD.unpack_from(payload)
        if magic != _MAGIC:
            raise ProtocolError("message does not begin with 'HM'")
        if version != VERSION:
            raise ProtocolError(f"message has version {version}, this node speaks {VERSION}")
        if kind not in _DECODERS:
            raise ProtocolError(f"message is of unknown kind {kind}")
        return _DECODERS[kind](payload)
    except struct.error as error:
        raise ProtocolError(f"message is cut short: {error}") from error
    except UnicodeDecodeError as error:
        raise ProtocolError("message holds a name that is not UTF-8") from error


def encode_sci(message: SciMessage, coded: tuple[int, bytes]) -> bytes:
    """The message as bytes, when what it tells is coded already (by `encode_told`)."""
    form, told = coded
    body = _SCI_BODY.pack(
        *(message.update_id, message.revision, message.model_digest, message.started_ns),
        *(boundaries_of(message.told), form),
    )
    return _SCI_HEAD + body + told


def _decode_sci(payload: bytes) -> SciMessage:
    update_id, revision, digest, started_ns, count, form = _SCI_BODY.unpack_from(
        payload, _HEAD.size
    )
    _refuse_negative(started_ns)
    told = decode_told(form, count, payload[_HEAD.size + _SCI_BODY.size :])
    return SciMessage(update_id, revision, digest, started_ns, told)


def _encode_task(message: TaskMessage) -> bytes:
    parts = [
        _TASK_HEAD,
        _TASK_BODY.pack(
            message.task_id,
            message.model_digest,
            message.started_ns,
            message.sent_ns,
            message.energy_j,
            message.radio_w,
            len(message.hops),
            message.phase,
            message.held,
            message.at,
            message.deadline_ns,
            message.run,
            message.merges,
            len(message.plan),
        ),
        *(_STOP.pack(stop) for stop in message.plan),
        _pack_name(message.ue),
    ]
    for hop in message.hops:
        parts.append(_HOP.pack(hop.stop, hop.transfer_ns, hop.queue_ns, hop.compute_ns))
        parts.append(_pack_name(hop.node))
    parts.append(message.tensors)
    return b"".join(parts)


def _decode_task(payload: bytes) -> TaskMessage:
    fields = _TASK_BODY.unpack_from(payload, _HEAD.size)
    task_id, digest, started_ns, sent_ns, energy_j, radio_w, count, phase, held, hop_at = fields[
        :10
    ]
    deadline_ns, run, merges, planned = fields[10:]
    if phase not in _PHASES:
        raise ProtocolError(f"task message is in unknown phase {phase}")
    if phase == Phase.BACKWARD and hop_at >= count:
        raise ProtocolError("task message goes back to a node that it has not passed")
    if merges > 1:
        raise ProtocolError("task message neither merges nor does not")
    _refuse_negative(task_id, started_ns, sent_ns)
    if not (math.isfinite(energy_j) and math.isfinite(radio_w)):
        raise ProtocolError("task message holds an energy that is not finite")
    at = _HEAD.size + _TASK_BODY.size
    plan = struct.unpack_from(f"<{planned}H", payload, at)
    ue, at = _unpack_name(payload, at + 2 * planned)
    hops: list[HopTrace] = []
    for _ in range(count):
        stop, transfer_ns, queue_ns, compute_ns = _HOP.unpack_from(payload, at)
        _refuse_negative(transfer_ns, queue_ns, compute_ns)
        node, at = _unpack_name(payload, at + _HOP.size)
        if hops and stop < hops[-1].stop:
            raise ProtocolError("task message has boundaries that go backwards")
        hops.append(HopTrace(node, stop, transfer_ns, queue_ns, compute_ns))
    return TaskMessage(
        *(task_id, ue, digest, started_ns, sent_ns, energy_j, radio_w),
        hops=tuple(hops),
        phase=_PHASES[phase],
        held=held,
        at=hop_at,
        deadline_ns=deadline_ns,
        run=run,
        merges=bool(merges),
        plan=plan,
        tensors=payload[at:],
    )


def _decode_done(payload: bytes) -> DoneMessage:
    if len(payload) != _HEAD.size + _DONE_BODY.size:
        raise ProtocolError(f"done message has {len(payload)} bytes")
    task_id, finished_ns = _DONE_BODY.unpack_from(payload, _HEAD.size)
    _refuse_negative(task_id, finished_ns)
    return DoneMessage(task_id, finished_ns)


def _decode_ask(payload: bytes) -> UpdateRequest:
    if len(payload) != _HEAD.size:
        raise ProtocolError(f"update request has {len(payload)} bytes")
    return UpdateRequest()


def _decode_params(payload: bytes) -> ParamMessage:
    task_id, begin, stop, brings = _PARAMS_BODY.unpack_from(payload, _HEAD.size)
    ue, _ = _unpack_name(payload, _HEAD.size + _PARAMS_BODY.size)
    _refuse_negative(task_id)
    if begin >= stop or brings > 1:
        raise ProtocolError("parameter message makes no sense")
    return ParamMessage(task_id, ue, begin, stop, bool(brings))


def _decode_merge(payload: bytes) -> MergeMessage:
    task_id, sent_ns, took_ns, merged = _MERGE_BODY.unpack_from(payload, _HEAD.size)
    _refuse_negative(task_id, sent_ns, took_ns)
    if merged > 1:
        raise ProtocolError("merge message makes no sense")
    return MergeMessage(task_id, sent_ns, took_ns, bool(merged))


_DECODERS: Final[dict[int, Callable[[bytes], Message]]] = {
    _SCI: _decode_sci,
    _TASK: _decode_task,
    _DONE: _decode_done,
    _ASK: _decode_ask,
    _PARAMS: _decode_params,
    _MERGE: _decode_merge,
}


def _pack_name(name: str) -> bytes:
    data = name.encode()
    if len(data) > 255:
        raise ValueError(f"name '{name[:20]}...' has {len(data)} bytes, more than 255")
    return bytes([len(data)]) + data


def _unpack_name(payload: bytes, at: int) -> tuple[str, int]:
    if at >= len(payload) or at + 1 + payload[at] > len(payload):
        raise ProtocolError("message is cut short in a name")
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode(), end


def _refuse_negative(*values: int) -> None:
    if min(values) < 0:
        raise ProtocolError("message holds a negative time or number")

"""What a simulation says and hears in ns3-gym's protocol, as bytes.

Which message it is, is a matter of turn: first the spaces and their acknowledgement, then a state
and an action in turn. Observations are a box of floats, actions a number.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.message import DecodeError

from cosim.errors import ProtocolError
from cosim.gym.ns3gym.schema import PACKAGE, message_classes
from cosim.gym.observation import Observation

_DISCRETE, _BOX = 1, 2  # SpaceType
_FLOAT = 3  # ElementType
_URL: Final = f"type.googleapis.com/{PACKAGE}."


def encode_spaces(pid: int, observation_size: int, highest: float, actions: int) -> bytes:
    """Say who one is, and what is observed (from 0 to `highest`) and decided."""
    message = _new("SimInitMsg", simulator_pid=pid)
    box = _new("BoxSpace", lowest=0.0, highest=highest, element_type=_FLOAT)
    box.shape.append(observation_size)
    _describe(message.observation_space, _BOX, "observation", box)
    _describe(message.action_space, _DISCRETE, "stop", _new("DiscreteSpace", size=actions))
    return _bytes(message)


def encode_state(observation: Observation, reward: float, info: str, *, is_over: bool) -> bytes:
    """Tell a state, and whether it is the last one, for the simulation has ended."""
    message = _new("EnvStateMsg", reward=reward, is_over=is_over, info=info)
    box = _new("BoxDataContainer", element_type=_FLOAT)
    box.shape.append(observation.size)
    box.floats.extend(observation.tolist())
    message.observation.kind = _BOX
    message.observation.label = "observation"
    _put(message.observation.content, box)
    return _bytes(message)


def decode_acknowledgement(data: bytes) -> bool:
    """Whether the simulation is to go on.

    Raises
    ------
    ProtocolError
        When it is no acknowledgement.
    """
    message = _parsed("SimInitAck", data)
    if not message.is_done and not message.shall_stop:
        raise ProtocolError("the agent did not acknowledge the spaces")
    return not message.shall_stop


def decode_action(data: bytes) -> int | None:
    """The action, or None when the simulation is to end.

    A number, or (which some agents make of it) a box with one number.

    Raises
    ------
    ProtocolError
        When it is neither.
    """
    message = _parsed("EnvActMsg", data)
    if message.shall_stop:
        return None
    content = message.action.content
    kind = content.type_url.removeprefix(_URL)
    if kind == "DiscreteDataContainer":
        return int(_parsed(kind, content.value).value)
    if kind == "BoxDataContainer":
        box = _parsed(kind, content.value)
        numbers = [*box.ints, *box.uints, *box.floats, *box.doubles]
        if len(numbers) == 1 and float(numbers[0]).is_integer():
            return int(numbers[0])
    raise ProtocolError(f"the agent's action is no whole number, but '{content.type_url}'")


def _new(name: str, **fields: Any) -> Any:
    return message_classes()[name](**fields)


def _parsed(name: str, data: bytes) -> Any:
    try:
        return message_classes()[name].FromString(data)
    except DecodeError as error:
        raise ProtocolError(f"the agent sent what is no {name}: {error}") from error


def _describe(target: Any, kind: int, label: str, space: Any) -> None:
    target.kind = kind
    target.label = label
    _put(target.details, space)


def _put(target: Any, message: Any) -> None:
    target.type_url = f"type.googleapis.com/{message.DESCRIPTOR.full_name}"
    target.value = message.SerializeToString(deterministic=True)


def _bytes(message: Any) -> bytes:
    data: bytes = message.SerializeToString(deterministic=True)
    return data

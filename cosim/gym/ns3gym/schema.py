"""The message classes of ``wire.proto``, made when they are needed.

Made from the file itself, and not from generated code: generated code binds to one major version of
protobuf. In a pool of their own, so that a program may import the ns3gym package as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

PACKAGE: Final = "ns3opengym"
_BLOCK: Final = re.compile(r"^(message|enum) (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"^  (repeated )?([\w.]+) (\w+) = (\d+);$", re.MULTILINE)
_VALUE: Final = re.compile(r"^  (\w+) = (\d+);$", re.MULTILINE)
_Field = descriptor_pb2.FieldDescriptorProto


@cache
def message_classes() -> Mapping[str, Any]:
    """The classes by the name of their message."""
    text = (resources.files(__package__) / "wire.proto").read_text(encoding="utf-8")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(_file_descriptor(text).SerializeToString())
    names = [name for kind, name, _ in _BLOCK.findall(text) if kind == "message"]
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in names
    }


def _file_descriptor(text: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="cosim/wire.proto",
        package=PACKAGE,
        syntax="proto3",
        dependency=["google/protobuf/any.proto"],
    )
    blocks = _BLOCK.findall(text)
    enums = {name for kind, name, _ in blocks if kind == "enum"}
    for kind, name, body in blocks:
        if kind == "enum":
            enum = file.enum_type.add(name=name)
            for value, number in _VALUE.findall(body):
                enum.value.add(name=value, number=int(number))
        else:
            message = file.message_type.add(name=name)
            for repeated, type_name, field, number in _FIELD.findall(body):
                label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
                added = message.field.add(name=field, number=int(number), label=label)
                _set_type(added, type_name, enums)
    return file


def _set_type(field: Any, name: str, enums: set[str]) -> None:
    if name in enums:
        field.type, field.type_name = _Field.TYPE_ENUM, f".{PACKAGE}.{name}"
    elif "." in name:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{name}"
    elif name[0].isupper():
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{name}"
    else:
        field.type = _Field.Type.Value(f"TYPE_{name.upper()}")

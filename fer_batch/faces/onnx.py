"""The few parts of an ONNX file that describe a small convolutional network.

ONNX is Protocol Buffers; reading five of its messages takes fewer lines than the library takes
megabytes. Field numbers are those of ``onnx.proto3``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Wire types.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
KINDS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 7: np.dtype("<i8")}  # TensorProto.DataType


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: names of tensors in and out, and its attributes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(slots=True)
class Graph:
    """Operations in an order in which they can be done, and the constants among their inputs."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def read_graph(data: bytes) -> Graph:
    """Read the graph of an ONNX model.

    Raises:
        ValueError: it is not one, or holds what this reader does not know.
    """
    graph = Graph()
    try:
        for number, value in _fields(data):
            if number == 7:  # ModelProto.graph
                _read(value, graph)
    # A number where a message should be, or a list of numbers that is cut off.
    except (TypeError, OverflowError, IndexError) as error:
        raise ValueError("is damaged") from error
    if not graph.nodes:
        raise ValueError("holds no network")
    return graph


def _read(data: Any, graph: Graph) -> None:
    for number, value in _fields(data):
        if number == 1:
            graph.nodes.append(_node(value))
        elif number == 5:
            name, constant = _tensor(value)
            graph.constants[name] = constant
        elif number == 12:
            graph.outputs.append(_text(dict(_fields(value)).get(1, b"")))


def _node(data: bytes) -> Node:
    inputs, outputs, attributes, kind = [], [], {}, ""
    for number, value in _fields(data):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            kind = _text(value)
        elif number == 5:
            name, found = _attribute(value)
            attributes[name] = found
    return Node(kind, tuple(inputs), tuple(outputs), attributes)


def _attribute(data: bytes) -> tuple[str, Any]:
    name, value = "", None
    several: list[int] = []
    for number, content in _fields(data):
        if number == 1:
            name = _text(content)
        elif number == 3:
            value = content
        elif number == 4:
            value = _text(content)
        elif number == 8:
            several += _integers(content)
    return name, several or value


def _tensor(data: bytes) -> tuple[str, np.ndarray]:
    shape: list[int] = []
    kind, name, raw = 0, "", b""
    for number, value in _fields(data):
        if number == 1:
            shape += _integers(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = bytes(value)
    if kind not in KINDS:
        raise ValueError(f"tensor {name!r} is of kind {kind}")
    values: np.ndarray = np.frombuffer(raw, dtype=KINDS[kind])
    return name, values.reshape(shape)


def _integers(value: Any) -> list[int]:
    """A repeated integer field, packed or not."""
    if isinstance(value, int):
        return [value]
    found, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(number)
    return found


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a message; messages, texts and arrays as bytes."""
    view, place = memoryview(data), 0
    try:
        while place < len(view):
            key, place = _varint(view, place)
            number, wire = key >> 3, key & 7
            if wire == VARINT:
                value, place = _varint(view, place)
                yield number, value
            elif wire == BYTES:
                length, place = _varint(view, place)
                if place + length > len(view):
                    raise ValueError("is cut off")
                yield number, view[place : place + length]
                place += length
            elif wire in (FIXED32, FIXED64):
                size = 4 if wire == FIXED32 else 8
                yield number, struct.unpack_from("<f" if size == 4 else "<d", view, place)[0]
                place += size
            else:
                raise ValueError(f"field {number} is of wire type {wire}")
    except (IndexError, struct.error) as error:
        raise ValueError("is cut off") from error


def _varint(view: Any, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = view[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
        if shift > 63:
            raise ValueError("holds a number that is too long")

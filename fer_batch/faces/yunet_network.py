"""YuNet's network, operation by operation out of its ONNX file, for any runtime that can do five
of them."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import numpy as np

from fer_batch.faces.candidates import STRIDES
from fer_batch.faces.onnx import Graph, Node
from fer_batch.types import FloatArray

TIMES = 32
"""Sides of the input are multiples of it, filled up with black."""
HEADS = ("cls", "obj", "bbox", "kps")

T = TypeVar("T")


class Operations(Protocol[T]):
    """What a runtime does with its tensors ``[n, height, width, channels]``."""

    def convolve(
        self, tensor: T, weights: FloatArray, bias: FloatArray, stride: int, relu: bool, pad: bool
    ) -> T:
        """``weights float32[out, height, width, in]``; ``pad``: keep the size (at stride 1)."""
        ...

    def convolve_each(self, tensor: T, weights: FloatArray, bias: FloatArray, relu: bool) -> T:
        """Each channel by itself, keeping the size; ``weights float32[1, h, w, channels]``."""
        ...

    def pool(self, tensor: T, size: int) -> T:
        """The largest of ``size`` x ``size`` pixels."""
        ...

    def enlarge(self, tensor: T, times: int) -> T:
        """Each pixel as ``times`` x ``times`` pixels."""
        ...

    def add(self, first: T, second: T) -> T: ...


def maps(graph: Graph, ops: Operations[T], picture: T) -> list[T]:
    """The three maps that ``candidates`` reads, from ``picture [n, height + 1, width + 1, 3]``: BGR
    from 0 to 255 with a row and a column of zeros before it, sides multiples of ``TIMES``.

    Raises:
        ValueError: the graph is not YuNet's.
    """
    try:
        walk = _Walk(graph, ops, picture)
        return [walk.head(stride) for stride in STRIDES]
    except (KeyError, IndexError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"is not YuNet's network ({error})") from error


class _Walk(Generic[T]):
    """Goes from the outputs back to the input and does each operation once."""

    def __init__(self, graph: Graph, ops: Operations[T], picture: T) -> None:
        self._constants = graph.constants
        self._makers = {name: node for node in graph.nodes for name in node.outputs}
        self._ops = ops
        self._made: dict[str, T] = {"input": picture}

    def head(self, stride: int) -> T:
        """The four heads of a stride as one: sixteen channels cost as much as one."""
        pairs = []
        for head in HEADS:
            node = self._makers[f"{head}_{stride}"]
            while node.kind in ("Sigmoid", "Reshape", "Transpose"):
                node = self._makers[node.inputs[0]]
            pairs.append((self._makers[node.inputs[0]], node))
        if len({point.inputs[0] for point, _ in pairs}) != 1:
            raise ValueError("is not YuNet's network (heads)")
        points = [self._weights(point) for point, _ in pairs]
        each = [self._weights(node) for _, node in pairs]
        feature = self._tensor(pairs[0][0].inputs[0])
        weights = np.concatenate([w for w, _ in points])
        bias = np.concatenate([b for _, b in points])
        mixed = self._ops.convolve(feature, weights, bias, stride=1, relu=False, pad=True)
        weights = np.concatenate([w for w, _ in each]).transpose(3, 1, 2, 0)
        bias = np.concatenate([b for _, b in each])
        return self._ops.convolve_each(mixed, weights, bias, relu=False)

    def _weights(self, node: Node) -> tuple[FloatArray, FloatArray]:
        """``float32[out, h, w, in]`` and ``float32[out]``."""
        weights = self._constants[node.inputs[1]].transpose(0, 2, 3, 1)
        return np.ascontiguousarray(weights, np.float32), self._constants[node.inputs[2]]

    def _tensor(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> T:
        node = self._makers[name]
        relu = node.kind == "Relu"
        if relu:
            node = self._makers[node.inputs[0]]
        if node.kind == "Conv":
            return self._convolution(node, relu)
        source = self._tensor(node.inputs[0])
        if node.kind == "MaxPool" and node.attributes["kernel_shape"] == [2, 2]:
            return self._ops.pool(source, 2)
        if node.kind == "Resize" and node.attributes["mode"] == "nearest":
            return self._ops.enlarge(source, 2)
        if node.kind == "Add":
            return self._ops.add(source, self._tensor(node.inputs[1]))
        raise ValueError(f"is not YuNet's network ({node.kind})")

    def _convolution(self, node: Node, relu: bool) -> T:
        weights, bias = self._weights(node)
        source = self._tensor(node.inputs[0])
        stride = node.attributes["strides"][0]
        if node.attributes["group"] == 1:
            first = node.inputs[0] == "input"
            if (stride == 2) != first or node.attributes["pads"][0] != weights.shape[1] // 2:
                raise ValueError("is not YuNet's network (strides)")
            return self._ops.convolve(source, weights, bias, stride, relu, pad=not first)
        return self._ops.convolve_each(source, weights.transpose(3, 1, 2, 0), bias, relu)

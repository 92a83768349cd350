"""YuNet's network on LiteRT: OpenCV's weights, half of OpenCV's time."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from fer_batch.faces.candidates import STRIDES, faces
from fer_batch.faces.onnx import Graph, Node, read_graph
from fer_batch.faces.tflite import ModelWriter
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray, Image
from fer_batch.version import library

TIMES = 32  # sides of the input are multiples of it, filled up with black
HEADS = ("cls", "obj", "bbox", "kps")
MOST_PIXELS = 4_000_000  # of all sizes that are kept ready


class LiteRtYuNet:
    """Finds faces in small BGR pictures; not for two threads at once."""

    runtime = f"litert {library('ai-edge-litert')}"

    def __init__(self, weights: Path, min_confidence: float) -> None:
        """Read the weights.

        Raises:
            ValueError, RuntimeError: the file holds another network.
            ImportError: LiteRT is not there for this machine.
        """
        from ai_edge_litert import interpreter as _  # noqa: F401

        self._graph = read_graph(weights.read_bytes())
        self._min_confidence = min_confidence
        self._ready: OrderedDict[tuple[int, int], _Runner] = OrderedDict()
        self._runner(TIMES, TIMES)

    def find(self, picture: Image) -> FloatArray:
        """Faces in ``uint8[h, w, 3]`` BGR; see ``candidates.faces``."""
        height, width = (-(-side // TIMES) * TIMES for side in picture.shape[:2])
        return faces(self._runner(height, width).maps(picture), self._min_confidence)

    def _runner(self, height: int, width: int) -> _Runner:
        """The interpreter for that size; those used longest ago are given up."""
        size = (height, width)
        if size not in self._ready:
            while self._ready and sum(h * w for h, w in self._ready) + height * width > MOST_PIXELS:
                self._ready.popitem(last=False)
            self._ready[size] = _Runner(build(self._graph, *size))
        self._ready.move_to_end(size)
        return self._ready[size]


class _Runner:
    """One interpreter of one thread, for one size."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with quiet_stderr():
            self._interpreter: Any = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [d["index"] for d in self._interpreter.get_output_details()]
        self._filled = (0, 0)  # the size of the picture that the input holds

    def maps(self, picture: Image) -> list[FloatArray]:
        height, width = picture.shape[:2]
        area = self._interpreter.tensor(self._input)()[0]
        if self._filled != (height, width):
            area.fill(0)
            self._filled = (height, width)
        area[1 : height + 1, 1 : width + 1] = picture  # after the zeros of the first convolution
        del area  # LiteRT refuses to run while somebody holds its memory
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index)[0] for index in self._outputs]


def build(graph: Graph, height: int, width: int) -> bytes:
    """The network for inputs of that size as a TensorFlow Lite model with three outputs, the maps
    that ``candidates`` reads; its input has a row and a column of zeros before the picture.

    Raises:
        ValueError: the graph is not YuNet's.
    """
    try:
        return _Builder(graph, height, width).model()
    except (KeyError, IndexError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"is not YuNet's network ({error})") from error


class _Builder:
    """Goes from the outputs back to the input and adds each operation once."""

    def __init__(self, graph: Graph, height: int, width: int) -> None:
        self._constants = graph.constants
        self._makers = {name: node for node in graph.nodes for name in node.outputs}
        self._model = ModelWriter()
        self._input = self._model.input(height + 1, width + 1, 3)
        self._made: dict[str, int] = {}

    def model(self) -> bytes:
        return self._model.model([self._map(stride) for stride in STRIDES])

    def _map(self, stride: int) -> int:
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
        mixed = self._model.convolve(feature, weights, bias, stride=1, relu=False, pad=True)
        weights = np.concatenate([w for w, _ in each]).transpose(3, 1, 2, 0)
        bias = np.concatenate([b for _, b in each])
        return self._model.convolve_each(mixed, weights, bias, relu=False)

    def _weights(self, node: Node) -> tuple[FloatArray, FloatArray]:
        """``float32[out, h, w, in]`` and ``float32[out]``."""
        weights = self._constants[node.inputs[1]].transpose(0, 2, 3, 1)
        return np.ascontiguousarray(weights, np.float32), self._constants[node.inputs[2]]

    def _tensor(self, name: str) -> int:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> int:
        if name == "input":
            return self._input
        node = self._makers[name]
        relu = node.kind == "Relu"
        if relu:
            node = self._makers[node.inputs[0]]
        if node.kind == "Conv":
            return self._convolution(node, relu)
        source = self._tensor(node.inputs[0])
        if node.kind == "MaxPool" and node.attributes["kernel_shape"] == [2, 2]:
            return self._model.pool(source, 2)
        if node.kind == "Resize" and node.attributes["mode"] == "nearest":
            return self._model.enlarge(source, 2)
        if node.kind == "Add":
            return self._model.add(source, self._tensor(node.inputs[1]))
        raise ValueError(f"is not YuNet's network ({node.kind})")

    def _convolution(self, node: Node, relu: bool) -> int:
        weights, bias = self._weights(node)
        source = self._tensor(node.inputs[0])
        stride = node.attributes["strides"][0]
        if node.attributes["group"] == 1:
            first = source == self._input
            if (stride == 2) != first or node.attributes["pads"][0] != weights.shape[1] // 2:
                raise ValueError("is not YuNet's network (strides)")
            return self._model.convolve(source, weights, bias, stride, relu, pad=not first)
        return self._model.convolve_each(source, weights.transpose(3, 1, 2, 0), bias, relu)

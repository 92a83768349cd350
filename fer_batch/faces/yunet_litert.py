"""YuNet's network on LiteRT: OpenCV's weights, half of OpenCV's time."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from fer_batch.faces.candidates import faces
from fer_batch.faces.onnx import Graph, read_graph
from fer_batch.faces.tflite import ModelWriter
from fer_batch.faces.yunet_network import TIMES, maps
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray, Image
from fer_batch.version import library

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

    @property
    def pixels_ready(self) -> int:
        """Of all sizes that an interpreter is kept for."""
        return sum(height * width for height, width in self._ready)

    def _runner(self, height: int, width: int) -> _Runner:
        """The interpreter for that size; those used longest ago are given up."""
        size = (height, width)
        if size not in self._ready:
            while self._ready and self.pixels_ready + height * width > MOST_PIXELS:
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
    model = ModelWriter()
    picture = model.input(height + 1, width + 1, 3)
    return model.model(maps(graph, model, picture))

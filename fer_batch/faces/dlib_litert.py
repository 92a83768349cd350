"""dlib's network on LiteRT: the default on CPUs, 1.5 ms a face on one core."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_batch.faces.dlib_network import SIDE, embed
from fer_batch.faces.dlib_weights import LENGTH, Weights
from fer_batch.faces.tflite import ModelWriter
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray, Image


class LiteRtRecogniser:
    """A ``Recogniser`` that takes one picture at a time; not for two threads at once."""

    name = "dlib"
    runtime = "litert"

    def __init__(self, weights: Weights, sha256: str) -> None:
        """Build the network.

        Raises:
            ValueError, RuntimeError: LiteRT cannot run it.
        """
        from ai_edge_litert.interpreter import Interpreter

        self.sha256 = sha256
        writer = ModelWriter()
        out = embed(writer, writer.input(SIDE, SIDE, 3), weights)
        with quiet_stderr():
            self._interpreter: Any = Interpreter(model_content=writer.model([out]), num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def embed(self, chips: Image) -> FloatArray:
        """See ``Recogniser.embed``."""
        found = np.empty((len(chips), LENGTH), np.float32)
        for place, chip in enumerate(chips):
            self._interpreter.set_tensor(self._input, chip[None].astype(np.float32))
            self._interpreter.invoke()
            found[place] = self._interpreter.get_tensor(self._output).reshape(-1)
        return found

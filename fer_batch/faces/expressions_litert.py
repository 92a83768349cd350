"""The recogniser's expression head on LiteRT: 1.4 ms a face on one core."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_batch.faces.dlib_network import SIDE
from fer_batch.faces.dlib_weights import Weights
from fer_batch.faces.expression_head import ExpressionHead, enlarged, logits
from fer_batch.faces.tflite import ModelWriter
from fer_batch.idle import Idle
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray, Image


class LiteRtExpressions:
    """Logits of expressions for crops; may be called from several threads, ``concurrency`` of which
    work at once."""

    def __init__(self, weights: Weights, head: ExpressionHead, concurrency: int) -> None:
        """Build the network.

        Raises:
            ValueError, RuntimeError: LiteRT cannot run it.
        """
        writer = ModelWriter()
        out = logits(writer, writer.input(SIDE, SIDE, 3), weights, head)
        self._model, self._outputs = writer.model([out]), len(head.last)
        self._interpreters = Idle(self._interpreter, concurrency)

    def _interpreter(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        with quiet_stderr():
            made: Any = Interpreter(model_content=self._model, num_threads=1)
            made.allocate_tensors()
        return made

    def logits(self, crops: Image, count: int = 0) -> FloatArray:
        """``uint8[n, 48, 48]`` grey crops to ``float32[n, outputs]``, one after another, whatever
        ``count`` is."""
        found = np.empty((len(crops), self._outputs), np.float32)
        with self._interpreters.taken() as interpreter:
            into = interpreter.get_input_details()[0]["index"]
            out = interpreter.get_output_details()[0]["index"]
            for place, crop in enumerate(crops):
                grey = enlarged(crop)[None, ..., None]
                interpreter.set_tensor(into, np.repeat(grey, 3, axis=3))
                interpreter.invoke()
                found[place] = interpreter.get_tensor(out).reshape(-1)
        return found

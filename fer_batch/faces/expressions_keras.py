"""The recogniser's expression head on Keras: the way onto GPUs."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from fer_batch.faces.dlib_keras import KerasLayers, enlarged_on_keras
from fer_batch.faces.dlib_weights import Weights
from fer_batch.faces.expression_head import CROP, ExpressionHead, logits
from fer_batch.types import FloatArray, Image


class KerasExpressions:
    """Logits of expressions for crops; a lock makes it safe to share among threads."""

    def __init__(self, weights: Weights, head: ExpressionHead, device: str = "cpu:0") -> None:
        import keras

        self._device = device
        with keras.device(device):
            grey = keras.Input((CROP, CROP, 1), dtype="uint8", name="crops")
            out = logits(KerasLayers(), enlarged_on_keras(grey), weights, head)
            self._model: Any = keras.Model(grey, out, name="expressions")
        self._model.compile(jit_compile=False)
        self._lock = threading.Lock()

    def logits(self, crops: Image, count: int) -> FloatArray:
        """``uint8[n, 48, 48]`` grey crops to ``float32[n, outputs]``; at most ``count`` of them,
        and so many are computed: another shape would be compiled anew."""
        import keras

        whole = np.zeros((count, CROP, CROP, 1), np.uint8)
        whole[: len(crops), :, :, 0] = crops
        with self._lock, keras.device(self._device):
            answer = np.asarray(self._model.predict_on_batch(whole), np.float32)
        return answer.reshape(count, -1)[: len(crops)]

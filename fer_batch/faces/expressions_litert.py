"""The recogniser's expression head on LiteRT: 1.3 ms a face on one core."""

from __future__ import annotations

from fer_batch.faces.dlib_network import SIDE
from fer_batch.faces.dlib_weights import Weights
from fer_batch.faces.expression_head import ExpressionHead, enlarge, logits
from fer_batch.faces.litert_network import LiteRtNetwork
from fer_batch.faces.tflite import ModelWriter
from fer_batch.idle import Idle
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
        out = logits(writer, writer.input(SIDE, SIDE, 1), weights.grey(), head)
        model = writer.model([out])
        self._networks = Idle(lambda: LiteRtNetwork(model), concurrency)

    def logits(self, crops: Image, count: int = 0) -> FloatArray:
        """``uint8[n, 48, 48]`` grey crops to ``float32[n, outputs]``, a few at once, whatever
        ``count`` is."""
        with self._networks.taken() as network:
            return network.answers(crops, lambda crop, picture: enlarge(crop, picture[..., 0]))

"""dlib's network on LiteRT: the default on CPUs, 1.4 ms a face on one core."""

from __future__ import annotations

import numpy as np

from fer_batch.faces.dlib_network import SIDE, embed
from fer_batch.faces.dlib_weights import Weights
from fer_batch.faces.litert_network import LiteRtNetwork
from fer_batch.faces.tflite import ModelWriter
from fer_batch.types import FloatArray, Image


class LiteRtRecogniser:
    """A ``Recogniser`` that takes a few pictures at a time; not for two threads at once."""

    name = "dlib"
    runtime = "litert"

    def __init__(self, weights: Weights, sha256: str) -> None:
        """Build the network.

        Raises:
            ValueError, RuntimeError: LiteRT cannot run it.
        """
        self.sha256 = sha256
        writer = ModelWriter()
        out = embed(writer, writer.input(SIDE, SIDE, 3), weights)
        self._network = LiteRtNetwork(writer.model([out]))

    def embed(self, chips: Image) -> FloatArray:
        """See ``Recogniser.embed``."""
        return self._network.answers(chips, lambda chip, picture: np.copyto(picture, chip))

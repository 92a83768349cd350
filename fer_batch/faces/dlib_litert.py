"""dlib's network on LiteRT: the default on CPUs, 1.4 ms a face on one core."""

from __future__ import annotations

import numpy as np

from fer_batch.faces.dlib_network import SIDE, embed
from fer_batch.faces.dlib_weights import LENGTH, Weights
from fer_batch.faces.litert_network import AT_ONCE, LiteRtNetwork
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
        found = np.empty((len(chips), LENGTH), np.float32)
        for start in range(0, len(chips), AT_ONCE):
            few = chips[start : start + AT_ONCE]

            def fill(pictures: FloatArray, few: Image = few) -> None:
                pictures[...] = few

            found[start : start + len(few)] = self._network.run(len(few), fill)
        return found

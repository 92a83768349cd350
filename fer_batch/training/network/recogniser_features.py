"""Inner features of the network that recognises people, for heads that learn on them.

It comes with fer-batch, so a teacher on its features needs nothing more. They are computed as they
are where the second network is asked: by LiteRT.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fer_batch.cores import usable_cores
from fer_batch.faces.dlib_network import SIDE
from fer_batch.faces.expression_head import enlarge, features
from fer_batch.faces.litert_network import LiteRtNetwork
from fer_batch.faces.recogniser import recogniser_weights
from fer_batch.faces.tflite import ModelWriter
from fer_batch.idle import Idle
from fer_batch.types import FloatArray, Image

CHUNK = 64


class RecogniserFeatures:
    """See ``frozen.Features``; 18,976 numbers a face."""

    name = "recogniser"

    def __init__(self) -> None:
        """Build the network.

        Raises:
            ModelFileError: its weights are missing or damaged.
        """
        writer = ModelWriter()
        weights = recogniser_weights().grey()
        means = features(writer, writer.input(SIDE, SIDE, 1), weights)
        model = writer.model(list(means.values()))
        self._networks = Idle(lambda: LiteRtNetwork(model), usable_cores())

    def __call__(self, images: Image) -> FloatArray:
        """``float32[n, 18976]`` of ``images uint8[n, 48, 48]``: by stage as ``features`` says, the
        parts of each row by row."""
        parts = [images[first : first + CHUNK] for first in range(0, len(images), CHUNK)]
        with ThreadPoolExecutor(usable_cores()) as pool:
            return np.concatenate([self._of(images[:0]), *pool.map(self._of, parts)])

    def _of(self, images: Image) -> FloatArray:
        with self._networks.taken() as network:
            return network.answers(images, lambda crop, picture: enlarge(crop, picture[..., 0]))

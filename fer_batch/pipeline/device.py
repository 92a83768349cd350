"""Frames on a device: sent there once in batches, searched, their faces cropped and classified.

The only place that joins YuNet's graph, the sampling of crops and the classifier. Every size of
picture has its own graphs, of fixed shapes; sides are filled up to multiples of 32, so that few
sizes are compiled. What is compiled is kept for the sizes used last.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fer_batch.emotion.keras_runtime import KerasClassifier
from fer_batch.faces import crop_keras
from fer_batch.faces.align import reduction, similarity
from fer_batch.faces.candidates import without_doubles
from fer_batch.faces.search_keras import (
    NO_COLOUR,
    Size,
    fill,
    filled,
    search_graph,
)
from fer_batch.faces.sharpen import fineness
from fer_batch.faces.yunet import YuNet, placed, small_i420
from fer_batch.faces.yunet_keras import KerasYuNet
from fer_batch.pipeline.at_once import AtOnce
from fer_batch.types import Detections, FloatArray, Frame, Image

MOST_FRAMES = 32
# Luma of a batch; as 32-bit numbers, and again while faces are cropped, it takes nine times that.
MOST_PIXELS = 64 << 20
GRAPHS_KEPT = 24
# Large faces are cropped from a copy of the whole picture each.
LARGE_SHARE = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """Frames that were searched: their luma on the device, filled up, and their faces."""

    frames: Sequence[Frame]
    luma: Any
    found: list[Detections]


@dataclass(frozen=True, slots=True)
class _Sampling:
    """How one face is cropped: ``crop_keras.sampling``, and left, top and factor of its region."""

    face: FloatArray
    region: FloatArray

    @property
    def large(self) -> bool:
        return bool(self.region[2] > 1)


class Device:
    """YuNet and a classifier on the device of Keras that the classifier is on.

    Safe to share among threads; one works on the device at a time.
    """

    def __init__(
        self,
        detector: YuNet,
        classifier: KerasClassifier,
        frames: int = 0,
        precision: str = "float32",
    ) -> None:
        """``frames`` at once, 0 for as many as suit their size; ``precision``: see
        ``RunSettings``.

        Raises:
            ModelFileError: the detector's weights are not YuNet's.
        """
        import keras

        self._frames, self._detector, self.card = frames, detector, classifier.card
        self.name, self.build = classifier.device, classifier.build
        with keras.device(self.name):
            self._yunet = KerasYuNet(detector.weights)
        # The search keeps 32 bits: with 16 landmarks moved by up to six pixels.
        dtype = "float32" if precision == "float32" else f"mixed_{precision}"
        self._network = classifier.network(dtype)
        self._template = np.array(self.card.template, np.float32)
        self._at_once: dict[Size, AtOnce] = {}
        self._faces = AtOnce(classifier.batch_size, "faces")
        self._large = AtOnce(max(1, classifier.batch_size // LARGE_SHARE), "large faces")
        self._graphs: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def at_once(self, size: Size) -> AtOnce:
        """How many pictures of ``size`` (rows, columns) are sent at once."""
        whole = filled(size)
        if whole not in self._at_once:
            room = max(1, MOST_PIXELS // (whole[0] * whole[1]))
            most = self._frames or min(MOST_FRAMES, 1 << (room.bit_length() - 1))
            self._at_once[whole] = AtOnce(most, f"frames of {size[1]} x {size[0]} pixels")
        return self._at_once[whole]

    def search(self, frames: Sequence[Frame], count: int) -> Sent:
        """Send ``frames``, all of one size, at most ``count``, and find their faces.

        Whatever the backend raises where memory does not suffice comes through.
        """
        picture, size = frames[0].luma.shape, self._detector.size_for(frames[0])
        whole, small = filled(picture), filled((size[1], size[0]))
        luma = np.zeros((count, *whole), np.uint8)
        small_luma = np.zeros((count, *small), np.uint8)
        chroma = np.full((count, 2, small[0] // 2, small[1] // 2), NO_COLOUR, np.uint8)
        for place, frame in enumerate(frames):
            assert frame.image is not None
            luma[place, : picture[0], : picture[1]] = frame.luma
            fill(small_i420(frame.image, *size), small_luma[place], chroma[place])
        key = ("search", count, small)
        rows = self._run(key, lambda: search_graph(self._yunet, count, small), small_luma, chroma)
        found = [
            self._faces_of(each, frame, size)
            for each, frame in zip(np.asarray(rows), frames, strict=False)  # the rest fills it up
        ]
        return Sent(frames, self._to_device(luma), found)

    def _faces_of(self, rows: FloatArray, frame: Frame, size: tuple[int, int]) -> Detections:
        least = self._detector.min_confidence
        kept = without_doubles(rows[rows[:, 14] >= least], least)
        return placed(kept, frame, size, self._detector.min_face)

    def classify(self, sent: Sent, found: Sequence[Detections]) -> tuple[Image, FloatArray]:
        """Crops ``uint8[n, s, s]`` in full range and probabilities ``float32[n, labels]`` of the
        faces of all frames sent, in their order.

        Raises:
            DeviceError: the device's memory does not hold a single face.
        """
        samplings = [
            self._sampling(place, frame, landmarks, fine)
            for place, (frame, faces) in enumerate(zip(sent.frames, found, strict=True))
            for landmarks, fine in zip(faces.landmarks, self.fineness(faces), strict=True)
        ]
        side, labels = self.card.input_size, len(self.card.labels)
        crops = np.empty((len(samplings), side, side), np.uint8)
        probabilities = np.empty((len(samplings), labels), np.float32)
        for large, at_once in ((False, self._faces), (True, self._large)):
            rows = [i for i, each in enumerate(samplings) if each.large == large]
            place = 0
            read = partial(self._read, sent, large)
            for some, said in at_once.run([samplings[i] for i in rows], read):
                here = rows[place : place + len(said)]
                crops[here], probabilities[here] = some, said
                place += len(here)
        return crops, probabilities

    def fineness(self, faces: Detections) -> FloatArray:
        """See ``sharpen.fineness``."""
        return fineness(faces, self._template, self.card.input_size)

    def _sampling(self, place: int, frame: Frame, landmarks: FloatArray, fine: float) -> _Sampling:
        transform = similarity(landmarks, self._template)
        region = reduction(frame.luma.shape, transform, self.card.input_size)
        face = crop_keras.sampling(place, region, frame.full_range, fine)
        return _Sampling(face, np.array([region.left, region.top, region.factor], np.float32))

    def _read(
        self, sent: Sent, large: bool, part: Sequence[_Sampling], count: int
    ) -> tuple[Image, FloatArray]:
        """Crops and probabilities of at most ``count`` faces."""
        wanted = [*part, *[part[0]] * (count - len(part))]
        given = [np.stack([each.face for each in wanted])]
        if large:
            given.append(np.stack([each.region for each in wanted]))

        def make() -> Any:
            return self._crop_graph(tuple(sent.luma.shape), count, large)

        key = ("faces", count, tuple(sent.luma.shape), large)
        crops, probabilities = self._run(key, make, sent.luma, *given)
        return np.asarray(crops[: len(part)]), np.asarray(probabilities[: len(part)], np.float32)

    def _crop_graph(self, shape: tuple[int, ...], count: int, large: bool) -> Any:
        """A Keras model from luma and samplings to crops and probabilities."""
        import keras

        side = self.card.input_size
        luma = keras.Input(batch_shape=shape, dtype="uint8", name="luma")
        faces = keras.Input(batch_shape=(count, 11), dtype="float32", name="faces")
        region = keras.Input(batch_shape=(count, 3), dtype="float32", name="region")
        if large:
            inputs = [luma, faces, region]
            crops = crop_keras.sampled_large(luma, faces, region, side)
        else:
            inputs, crops = [luma, faces], crop_keras.sampled(luma, faces, side)
        card = self.card
        sharp = crop_keras.sharpened(crops, card.sharpen, card.sharpness, faces[:, 10])
        said = self._network(keras.ops.cast(sharp, "uint8")[..., None])
        outputs = [keras.ops.cast(crops, "uint8"), keras.ops.cast(said, "float32")]
        return keras.Model(inputs, outputs, name="read")

    def _to_device(self, array: Image) -> Any:
        import keras

        with self._lock, keras.device(self.name):
            return keras.ops.convert_to_tensor(array)

    def _run(self, key: tuple[object, ...], make: Callable[[], Any], *given: Any) -> Any:
        """What a graph says, as NumPy arrays; ``make`` makes it where none is kept for ``key``."""
        import keras

        with self._lock, keras.device(self.name):
            if key not in self._graphs:
                self._graphs[key] = make()
                self._graphs[key].compile(jit_compile=False)
                if len(self._graphs) > GRAPHS_KEPT:
                    self._graphs.popitem(last=False)
            self._graphs.move_to_end(key)
            return self._graphs[key].predict_on_batch(list(given))

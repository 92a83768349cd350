"""What the device's graphs do of search and crops equals what the host does."""

from __future__ import annotations

import pytest

from tests.faces.keras_backends import BACKENDS, run_on

PROGRAM = """
import cv2, keras, math
import numpy as np
from fer_batch.faces import align, crop_keras, search_keras, yunet
from fer_batch.faces.candidates import without_doubles
from fer_batch.faces.sharpen import fineness, sharpened
from fer_batch.faces.yunet_keras import KerasYuNet
from fer_batch.media.planes import from_bgr
from fer_batch.types import Detections, Frame
from tests.footage import pictures

# Search: pictures of one size against the detector of the host.
detector, network = yunet.YuNet(None, 0.6, 0), KerasYuNet(yunet.WEIGHTS)
for width, height in ((640, 360), (320, 180), (722, 404)):
    films = [*pictures.two_faces(50)[::20], pictures.numbered(3)]
    frames = [
        Frame(0, 0, from_bgr(pictures.cover(each, width, height)), width, height) for each in films
    ]
    size = detector.size_for(frames[0])
    small = search_keras.filled(size[::-1])
    graph = search_keras.search_graph(network, 5, small)
    luma = np.zeros((5, *small), np.uint8)
    chroma = np.full((5, 2, small[0] // 2, small[1] // 2), search_keras.NO_COLOUR, np.uint8)
    for place, frame in enumerate(frames):
        search_keras.fill(yunet.small_i420(frame.image, *size), luma[place], chroma[place])
    found = np.asarray(graph.predict_on_batch([luma, chroma]))
    assert (np.diff(found[..., 14], axis=1) <= 0).all()
    for frame, rows_ in zip(frames, found):
        one = yunet.placed(without_doubles(rows_[rows_[:, 14] >= 0.6], 0.6), frame, size)
        other = detector.detect(frame)
        assert len(one) == len(other), (width, len(one), len(other))
        if len(one):
            assert np.abs(one.box - other.box).max() < 0.01, np.abs(one.box - other.box).max()
            assert np.abs(one.landmarks - other.landmarks).max() < 0.01
            assert np.abs(one.confidence - other.confidence).max() < 1e-4
    assert found[len(frames):, :, 14].max() < 0.6, "what fills up a batch has no faces"

# Crops: of every size, turned, at the edge and beyond it.
rng, size = np.random.default_rng(5), 48
template = [[14.35, 17.45], [32.65, 17.45], [23.5, 27.11], [16.14, 36.05], [30.86, 36.05]]
template = np.array(template, np.float32)
height, width = 360, 640
noise = rng.integers(16, 236, (3, height, width), dtype=np.uint8)
shown = [cv2.GaussianBlur(each, (0, 0), 1.5) for each in noise]
no_colour = np.full((height // 2, width), 128, np.uint8)
luma = np.zeros((3, 384, 640), np.uint8)
luma[:, :height] = np.stack(shown)
for large in (False, True):
    faces, regions, wanted, fine = [], [], [], []
    while len(faces) < 16:
        scale = rng.uniform(2.2, 9) if large else rng.uniform(0.3, 1.9)
        angle, middle = rng.uniform(-1, 1), rng.uniform([0, 0], [width, height])
        c, s = scale * math.cos(angle), scale * math.sin(angle)
        turn = np.array([[c, -s], [s, c]])
        landmarks = ((template - 24) @ turn.T + middle).astype(np.float32)
        picture, full = int(rng.integers(3)), bool(len(faces) % 2)
        region = align.reduction((height, width), align.similarity(landmarks, template), size)
        if (region.factor > 1) != large:
            continue
        image = np.concatenate([shown[picture], no_colour])
        frame = Frame(0, 0, image, width, height, full)
        face = np.zeros((1, 4), np.float32), np.ones(1, np.float32), landmarks[None]
        wanted.append(align.crop_faces(frame, Detections(*face), template, size)[0])
        fine.append(fineness(Detections(*face), template, size)[0])
        assert abs(fine[-1] / scale - 1) < 1e-3
        faces.append(crop_keras.sampling(picture, region, full, fine[-1]))
        regions.append([region.left, region.top, region.factor])
    pictures_ = keras.Input(batch_shape=luma.shape, dtype="uint8")
    face = keras.Input(batch_shape=(16, 11))
    region = keras.Input(batch_shape=(16, 3))
    if large:
        crops = crop_keras.sampled_large(pictures_, face, region, size)
    else:
        crops = crop_keras.sampled(pictures_, face, size)
    outputs = [crops, crop_keras.sharpened(crops, 0.5, 0.3, face[:, 10])]
    inputs = [pictures_, face, region] if large else [pictures_, face]
    given = [luma, np.stack(faces), np.array(regions, np.float32)]
    crops, sharp = keras.Model(inputs, outputs).predict_on_batch(given[: len(inputs)])
    crops, sharp, wanted = np.asarray(crops), np.asarray(sharp), np.stack(wanted)
    assert (crops == np.round(crops)).all() and crops.min() >= 0 and crops.max() <= 255
    apart = np.abs(crops - wanted)
    assert apart.max() <= 3 and apart.mean() < 0.2, (large, apart.max(), apart.mean())
    apart = np.abs(sharp - sharpened(crops.astype(np.uint8), 0.5, 0.3, np.array(fine)))
    assert apart.max() <= 2 and apart.mean() < 0.1, (large, apart.max(), apart.mean())
print(keras.backend.backend(), "equal")
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_search_and_crops_equal_those_of_the_host(backend: str) -> None:
    assert run_on(backend, PROGRAM).split()[-2:] == [backend, "equal"]

"""dlib's recognition network: its file, the compact one, and the network on both runtimes."""

from __future__ import annotations

import hashlib
import struct
from functools import cache

import numpy as np
import pytest

from fer_batch.errors import ModelFileError
from fer_batch.faces import recogniser
from fer_batch.faces.chips import face_chip
from fer_batch.faces.detector import open_detector
from fer_batch.faces.dlib_weights import (
    COMPACT_SHA256,
    LENGTH,
    MEAN_RGB,
    SPREAD,
    STAGES,
    STEM,
    compact,
    expand,
    read,
    read_last,
)
from fer_batch.faces.recogniser import Recogniser, open_recogniser
from fer_batch.media.planes import from_bgr
from fer_batch.types import Frame, Image
from tests.faces.dlib_file import last_layer, written
from tests.footage.pictures import portraits


def whole(seed: int = 0) -> tuple[bytes, list[np.ndarray], np.ndarray]:
    """A file of dlib's network with random numbers, its kernels and its last layer."""
    rng = np.random.default_rng(seed)
    shapes, inputs = [(7, 7, 3, STEM)], STEM
    for channels, blocks in STAGES:
        for _ in range(2 * blocks):
            shapes.append((3, 3, inputs, channels))
            inputs = channels
    kernels = [rng.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    last = rng.normal(size=(inputs, LENGTH)).astype(np.float32)
    return written(kernels, rng)[0] + last_layer(last), kernels, last


def test_a_compact_file_holds_the_same_numbers_in_a_quarter_of_the_space() -> None:
    content, kernels, last = whole()
    small = compact(content)
    assert len(small) < 0.27 * len(content)
    found, layers = expand(small), read(content)
    assert [k.shape[0] for k, _ in found.convolutions] == [k.shape[-1] for k in kernels[1:]]
    for (kernel, bias), (exact, same) in zip(found.convolutions, layers[1:], strict=True):
        exact = exact.transpose(3, 0, 1, 2)
        step = np.abs(exact).max(axis=(1, 2, 3), keepdims=True) / 127
        assert (np.abs(kernel.whole() - exact) <= 0.501 * step).all()
        assert np.array_equal(bias, same)
    assert np.array_equal(found.last[:, 0, 0].T, last) and np.array_equal(read_last(content), last)
    assert compact(content) == small


def test_the_stem_takes_pictures_as_they_are() -> None:
    content, *_ = whole()
    (kernel, bias), picture = read(content)[0], np.random.default_rng(1).uniform(0, 255, (7, 7, 3))
    prepared = (picture - MEAN_RGB) / SPREAD
    expected = np.einsum("hwi,hwio->o", prepared, kernel) + bias
    own, offset = expand(compact(content)).stem
    np.testing.assert_allclose(np.einsum("hwi,ohwi->o", picture, own) + offset, expected, atol=1e-4)


def test_other_files_are_refused() -> None:
    content, *_ = whole()
    small, _ = written([np.ones((3, 3, 3, 4), np.float32)], np.random.default_rng(0))
    with pytest.raises(ValueError, match="not dlib's network"):
        compact(small + last_layer(np.ones((4, LENGTH), np.float32)))
    with pytest.raises(ValueError, match="compact"):
        expand(compact(content)[:-2])
    with pytest.raises(ValueError, match="last layer"):
        read_last(b"nothing of the kind" + struct.pack("<d", 1))


def test_the_shipped_weights_are_known_by_their_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert hashlib.sha256(recogniser.WEIGHTS.read_bytes()).hexdigest() == COMPACT_SHA256
    other = recogniser.WEIGHTS.parent / "LICENSE-uplot.txt"
    monkeypatch.setattr(recogniser, "WEIGHTS", other)
    with pytest.raises(ModelFileError, match="not the expected file"):
        open_recogniser()


@cache
def opened(runtime: str) -> Recogniser:
    return open_recogniser(runtime)


@cache
def chips() -> Image:
    """The astronaut, her mirror image, she in dim light, the admiral."""
    collins, hopper = (faces_of(picture)[0] for picture in portraits())
    dim = (collins * 0.7).astype(np.uint8)
    return np.stack([collins, collins[:, ::-1], dim, hopper])


def faces_of(picture: Image) -> Image:
    """Every face in a BGR picture, as the network knows them."""
    frame = Frame(0, 0, from_bgr(picture), picture.shape[1], picture.shape[0])
    found = open_detector("yunet").detect(frame)
    return np.stack([face_chip(frame, points) for points in found.landmarks])


@pytest.mark.parametrize("runtime", ["litert", "keras"])
def test_the_contract_of_recognisers(runtime: str) -> None:
    network, pictures = opened(runtime), chips()
    found = network.embed(pictures)
    assert found.shape == (4, LENGTH) and found.dtype == np.float32
    assert network.sha256 == COMPACT_SHA256 and network.runtime == runtime and network.name
    assert network.embed(pictures[:0]).shape == (0, LENGTH)
    # Each depends on its own picture alone.
    for place in range(4):
        np.testing.assert_allclose(network.embed(pictures[place, None])[0], found[place], atol=1e-6)
    # One face in another light or mirrored is near itself and far from anything else.
    apart = np.linalg.norm(found[:, None] - found[None], axis=2)
    assert apart[0, 1] < 0.35 and apart[0, 2] < 0.35 and apart[0, 3] > 0.6


def test_both_runtimes_agree() -> None:
    one, other = (opened(runtime).embed(chips()) for runtime in ("litert", "keras"))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    assert (1 - (one * other).sum(axis=1) / lengths).max() < 1e-3
    # LiteRT rounds on the way, by far less than what lies between two people (0.57).
    assert np.linalg.norm(one - other, axis=1).max() < 0.05

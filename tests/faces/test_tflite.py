"""Models written here do in LiteRT what their operations mean."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from scipy.signal import correlate2d

from fer_batch.faces.eight_bits import eight_bits
from fer_batch.faces.tflite import ModelWriter
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.types import FloatArray

RNG = np.random.default_rng(5)


def run(model: bytes, picture: FloatArray) -> list[FloatArray]:
    with quiet_stderr():
        interpreter = Interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"])[0] for d in interpreter.get_output_details()]


def floats(*shape: int) -> FloatArray:
    return RNG.normal(size=shape).astype(np.float32)


def convolved(
    picture: FloatArray, weights: FloatArray, bias: FloatArray, mode: Literal["same", "valid"]
) -> FloatArray:
    """By SciPy, channel by channel; ``weights [out, h, w, in]``."""
    planes = []
    for kernel, offset in zip(weights, bias, strict=True):
        pairs = zip(np.moveaxis(picture, 2, 0), np.moveaxis(kernel, 2, 0), strict=True)
        planes.append(sum(correlate2d(plane, part, mode) for plane, part in pairs) + offset)
    return np.stack(planes, axis=2)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize(("stride", "pad"), [(1, True), (1, False), (2, False)])
def test_convolution(stride: int, pad: bool, relu: bool) -> None:
    picture, weights, bias = floats(9, 13, 3), floats(5, 3, 3, 3), floats(5)
    network = ModelWriter()
    out = network.convolve(network.input(9, 13, 3), weights, bias, stride, relu, pad)
    expected = convolved(picture, weights, bias, "same" if pad else "valid")[::stride, ::stride]
    expected = np.maximum(expected, 0) if relu else expected
    assert network.shape(out) == (1, *expected.shape)
    (found,) = run(network.model([out]), picture)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_convolution_by_kernels_of_eight_bits() -> None:
    """Nearly what whole ones give, each channel by a scale of its own."""
    picture, weights, bias = floats(9, 13, 4), floats(5, 3, 3, 4), floats(5)
    weights *= 10.0 ** np.arange(-2, 3)[:, None, None, None].astype(np.float32)
    network, small = ModelWriter(), eight_bits(weights)
    out = network.convolve(network.input(9, 13, 4), small, bias, 1, False, True)
    (found,) = run(network.model([out]), picture)
    expected = convolved(picture, weights, bias, "same")
    spread = expected.std(axis=(0, 1))
    assert (np.abs(found - expected).max(axis=(0, 1)) < 0.05 * spread + 1e-6).all()
    assert np.abs(found - expected).max() > 1e-4  # of eight bits indeed
    nothing = eight_bits(np.zeros_like(weights))
    assert not nothing.whole().any()


@pytest.mark.parametrize("relu", [False, True])
def test_convolution_of_each_channel(relu: bool) -> None:
    picture, weights, bias = floats(8, 6, 4), floats(1, 3, 3, 4), floats(4)
    network = ModelWriter()
    out = network.convolve_each(network.input(8, 6, 4), weights, bias, relu)
    planes = [correlate2d(picture[:, :, i], weights[0, :, :, i], "same") for i in range(4)]
    expected = np.stack(planes, axis=2) + bias
    (found,) = run(network.model([out]), picture)
    np.testing.assert_allclose(found, np.maximum(expected, 0) if relu else expected, atol=1e-4)


def test_pooling_enlarging_adding_and_several_outputs() -> None:
    picture = floats(8, 12, 2)
    network = ModelWriter()
    source = network.input(8, 12, 2)
    small = network.pool(source, 2)
    large = network.enlarge(small, 2)
    both = network.add(source, large)
    outputs = run(network.model([small, large, both]), picture)
    pooled = picture.reshape(4, 2, 6, 2, 2).max(axis=(1, 3))
    repeated = pooled.repeat(2, axis=0).repeat(2, axis=1)
    for found, expected in zip(outputs, (pooled, repeated, picture + repeated), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)

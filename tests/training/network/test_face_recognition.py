"""Teachers begin from dlib's weights: its file format by made files, the real file where it is."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fer_batch.errors import ModelFileError, UsageError
from fer_batch.faces.dlib_weights import read
from fer_batch.training.data.targets import JOINT
from fer_batch.training.network import face_recognition
from fer_batch.training.network.architectures import build
from fer_batch.training.network.folding import foldable
from tests.faces.dlib_file import written
from tests.training.made_faces import made_faces


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(0, 9), st.integers(0, 3))
def test_reads_what_dlib_would_have_written(channels: list[int], seed: int, half: int) -> None:
    rng, size, inputs = np.random.default_rng(seed), 2 * half + 1, 3
    kernels = []
    for count in channels:
        kernels.append(rng.normal(size=(size, size, inputs, count)).astype(np.float32))
        inputs = count
    content, rows = written(kernels, rng)
    found = read(content)
    assert len(found) == len(kernels)
    for (kernel, bias), wanted, (own, scale, offset) in zip(found, kernels, rows, strict=True):
        assert np.allclose(kernel, wanted * scale, rtol=1e-6)
        assert np.allclose(bias, own * scale + offset, rtol=1e-6)


@pytest.mark.parametrize(("arch", "times"), [("resnet-face", 2), ("resnet-face-large", 3)])
def test_a_network_begins_with_these_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arch: str, times: int
) -> None:
    model = build(arch, JOINT)
    rng = np.random.default_rng(0)
    shapes = [model.get_layer(name).kernel.shape for name in foldable(model)]
    shapes[0] = (*shapes[0][:2], 3, shapes[0][3])
    content, _ = written([rng.normal(0, 0.02, shape) for shape in shapes], rng)
    path = tmp_path / "weights.dat"
    path.write_bytes(content)
    monkeypatch.setattr(face_recognition, "installed", lambda: path)
    images = made_faces(64, 0).images[..., None]
    heads = [model.get_layer(head.name).get_weights()[0].copy() for head in JOINT]
    face_recognition.start_from_faces(model, [images])
    # The stem is the file's first layer on grey pixels that are 0 on average.
    norm = keras.Model(model.input, model.get_layer("stem_norm").output)
    grey = images[:1].astype(np.float32) / 255
    patch = (grey - grey.mean()) / grey.std() * face_recognition.SPREAD
    large = np.asarray(keras.layers.UpSampling2D(times, interpolation="bilinear")(patch))
    kernel, bias = read(content)[0]
    wanted = keras.ops.conv(np.repeat(large, 3, axis=-1), kernel, strides=2, padding="same")
    given_ = np.asarray(norm(images[:1], training=False))
    assert np.allclose(given_, np.asarray(wanted) + bias, atol=2e-2 * np.abs(given_).max())
    for head, before in zip(JOINT, heads, strict=True):
        assert np.array_equal(model.get_layer(head.name).get_weights()[0], before)


def test_only_its_own_network_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.dat"
    rng = np.random.default_rng(0)
    path.write_bytes(written([rng.normal(size=(3, 3, 3, 4))], rng)[0])
    monkeypatch.setattr(face_recognition, "installed", lambda: path)
    with pytest.raises(UsageError, match="only a network of --arch resnet-face can"):
        face_recognition.start_from_faces(build("tiny", JOINT), [])


def test_it_goes_with_no_other_model(
    made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    arguments = ["train", str(made_data[0]), "-o", str(tmp_path), "--arch", "resnet-face"]
    starts = ["--start-from", "fer7", "--start-from", face_recognition.NAME]
    with pytest.raises(UsageError, match="--start-from face-recognition: cannot be combined"):
        CliRunner().invoke(commands, arguments + starts, catch_exceptions=False)  # type: ignore[arg-type]


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(face_recognition, "distribution", missing)
    with pytest.raises(UsageError, match="needs `pip install face-recognition-models`"):
        face_recognition.installed()

    class Other:
        def locate_file(self, name: str) -> Path:
            (tmp_path / "other.dat").write_bytes(b"something else")
            return tmp_path / "other.dat"

    monkeypatch.setattr(face_recognition, "distribution", lambda name: Other())
    with pytest.raises(ModelFileError, match=r"other\.dat: is missing or damaged"):
        face_recognition.installed()


def test_the_real_file_is_of_the_network() -> None:
    try:
        path = face_recognition.installed()
    except UsageError:
        pytest.skip("face-recognition-models is not installed")
    weights = read(path.read_bytes())
    model = build("resnet-face", JOINT)
    shapes = [tuple(model.get_layer(name).kernel.shape) for name in foldable(model)]
    assert [kernel.shape for kernel, _ in weights][1:] == shapes[1:]
    assert weights[0][0].shape == (7, 7, 3, 32)

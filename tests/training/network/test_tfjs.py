"""Weights of TensorFlow.js models: what was written is read, what is damaged is said to be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import ModelFileError
from fer_batch.training.network.tfjs import read
from tests.training.network.tfjs_file import write

SHAPES = st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=5)


@given(SHAPES, st.sampled_from(["<f4", "<f2", "<i4"]), st.integers(0, 9))
def test_reads_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[list[int]], kind: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = {
        f"w{place}": (rng.normal(size=shape) * 100).astype(kind)
        for place, shape in enumerate(shapes)
    }
    path = tmp_path_factory.mktemp("weights") / "model.json"
    write(path, weights)
    found = read(path)
    assert list(found) == list(weights)
    for name, values in weights.items():
        assert found[name].dtype == np.float32 and found[name].shape == values.shape
        assert np.array_equal(found[name], values.astype(np.float32))


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        "{",
        '{"weightsManifest": 3}',
        '{"weightsManifest": [{"paths": ["model.bin"]}]}',
        '{"weightsManifest": [{"paths": ["model.bin"], "weights": [{"name": "a", "shape": [2],'
        ' "dtype": "complex"}]}]}',
        '{"weightsManifest": [{"paths": ["model.bin"], "weights": [{"name": "a", "shape": [-2],'
        ' "dtype": "float32"}]}]}',
    ],
)
def test_something_else_is_refused(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(8))
    (tmp_path / "model.json").write_text(manifest)
    with pytest.raises(ModelFileError, match=r"not the weights of a TensorFlow\.js model"):
        read(tmp_path / "model.json")


@pytest.mark.parametrize("size", [7, 9, 0])
def test_bytes_that_are_too_few_or_too_many_are_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.json"
    write(path, {"a": np.zeros(2, np.float32)})
    path.with_suffix(".bin").write_bytes(bytes(size))
    with pytest.raises(ModelFileError, match="not the weights"):
        read(path)


def test_missing_bytes_are_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    write(path, {"a": np.zeros(2, np.float32)})
    path.with_suffix(".bin").unlink()
    with pytest.raises(ModelFileError, match=r"model\.json: cannot be read: No such file"):
        read(path)

"""A head on the recogniser's features: one answer from every runtime, and a file of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from fer_batch.errors import ModelFileError
from fer_batch.faces.dlib_keras import KerasLayers, enlarged_on_keras
from fer_batch.faces.eight_bits import eight_bits
from fer_batch.faces.expression_head import (
    CROP,
    POOLED,
    ExpressionHead,
    enlarge,
    enlargement,
    logits,
    read_head,
    write_head,
)
from fer_batch.faces.expressions_litert import LiteRtExpressions
from fer_batch.faces.litert_network import LiteRtNetwork
from fer_batch.faces.recogniser import recogniser_weights
from fer_batch.faces.tflite import ModelWriter
from fer_batch.npz import write_npz
from fer_batch.types import FloatArray, Image
from tests.training.made_faces import made_faces

CHANNELS = {0: 32, 1: 64, 2: 128, 3: 256, 4: 256}
LABELS = (
    ("fer2013", ("sad", "happy")),
    ("ferplus", ("neutral", "happy", "sad")),
    ("ferplus", ("sad", "happy")),
)
OUTPUTS = 7


@pytest.fixture(scope="module")
def head() -> ExpressionHead:
    """Random numbers, of a size that leaves what it says within a few units."""
    rng = np.random.default_rng(0)
    kernels = {
        stage: eight_bits(rng.normal(0, 0.02, (16, parts, parts, CHANNELS[stage])))
        for stage, parts in POOLED.items()
    }
    bias, last, last_bias = (
        rng.normal(0, 0.2, shape).astype(np.float32) for shape in ((16,), (OUTPUTS, 16), (OUTPUTS,))
    )
    last[5:, :10] = last[:5, 10:] = 0  # the last group has units of its own
    return ExpressionHead(kernels, bias, last, last_bias, LABELS)


def enlarged(crop: Image) -> FloatArray:
    picture = np.full((150, 150), np.nan, np.float32)
    enlarge(crop, picture)
    return picture


def test_a_crop_is_enlarged_as_far_as_the_recogniser_wants_faces() -> None:
    rows, columns = enlargement()
    assert rows.shape == columns.shape == (150, CROP)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-6)
    assert np.allclose(columns.sum(axis=1), 1, atol=1e-6)
    # A cubic kernel keeps slopes: along a ramp each pixel has its place's level.
    ramp = np.tile(np.arange(CROP, dtype=np.uint8) * 4, (CROP, 1))
    places = (np.arange(150) + 0.5) * CROP / 151 - 0.5
    inside = (places > 2) & (places < CROP - 3)
    assert np.allclose(enlarged(ramp)[75, inside], 4 * places[inside], atol=0.5)
    face = made_faces(1, 0).images[0]
    assert np.allclose(enlarged(face), rows @ face.astype(np.float32) @ columns.T, atol=1e-2)
    assert np.array_equal(enlarged(face)[-1], enlarged(face)[138])


def test_keras_enlarges_alike() -> None:
    faces = made_faces(3, 0).images
    found = np.asarray(enlarged_on_keras(faces[..., None]))
    assert found.shape == (3, 150, 150, 3)
    wanted = np.stack([enlarged(face) for face in faces])
    assert np.allclose(found, wanted[..., None], atol=1e-2)


def test_litert_and_keras_say_the_same_within_what_eight_bits_cost(head: ExpressionHead) -> None:
    faces, weights = made_faces(8, 0).images, recogniser_weights()
    by_litert = LiteRtExpressions(weights, head, 1).logits(faces)
    grey = keras.Input((CROP, CROP, 1), dtype="uint8")
    model = keras.Model(grey, logits(KerasLayers(), enlarged_on_keras(grey), weights, head))
    by_keras = np.asarray(model.predict_on_batch(faces[..., None])).reshape(8, OUTPUTS)
    spread = by_keras.std(axis=0).mean()
    assert spread > 0.05 and np.abs(by_litert - by_keras).max() < 0.35 * spread + 0.02


def test_a_face_is_answered_alike_whoever_comes_with_it(head: ExpressionHead) -> None:
    faces, network = made_faces(4, 0).images, LiteRtExpressions(recogniser_weights(), head, 2)
    whole = network.logits(faces)
    assert whole.shape == (4, OUTPUTS) and np.array_equal(network.logits(faces[2:3]), whole[2:3])
    assert network.logits(faces[:0]).shape == (0, OUTPUTS)


def test_faces_are_read_a_few_at_once(
    head: ExpressionHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces, network = made_faces(11, 0).images, LiteRtExpressions(recogniser_weights(), head, 1)
    one_by_one = np.concatenate([network.logits(face[None]) for face in faces])
    counts: list[int] = []
    run = LiteRtNetwork.run

    def counted(self: LiteRtNetwork, count: int, fill: Callable[[FloatArray], None]) -> FloatArray:
        counts.append(count)
        return run(self, count, fill)

    monkeypatch.setattr(LiteRtNetwork, "run", counted)
    assert np.array_equal(network.logits(faces), one_by_one)
    assert counts == [4, 4, 3]


def test_a_grey_face_needs_one_channel(head: ExpressionHead) -> None:
    weights = recogniser_weights()
    assert weights.grey().stem[0].shape == (32, 7, 7, 1)
    writer = ModelWriter()
    model = writer.model([logits(writer, writer.input(150, 150, 3), weights, head)])
    faces, three = made_faces(6, 0).images, LiteRtNetwork(model)

    def fill(pictures: FloatArray) -> None:
        pictures[...] = np.stack([enlarged(face) for face in faces])[..., None]

    by_three = three.run(6, fill)
    by_one = LiteRtExpressions(weights, head, 1).logits(faces)
    # Sums in another order: now and then a number is rounded to the next of its eight bits.
    apart, spread = np.abs(by_one - by_three), by_three.std(axis=0).mean()
    assert apart.mean() < 0.05 * spread and apart.max() < 0.2 * spread


def test_places_are_those_of_the_labels_of_an_annotation(head: ExpressionHead) -> None:
    assert head.places("fer2013", ("happy", "sad")) == [1, 0]
    assert head.places("ferplus", ("happy", "sad", "neutral")) == [3, 4, 2]
    with pytest.raises(ValueError):
        head.places("hearsay", ("happy",))
    with pytest.raises(ValueError):
        head.places("fer2013", ("neutral",))


def test_labels_are_told_by_the_group_that_learned_just_these(head: ExpressionHead) -> None:
    assert head.places("ferplus", ("happy", "sad")) == [6, 5]
    assert head.places("ferplus", ("happy", "neutral")) == [3, 2]


@pytest.mark.parametrize(("places", "units"), [([6, 5], 6), ([3, 4, 2], 10), ([0, 6], 16)])
def test_a_part_of_it_says_the_same_with_the_units_that_it_needs(
    head: ExpressionHead, places: list[int], units: int
) -> None:
    faces, weights, part = made_faces(6, 0).images, recogniser_weights(), head.only(places)
    assert len(part.bias) == units and len(part.last) == len(places)
    assert all(len(kernel.values) == units for kernel in part.kernels.values())
    whole = LiteRtExpressions(weights, head, 1).logits(faces)[:, places]
    found = LiteRtExpressions(weights, part, 1).logits(faces)
    assert np.allclose(found, whole, atol=1e-4)


def test_a_file_holds_it_with_eight_bits_a_number(head: ExpressionHead, tmp_path: Path) -> None:
    path = tmp_path / "second.npz"
    write_head(path, head)
    read = read_head(path)
    assert read.labels == LABELS and np.array_equal(read.last, head.last)
    for stage, kernel in head.kernels.items():
        assert np.array_equal(read.kernels[stage].values, kernel.values)
        assert np.array_equal(read.kernels[stage].scale, kernel.scale)
    assert path.stat().st_size < 1.2 * sum(k.values.size for k in head.kernels.values())
    write_head(again := tmp_path / "again.npz", head)
    assert again.read_bytes() == path.read_bytes()


def test_other_files_are_refused_by_name(head: ExpressionHead, tmp_path: Path) -> None:
    path = tmp_path / "second.npz"
    with pytest.raises(ModelFileError, match=r"second\.npz"):
        read_head(path)
    path.write_bytes(b"PK nothing")
    with pytest.raises(ModelFileError, match=r"second\.npz"):
        read_head(path)
    write_npz(path, {"format": 3, "labels": [["ferplus", ["happy"]]]}, {"bias": head.bias})
    with pytest.raises(ModelFileError, match="not a head"):
        read_head(path)
    for wrong in (
        replace(head, bias=head.bias[1:]),
        replace(head, labels=(("ferplus", ("happy",)),)),
        replace(head, kernels={**head.kernels, 1: head.kernels[2]}),
    ):
        write_head(path, wrong)
        with pytest.raises(ModelFileError, match="another shape"):
            read_head(path)

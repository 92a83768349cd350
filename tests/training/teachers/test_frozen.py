"""A head learns on features that stay as they are, and its answers are kept."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from fer_batch.training.data.targets import JOINT
from fer_batch.training.teachers.answers import hashes
from fer_batch.training.teachers.frozen import KerasFeatures, Recipe, teach
from tests.training.made_faces import made_faces

QUICK = Recipe(
    hidden=32, epochs=12, learning_rate=5e-3, weight_decay=0.0, batch_size=16, noise=0.1, drop=0.0
)
HEADS = [head for head in JOINT if head.name != "fer3"]


def features() -> KerasFeatures:
    """Means of six by six parts of the image: enough to tell made faces apart."""
    grey = keras.Input((48, 48, 1), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(grey)
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(8)(x))
    return KerasFeatures(keras.Model(grey, x, name="parts"))


def test_it_learns_what_the_labels_say_and_answers_for_each_training_image() -> None:
    faces = made_faces(120, 40)
    lines: list[str] = []
    found = teach(features(), faces, HEADS, lines.append, QUICK)
    train = faces.of_split("Training")
    assert found.labels == {head.name: tuple(head.labels) for head in HEADS}
    assert found.taught == ("features that stay as they are (parts)",)
    assert np.array_equal(found.images, hashes(train.images))
    said = found.of(train.images)
    for name, probabilities in said.items():
        assert probabilities.shape == (len(train), len(found.labels[name]))
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    right = said["fer7"].argmax(axis=1) == train.emotion
    assert right.mean() > 0.6
    losses = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("epoch")]
    assert len(losses) == QUICK.epochs and losses[-1] < 0.8 * losses[0]
    assert any(line.startswith("fer7: ") and line.endswith(" of PublicTest") for line in lines)


def test_an_image_and_its_mirror_image_are_answered_alike() -> None:
    faces = made_faces(60, 0)
    mirrored = replace(faces, images=np.ascontiguousarray(faces.images[:, :, ::-1]))
    quick = replace(QUICK, epochs=1)
    ways = [teach(features(), f, HEADS, lambda line: None, quick) for f in (faces, mirrored)]
    one, other = (way.probabilities["fer7"] for way in ways)
    # Which side came first decides the order of the batches alone.
    assert np.abs(one - other).mean() == pytest.approx(0, abs=0.1)


def test_the_same_seed_gives_the_same_answers() -> None:
    faces, quick = made_faces(60, 0), replace(QUICK, epochs=1)
    one, other = (teach(features(), faces, HEADS, lambda line: None, quick) for _ in range(2))
    assert np.array_equal(one.probabilities["fer7"], other.probabilities["fer7"])


def test_fewer_images_than_a_batch_are_one_batch() -> None:
    lines: list[str] = []
    wide = replace(QUICK, epochs=10, batch_size=512)
    teach(features(), made_faces(20, 0), HEADS, lines.append, wide)
    losses = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("epoch")]
    assert len(losses) == 10 and losses[-1] < losses[0]

"""Asks teachers about all training images, to keep what they say in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import UsageError
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.predict import predict
from fer_batch.training.teachers.answers import Answers, hashes
from fer_batch.training.teachers.panel import by_trunk, joined
from fer_batch.training.teachers.teacher import agreed, both_sides, name_and_kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def ask(cards: Sequence[ModelCard], faces: FaceSet) -> Answers:
    """What the models of ``cards`` say of the images of the split Training, each image and its
    mirror image averaged, by weights for Keras: a trunk that several share is asked once.

    Raises:
        UsageError: two of one name, or one without weights for Keras.
        ModelFileError: damaged weights.
    """
    names = [card.name for card in cards]
    for card in cards:
        if names.count(card.name) > 1:
            raise UsageError(f"--teacher {card.name}: two models of one name in one file")
        if "keras" not in card.files:
            raise UsageError(f"--teacher {card.name}: has no weights for Keras")
    images = faces.of_split("Training").images
    said: dict[str, NDArray[np.float32]] = {}
    for group in by_trunk(cards):
        network, members = joined(group)
        sides = [predict(network, side) for side in both_sides(images)]
        for card, first in members:
            end = first + len(card.labels)
            said[card.name] = agreed([side[:, first:end] for side in sides])
    labels = {card.name: card.labels for card in cards}
    return Answers(hashes(images), labels, said, tuple(map(name_and_kind, cards)))

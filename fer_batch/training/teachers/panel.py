"""Teachers of one trunk, asked as one: the trunk, which is nearly all of the cost, runs once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.litert import LiteRtClassifier
from fer_batch.emotion.load import open_classifier
from fer_batch.training.export.write import Exported, save_keras, save_litert, write_card
from fer_batch.training.network.trunk import LAST, same_trunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Panel:
    """Models whose answers stand side by side; by each the column where its own begin."""

    classifier: Classifier
    members: tuple[tuple[ModelCard, int], ...]

    def answers(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``uint8[n, 48, 48]`` to ``float32[n, all labels]``; each member's part sums to 1."""
        return self.classifier.classify(images)


def panels(cards: Sequence[ModelCard], batch_size: int) -> list[Panel]:
    """A panel for each trunk, its models in eight bits; for models without weights for Keras or
    where LiteRT cannot be written, one a model."""
    alone = [card for card in cards if "keras" not in card.files]
    grouped = by_trunk([card for card in cards if "keras" in card.files])
    found: list[Panel] = []
    for group in grouped:
        panel = _panel(group, batch_size) if len(group) > 1 else None
        if panel is None:
            alone += [card for card, _ in group]
        else:
            found.append(panel)
    return found + [
        Panel(open_classifier(str(card.path), batch_size=batch_size), ((card, 0),))
        for card in alone
    ]


def by_trunk(cards: Sequence[ModelCard]) -> list[list[tuple[ModelCard, Any]]]:
    """Cards with their Keras models, those together that differ in the last layer alone."""
    import keras

    groups: list[list[tuple[ModelCard, Any]]] = []
    for card in cards:
        model = keras.saving.load_model(card.file("keras"), compile=False)
        for group in groups:
            if same_trunk(group[0][1], model):
                group.append((card, model))
                break
        else:
            groups.append([(card, model)])
    return groups


def joined(group: Sequence[tuple[ModelCard, Any]]) -> tuple[Any, tuple[tuple[ModelCard, int], ...]]:
    """One Keras network with the last layers of all models of a ``group`` of one trunk, whose
    probabilities stand side by side, and by each model the column where its own begin."""
    import keras

    first = group[0][1]
    features = first.get_layer(LAST).input
    answers: list[Any] = []
    members: list[tuple[ModelCard, int]] = []
    column = 0
    for place, (card, model) in enumerate(group):
        dense = keras.layers.Dense(len(card.labels), name=f"logits_{place}")
        answers.append(keras.layers.Softmax(name=f"probabilities_{place}")(dense(features)))
        dense.set_weights(model.get_layer(LAST).get_weights())
        members.append((card, column))
        column += len(card.labels)
    both = keras.layers.Concatenate(name="answers")(answers) if len(answers) > 1 else answers[0]
    return keras.Model(first.inputs[0], both, name="panel"), tuple(members)


def _panel(group: Sequence[tuple[ModelCard, Any]], batch_size: int) -> Panel | None:
    """``joined`` in eight bits; None where LiteRT cannot be written."""
    network, members = joined(group)
    labels = tuple(f"{place} {label}" for place, (c, _) in enumerate(group) for label in c.labels)
    with tempfile.TemporaryDirectory(prefix="fer-batch-panel-") as folder:
        out = Path(folder)
        files = Exported({"keras": out / "panel.keras", "litert": out / "panel.tflite"})
        save_keras(network, files.files["keras"])
        if not save_litert(files.files["keras"], files.files["litert"], "int8"):
            return None
        card = replace(group[0][0], name="panel", labels=labels)
        # One interpreter, made here and now: the files go with the folder.
        classifier = LiteRtClassifier(write_card(files, card, out), batch_size, threads=1)
    return Panel(classifier, members)

"""A model of fewer labels out of one that knows more, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import OutputPathError
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, check_choice, model_name
from fer_batch.training.evaluate import Evaluation
from fer_batch.training.export.release import description_of, measured, pool_for
from fer_batch.training.export.write import export
from fer_batch.training.network.trunk import LAST
from fer_batch.training.predict import predict


def narrowed(
    card: ModelCard, labels: Sequence[str], faces: FaceSet, out: Path
) -> tuple[ModelCard, Evaluation]:
    """Writes the model ``card`` for ``labels`` alone, ``fer4`` or ``ferplus3``, into ``out``.

    It says how likely each of them is if the face shows one of them, calibrated anew on those rows
    of PublicTest that bear one. Labels left out no longer have a place to go to: choose those that
    your faces show.

    Raises:
        UsageError: not two or more different labels of the model.
        OutputPathError: ``out`` holds a model of that name.
        TrainingDataError: no row of PublicTest bears one.
        ModelFileError: ``card`` has no weights for Keras.
    """
    import keras
    import numpy as np

    check_choice(labels, card.labels)
    own = Head(model_name(card.annotation, labels), tuple(labels), card.annotation)
    if (out / f"{own.name}.json").exists():
        raise OutputPathError(
            f"{out / own.name}.json: there is such a model; choose another folder"
        )
    model = keras.saving.load_model(card.file("keras"), compile=False)
    # What was exported is a network with one head, its last layer.
    whole = Head(LAST, card.labels, card.annotation)
    held = faces.of_split("PublicTest")
    known = predict(model, held.images)
    # Logits but for a number that all labels of a row share, which a softmax does not see.
    logits = np.log(np.maximum(np.asarray(known, np.float64), 1e-30))
    pool = pool_for(own, {LAST: logits}, held, [whole])
    exported = export(model, {LAST: whole}, pool, own.name, out)
    small = replace(
        card,
        name=own.name,
        labels=own.labels,
        files={},
        sha256={},
        description=description_of(own.labels, own.source),
        temperature=round(card.temperature * pool.temperature, 4),
        training={**card.training, "narrowed_from": card.name},
        metrics={},
    )
    return measured(exported, small, faces, out)

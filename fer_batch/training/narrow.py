"""A model of fewer labels out of one that knows more, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import OutputPathError, TrainingDataError
from fer_batch.training.evaluate import Evaluation, truth_for
from fer_batch.training.export import export, network
from fer_batch.training.faceset import FaceSet
from fer_batch.training.pool import fit_pool
from fer_batch.training.release import description_of, measured
from fer_batch.training.targets import check_choice, hard_labels, model_name
from fer_batch.training.trunk import LAST


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
    chosen, source = tuple(labels), truth_for(card)
    name = model_name(source, chosen)
    if (out / f"{name}.json").exists():
        raise OutputPathError(f"{out / name}.json: there is such a model; choose another folder")
    held = faces.of_split("PublicTest")
    truth = hard_labels(held, chosen, source)
    rows = truth >= 0
    if not rows.any():
        raise TrainingDataError(f"no row of PublicTest bears one of {', '.join(chosen)}")
    model = keras.saving.load_model(card.file("keras"), compile=False)
    kept = [card.labels.index(label) for label in chosen]
    known = model.predict(held.images[rows][..., None], batch_size=256, verbose=0)
    # Logits but for a number that all labels of a row share, which a softmax does not see.
    logits = np.log(np.maximum(np.asarray(known, np.float64)[:, kept], 1e-30))
    pool = fit_pool({card.name: logits}, chosen, truth[rows])
    weight, last = pool.weights[card.name], model.get_layer(LAST)
    kernel, bias = (np.asarray(values, np.float64)[..., kept] for values in last.get_weights())
    small = network(
        model.inputs[0], last.input, weight * kernel, weight * bias + np.asarray(pool.shift), name
    )
    own = replace(
        card,
        name=name,
        labels=chosen,
        files={},
        sha256={},
        description=description_of(chosen, source),
        temperature=round(card.temperature * pool.temperature, 4),
        training={**card.training, "narrowed_from": card.name},
        metrics={},
    )
    return measured(export(small, name, out), own, faces, out)

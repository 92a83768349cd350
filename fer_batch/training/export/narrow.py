"""A model of fewer labels out of one that knows more, without training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import OutputPathError, TrainingDataError, UsageError
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, check_choice, model_name
from fer_batch.training.evaluate import Evaluation
from fer_batch.training.export.release import description_of, measured, pool_for, shares
from fer_batch.training.export.write import export
from fer_batch.training.network.trunk import LAST
from fer_batch.training.predict import predict


def parse_prior(text: str, labels: Sequence[str]) -> dict[str, float] | None:
    """``even``, or ``happy=0.4,sad=0.2,neutral=0.4``, as shares by label; None for nothing.

    Raises:
        UsageError: something else.
    """
    if not text:
        return None
    if text == "even":
        return {label: 1 / len(labels) for label in labels}
    try:
        pairs = [part.split("=") for part in text.split(",")]
        prior = {name.strip(): float(share) for name, share in pairs}
    except ValueError as error:
        raise UsageError(f"--prior: {text!r} is not as in happy=0.4,sad=0.2,neutral=0.4") from error
    check_prior(prior, labels)
    return prior


def check_prior(prior: Mapping[str, float], labels: Sequence[str]) -> None:
    """Whether ``prior`` gives each of ``labels`` a share, and the shares sum to 1.

    Raises:
        UsageError: it does not.
    """
    whole = set(prior) == set(labels) and min(prior.values()) > 0
    if not whole or abs(sum(prior.values()) - 1) > 1e-3:
        raise UsageError(f"--prior: give shares of {', '.join(labels)} that sum to 1")


def moved(shift: Sequence[float], ratios: Sequence[float]) -> tuple[float, ...]:
    """A pool's ``shift`` for labels that are ``ratios`` times as common (Saerens et al., 2002)."""
    logs = [old + math.log(ratio) for old, ratio in zip(shift, ratios, strict=True)]
    return tuple(log - sum(logs) / len(logs) for log in logs)


def narrowed(
    card: ModelCard,
    labels: Sequence[str],
    faces: FaceSet,
    out: Path,
    prior: Mapping[str, float] | None = None,
) -> tuple[ModelCard, Evaluation]:
    """Writes the model ``card`` for ``labels`` alone, ``fer4`` or ``ferplus3``, into ``out``.

    It says how likely each of them is if the face shows one of them, calibrated anew on those rows
    of PublicTest that bear one. Labels left out no longer have a place to go to: choose those that
    your faces show. The probabilities assume that labels are as common as in ``prior`` (shares by
    label), or as on those rows of PublicTest.

    Raises:
        UsageError: not two or more different labels of the model.
        OutputPathError: ``out`` holds a model of that name.
        TrainingDataError: no row of PublicTest bears one, or with a ``prior`` not each of them.
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
    calibrated = shares(held, own)
    if prior is not None:
        check_prior(prior, labels)
        if silent := [label for label, share in calibrated.items() if not share]:
            raise TrainingDataError(f"--prior: no row of PublicTest shows {', '.join(silent)}")
        pool = replace(pool, shift=moved(pool.shift, [prior[x] / calibrated[x] for x in labels]))
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
        prior=dict(prior or calibrated),
        second=None,
        metrics={},
    )
    return measured(exported, small, faces, out)

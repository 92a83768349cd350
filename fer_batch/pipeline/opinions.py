"""Two networks asked about faces: a model, and what the recogniser knows of expressions.

The second one takes four times as long as the first, so it is asked about photos, and once a second
about faces in films (``plan.asked_each``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.keras_runtime import KerasClassifier
from fer_batch.emotion.second import added, alone
from fer_batch.errors import ModelFileError
from fer_batch.faces.expression_head import ExpressionHead, read_head
from fer_batch.faces.recogniser import recogniser_weights
from fer_batch.pipeline.at_once import AtOnce
from fer_batch.types import BoolArray, FloatArray, Image

MOST_AT_ONCE = 32


class Expressions(Protocol):
    """What the recogniser and a head say of crops."""

    def logits(self, crops: Image, count: int) -> FloatArray:
        """``uint8[n, 48, 48]`` grey crops, at most ``count``, to ``float32[n, outputs]``."""
        ...


class SecondOpinions:
    """The second network that a model's card names, beside the model; on its runtime."""

    def __init__(self, first: Classifier) -> None:
        """Load it.

        Raises:
            ModelFileError: the card names none, or its weights are missing or damaged.
        """
        card = first.card
        path = card.file("second")
        head = read_head(path)
        if card.second is None:
            raise ModelFileError(f"{card.path}: does not say how its second network is joined")
        self._opinion = card.second
        self._shifts = np.array(self._opinion.shifts(card.labels), np.float32)
        self._network = _network(first, path, head.only(places_of(card, path, head)))
        self._at_once = AtOnce(MOST_AT_ONCE, "faces for the second network")

    def beside(
        self, crops: Image, own: FloatArray, asked: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """What the model says as it is calibrated beside the second network, and what that adds
        (``emotion.second``), ``float32[n, labels]`` each; NaN where it is not ``asked bool[n]``.
        ``crops uint8[n, s, s]``: what the model saw; ``own float32[n, labels]``: what it said."""
        second = self._logits(crops[asked])
        differ = np.full_like(own, np.nan)
        differ[asked] = added(own[asked], second, self._opinion)
        return alone(own, self._shifts, self._opinion), differ

    def _logits(self, crops: Image) -> FloatArray:
        def read(rows: Sequence[int], count: int) -> FloatArray:
            return self._network.logits(crops[rows], count)

        parts = self._at_once.run(range(len(crops)), read)
        return np.concatenate([np.empty((0, len(self._shifts)), np.float32), *parts])


def places_of(card: ModelCard, path: Path, head: ExpressionHead) -> list[int]:
    """Where the labels of ``card`` stand among the outputs of the ``head`` that lies at ``path``.

    Raises:
        ModelFileError: the head does not know these labels.
    """
    try:
        return head.places(card.annotation, card.labels)
    except ValueError as error:
        raise ModelFileError(f"{path}: does not know the labels of {card.name}") from error


def opinions_of(
    second: SecondOpinions | None, crops: Image, own: FloatArray, asked: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """As ``SecondOpinions.beside``; without a second network what the model said, and NaN."""
    if second is None:
        return own, np.full_like(own, np.nan)
    return second.beside(crops, own, asked)


def _network(first: Classifier, path: Path, head: ExpressionHead) -> Expressions:
    if isinstance(first, KerasClassifier):
        from fer_batch.faces.expressions_keras import KerasExpressions

        return KerasExpressions(recogniser_weights(), head, first.device)
    from fer_batch.faces.expressions_litert import LiteRtExpressions

    try:
        return LiteRtExpressions(recogniser_weights(), head, first.concurrency)
    except (ValueError, RuntimeError) as error:
        raise ModelFileError(f"{path}: LiteRT cannot run it ({error})") from error

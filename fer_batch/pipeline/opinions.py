"""Two networks asked about each face: a model, and what the recogniser knows of expressions.

The second one takes four times as long as the first, so it is asked where no neighbouring frame
helps: about faces in photos (``plan.asks_twice``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.keras_runtime import KerasClassifier
from fer_batch.emotion.second import SecondOpinion, joined
from fer_batch.errors import ModelFileError
from fer_batch.faces.expression_head import ExpressionHead, read_head
from fer_batch.faces.recogniser import recogniser_weights
from fer_batch.types import FloatArray, Image


def with_second_opinion(first: Classifier) -> Classifier:
    """``first``, joined with the second network that its card names; on its own runtime.

    Raises:
        ModelFileError: the card names none, or its weights are missing or damaged.
    """
    if isinstance(first, KerasClassifier):
        return KerasOpinions(first)
    return LiteRtOpinions(first)


def places_of(card: ModelCard, path: Path, head: ExpressionHead) -> list[int]:
    """Where the labels of ``card`` stand among the outputs of the ``head`` that lies at ``path``.

    Raises:
        ModelFileError: the head does not know these labels.
    """
    try:
        return head.places(card.annotation, card.labels)
    except (KeyError, ValueError) as error:
        raise ModelFileError(f"{path}: does not know the labels of {card.name}") from error


def _head_of(card: ModelCard) -> tuple[SecondOpinion, ExpressionHead, list[int]]:
    """How the second network is joined, its head, and where the card's labels are among its
    outputs."""
    path = card.file("second")
    head = read_head(path)
    if card.second is None:
        raise ModelFileError(f"{card.path}: does not say how its second network is joined")
    return card.second, head, places_of(card, path, head)


class LiteRtOpinions:
    """A ``Classifier`` of two networks on LiteRT."""

    def __init__(self, first: Classifier) -> None:
        from fer_batch.faces.expressions_litert import LiteRtExpressions

        self._first, self.card, self.runtime = first, first.card, first.runtime
        self.batch_size, self.concurrency = first.batch_size, first.concurrency
        self._opinion, head, self._places = _head_of(first.card)
        try:
            self._second = LiteRtExpressions(recogniser_weights(), head, first.concurrency)
        except (ValueError, RuntimeError) as error:
            path = first.card.file("second")
            raise ModelFileError(f"{path}: LiteRT cannot run it ({error})") from error
        self._shifts = np.array(self._opinion.shifts(self.card.labels), np.float32)

    def classify(self, crops: Image) -> FloatArray:
        """See ``Classifier.classify``."""
        said, second = self._first.classify(crops), self._second.logits(crops)[:, self._places]
        # Row by row: NumPy adds up in another order where there are more.
        for row in range(len(crops)):
            one = slice(row, row + 1)
            said[one] = joined(np, said[one], second[one], self._shifts, self._opinion)
        return said


class KerasOpinions(KerasClassifier):
    """A ``Classifier`` of two networks on Keras, joined in one graph."""

    def __init__(self, first: KerasClassifier) -> None:
        self._opinion, self._head, self._places = _head_of(first.card)
        super().__init__(first.card, first.batch_size, first.device.split(":")[0])

    def _whole(self, own: Any) -> Any:
        import keras

        from fer_batch.faces.dlib_keras import KerasLayers, enlarged_on_keras
        from fer_batch.faces.expression_head import logits

        ops, side = keras.ops, self.card.input_size
        grey = keras.Input((side, side, 1), dtype="uint8", name="crops")
        known = logits(KerasLayers(), enlarged_on_keras(grey), recogniser_weights(), self._head)
        second = ops.take(known[:, 0, 0, :], ops.array(self._places), axis=1)
        shifts = ops.array(self._opinion.shifts(self.card.labels), "float32")
        said = ops.cast(own(grey), "float32")
        return keras.Model(grey, joined(ops, said, second, shifts, self._opinion), name="both")

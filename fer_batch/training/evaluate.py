"""Measures a model, as it is shipped, on a labelled data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.labels import ANNOTATIONS, Annotation
from fer_batch.errors import TrainingDataError, UsageError
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import hard_labels
from fer_batch.training.metrics import (
    accuracy,
    confusion,
    expected_calibration_error,
    precisions,
    recalls,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model said of the rows that bear one of its labels.

    ``probabilities float32[n, k]``, ``truth int64[n]``, ``rows int64[n]`` into the data measured.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def confusion(self) -> NDArray[np.int64]:
        return confusion(self.probabilities, self.truth)

    @property
    def precision(self) -> dict[str, float]:
        return dict(zip(self.labels, precisions(self.confusion), strict=True))

    def to_json(self) -> dict[str, Any]:
        """``accuracy``, ``recall`` by label (None where a label does not occur), ``ece``, ``n``."""
        recall = recalls(self.confusion)
        return {
            "accuracy": accuracy(self.probabilities, self.truth),
            "recall": {
                label: None if value != value else value
                for label, value in zip(self.labels, recall, strict=True)
            },
            "ece": expected_calibration_error(self.probabilities, self.truth),
            "n": len(self.truth),
        }


def truth_for(card: ModelCard, wanted: str = "auto") -> Annotation:
    """Whose labels a model is measured against: those it learned, where ``wanted`` is "auto".

    Raises:
        UsageError: nobody's of that name.
    """
    if wanted == "auto":
        return card.annotation
    for annotation in ANNOTATIONS:
        if annotation == wanted:
            return annotation
    raise UsageError(f"--truth: {wanted!r} is none of auto, {', '.join(ANNOTATIONS)}")


def evaluate(classifier: Classifier, faces: FaceSet, truth: str = "auto") -> Evaluation:
    """Runs ``classifier`` over the rows of ``faces`` that bear one of its labels."""
    import numpy as np

    labels = classifier.card.labels
    label = hard_labels(faces, labels, truth_for(classifier.card, truth))
    rows = np.flatnonzero(label >= 0)
    if not len(rows):
        raise TrainingDataError(f"no row has one of the labels {', '.join(labels)}")
    return Evaluation(labels, classifier.classify(faces.images[rows]), label[rows], rows)

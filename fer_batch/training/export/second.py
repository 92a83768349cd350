"""A second network for models that are there: its head trained, and joined with each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.checksum import sha256_file
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.labels import THREE
from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import full_of
from fer_batch.emotion.second import SecondOpinion, joined
from fer_batch.errors import TrainingDataError
from fer_batch.faces.dlib_weights import STAGES
from fer_batch.faces.eight_bits import eight_bits
from fer_batch.faces.expression_head import POOLED, ExpressionHead, read_head, write_head
from fer_batch.faces.expressions_litert import LiteRtExpressions
from fer_batch.faces.recogniser import recogniser_weights
from fer_batch.pipeline.opinions import places_of
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import WHOLE, Head, hard_labels
from fer_batch.training.export.narrow import check_prior, moved
from fer_batch.training.export.pool import fit_pool
from fer_batch.training.export.release import shares
from fer_batch.training.metrics import accuracy, expected_calibration_error
from fer_batch.training.teachers.frozen import Learned, learn, units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "second.npz"
SHARE = {"fer2013": 0.4, "ferplus": 0.6}
"""What the second network counts, by whose labels a model has. For FER+'s it was chosen on the
photos of the model card, for FER2013's, which are for comparison, on PublicTest; see
docs/training.md."""
METRICS = "PublicTest, both networks"
HEADS = (*WHOLE, Head("ferplus3", THREE, "ferplus"))
"""What it learns: all labels of each annotation, and those of the default model by themselves,
which tells sad from neutral better (docs/training.md)."""


def train_head(faces: FaceSet, out: Path, log: Callable[[str], None]) -> Path:
    """Train the head on the recogniser's features and write it into ``out``.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    from fer_batch.training.network.recogniser_features import RecogniserFeatures

    path = out / NAME
    write_head(path, folded(learn(RecogniserFeatures(), faces, HEADS, log), HEADS))
    return path


def folded(learned: Learned, heads: Sequence[Head]) -> ExpressionHead:
    """All heads as one, for features as they come: what makes components of them is within its
    kernels."""
    import numpy as np
    from scipy.linalg import block_diag

    units, last = (
        [learned.model.get_layer(name).get_weights() for name in names]
        for names in (map(units_of, heads), (head.name for head in heads))
    )
    seen = learned.components
    joined_units = np.concatenate([kernel for kernel, _ in units], axis=1)
    kernel = seen.axes.astype(np.float64) @ joined_units / seen.deviation[:, None]
    bias = np.concatenate([bias for _, bias in units]) - seen.mean @ kernel
    kernels, first = {}, 0
    for stage, parts in POOLED.items():
        channels = STAGES[stage][0]
        rows = kernel[first : (first := first + parts * parts * channels)]
        kernels[stage] = rows.reshape(parts, parts, channels, -1).transpose(3, 0, 1, 2)
    return ExpressionHead(
        {stage: eight_bits(kernel.astype(np.float32)) for stage, kernel in kernels.items()},
        bias.astype(np.float32),
        block_diag(*(kernel for kernel, _ in last)).T.astype(np.float32),
        np.concatenate([bias for _, bias in last]),
        tuple((head.source, head.labels) for head in heads),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the second network with the head ``path`` says of images: ``float32[n, outputs]``."""

    path: Path
    head: ExpressionHead
    logits: NDArray[np.float32]

    def of(self, card: ModelCard) -> NDArray[np.float64]:
        """Of them the logits of the labels of ``card``, ``float64[n, labels]``.

        Raises:
            ModelFileError: the head does not know these labels.
        """
        return self.logits[:, places_of(card, self.path, self.head)].astype("float64")


def ask(path: Path, images: NDArray[np.uint8]) -> Asked:
    """Ask the second network with the head ``path`` about ``images uint8[n, 48, 48]``.

    Raises:
        ModelFileError: the head is missing or damaged.
    """
    head = read_head(path)
    network = LiteRtExpressions(recogniser_weights(), head, 1)
    return Asked(path, head, network.logits(images))


def join(
    card: ModelCard, asked: Asked, faces: FaceSet, prior: Mapping[str, float] | None = None
) -> ModelCard:
    """Name the head that was ``asked`` about PublicTest as the second network of the model
    ``card``, of the same folder, with what calibrates both together there, and write the card. What
    they say together assumes ``prior`` (shares by label), that of the card where None, and
    PublicTest's where it names none.

    A model of eight bits takes the calibration of the full model that it was made of, where that
    names a second network: CPUs and GPUs say the same then.

    Raises:
        UsageError: ``prior`` is not one of these labels.
        ModelFileError: the head does not know the model's labels.
        TrainingDataError: no row of PublicTest bears one of its labels.
    """
    import numpy as np

    if prior is not None:
        check_prior(prior, card.labels)
    held = faces.of_split("PublicTest")
    label = hard_labels(held, card.labels, card.annotation)
    rows = label >= 0
    if not rows.any():
        raise TrainingDataError(f"no validation row has a label of {card.name}: cannot calibrate")
    own = open_classifier(str(card.path)).classify(held.images[rows]).astype(np.float64)
    second = asked.of(card)[rows]
    full = full_of(card)
    opinion = full.second if full is not None else None
    if opinion is None:
        there = shares(held, Head(card.name, card.labels, card.annotation))
        wanted = dict(prior or card.prior or there)
        opinion = calibrated(own, second, label[rows], there, wanted, SHARE[card.annotation])
    said = joined(own, second, np.array(opinion.shifts(card.labels)), opinion)
    with_both = replace(
        card,
        files={**card.files, "second": asked.path.name},
        sha256={**card.sha256, asked.path.name: sha256_file(asked.path)},
        second=opinion,
    )
    with_both.metrics[METRICS] = {
        "labels_of": card.annotation,
        "accuracy": round(accuracy(said, label[rows]), 4),
        "ece": round(expected_calibration_error(said, label[rows]), 4),
        "n": int(rows.sum()),
    }
    assert card.path is not None
    with_both.write(card.path)
    return with_both


def calibrated(
    own: NDArray[Any],
    second: NDArray[Any],
    truth: NDArray[np.int64],
    there: Mapping[str, float],
    prior: Mapping[str, float],
    share: float,
) -> SecondOpinion:
    """What joins a model's ``own`` probabilities and the ``second`` network's logits, ``float[n,
    labels]`` each, of which that counts ``share``, with the least log loss on the labels ``truth
    int64[n]``, and moves it from their shares ``there`` to those of ``prior`` (by label, in the
    same order)."""
    import numpy as np

    labels = tuple(there)
    plain = SecondOpinion(share, 1.0, dict.fromkeys(labels, 0.0), prior)
    logits = np.log(joined(own, second, np.zeros(len(labels)), plain))
    pool = fit_pool({NAME: logits}, labels, truth)
    # Of a label that no row bears nothing is known: its share stays.
    ratios = [prior[name] / s if s and prior[name] else 1.0 for name, s in there.items()]
    shift = {name: round(v, 4) for name, v in zip(labels, moved(pool.shift, ratios), strict=True)}
    return SecondOpinion(share, round(pool.temperature, 4), shift, prior)

"""From a training's directory to shipped models: calibrate, export, measure, write the cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.card import ModelCard, Point
from fer_batch.emotion.labels import Annotation
from fer_batch.emotion.load import open_classifier
from fer_batch.errors import ModelFileError, TrainingDataError
from fer_batch.printable import show
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, hard_labels
from fer_batch.training.data.template import DEFAULT_TEMPLATE, mean_template
from fer_batch.training.evaluate import Evaluation, evaluate, truth_for
from fer_batch.training.export.pool import Pool, fit_pool
from fer_batch.training.export.write import Exported, columns, export, save_litert, write_card
from fer_batch.training.predict import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARPEN = 0.5
"""Crops out of pictures are sharpened by so much: measured, see docs/training.md."""
SHARPNESS = 0.13
"""The blur of crops that are less sharp than this is undone; training images have about as much."""
LIMITS = (
    "Names an expression as annotators saw it in a still face; it does not know what a person "
    "feels.",
    "Trained on faces found on the web, many of them posed; labels of FER2013 are noisy.",
    "FER2013 is skewed by age, gender and skin colour; how well the model does by group was not "
    "measured.",
    "Small faces (under about 24 pixels), strong profile views and covered mouths are unreliable.",
)


def pooled_heads(name: str, heads: Sequence[Head]) -> list[Head]:
    """The heads that may speak for the model ``name``: all that know each of its labels.

    FER+'s own labels are asked of FER+'s head alone.
    """
    own = next(head for head in heads if head.name == name)
    if own.source == "ferplus":
        return [own]
    return [own] + [h for h in heads if h is not own and set(own.labels) <= set(h.labels)]


def calibrate(
    logits: Mapping[str, NDArray[Any]], faces: FaceSet, name: str, heads: Sequence[Head]
) -> Pool:
    """The pool for model ``name``, fitted on ``faces`` (never the training rows)."""
    own = next(head for head in heads if head.name == name)
    return pool_for(own, logits, faces, pooled_heads(name, heads))


def pool_for(
    own: Head, logits: Mapping[str, NDArray[Any]], faces: FaceSet, heads: Sequence[Head]
) -> Pool:
    """What ``heads`` say of ``faces`` (logits by head name, ``[n, its labels]``), pooled for the
    labels of ``own`` on the rows that bear one.

    Raises:
        TrainingDataError: there is no such row.
    """
    import numpy as np

    label = hard_labels(faces, own.labels, own.source)
    rows = label >= 0
    if not rows.any():
        raise TrainingDataError(f"no validation row has a label of {own.name}: cannot calibrate")
    chosen = {
        head.name: np.asarray(logits[head.name], np.float64)[rows][:, columns(head, own.labels)]
        for head in heads
    }
    return fit_pool(chosen, own.labels, label[rows])


def shares(faces: FaceSet, head: Head) -> dict[str, float]:
    """How often each of the head's labels is the true one among the rows that bear one: what
    probabilities that are calibrated on these rows assume."""
    import numpy as np

    label = hard_labels(faces, head.labels, head.source)
    counts = np.bincount(label[label >= 0], minlength=len(head.labels))
    return {
        name: round(float(count / counts.sum()), 4)
        for name, count in zip(head.labels, counts, strict=True)
    }


def description_of(labels: Sequence[str], source: Annotation) -> str:
    """A card's one sentence."""
    seen = ", as most of ten people named them" if source == "ferplus" else ""
    return f"Expressions {', '.join(labels)} from a grey face crop{seen}."


def template_of(faces: FaceSet) -> tuple[Point, Point, Point, Point, Point]:
    """The data's own landmark template, or FER2013's where no landmarks are known."""
    import numpy as np

    if faces.landmarks is None or not np.isfinite(faces.landmarks).any():
        return DEFAULT_TEMPLATE
    rows = faces.split == "Training"
    points = [
        (round(float(x), 2), round(float(y), 2)) for x, y in mean_template(faces.landmarks[rows])
    ]
    return (points[0], points[1], points[2], points[3], points[4])


def release(
    model: Any,
    heads: Sequence[Head],
    faces: FaceSet,
    out: Path,
    training: Mapping[str, Any],
    prefix: str = "",
    log: Callable[[str], None] = show,
) -> dict[str, tuple[ModelCard, Evaluation]]:
    """Exports one model a head and measures each on PublicTest with the file it will run from.

    ``prefix`` goes before the heads' names, so that two architectures can lie side by side.
    """
    held = faces.of_split("PublicTest")
    logits = predict(model, held.images)
    by_name = {head.name: head for head in heads}
    results = {}
    for head in heads:
        pool = calibrate(logits, held, head.name, heads)
        name = prefix + head.name
        exported = export(model, by_name, pool, name, out)
        card = ModelCard(
            name=name,
            labels=head.labels,
            input_size=faces.images.shape[1],
            files={},
            sha256={},
            template=template_of(faces),
            temperature=round(pool.temperature, 4),
            annotation=head.source,
            sharpen=SHARPEN,
            sharpness=SHARPNESS,
            prior=shares(held, head),
            description=description_of(head.labels, head.source),
            training={**training, "pool": {k: round(v, 4) for k, v in pool.weights.items()}},
            limits=LIMITS,
        )
        card, result = measured(exported, card, faces, out)
        results[head.name] = (card, result)
        log(f"{name}: accuracy {card.metrics['PublicTest']['accuracy']:.4f} on PublicTest")
    return results


def measured(
    exported: Exported, card: ModelCard, faces: FaceSet, out: Path
) -> tuple[ModelCard, Evaluation]:
    """Completes ``card`` with the figures of its own files on PublicTest, and writes it."""
    card = write_card(exported, card, out)
    result = evaluate(open_classifier(str(card.path)), faces.of_split("PublicTest"))
    card.metrics.update(_metrics(result, faces, card))
    return write_card(exported, card, out), result


def quantised(card: ModelCard, faces: FaceSet, out: Path) -> tuple[ModelCard, Evaluation]:
    """``<name>-int8``: the model ``card`` with weights of eight bits, a model of its own.

    It is a quarter of the cost on CPUs that multiply bytes, and its probabilities differ by a few
    hundredths at most; hence another name: results never mix the two.
    """
    name = f"{card.name}-int8"
    path = out / f"{name}.tflite"
    if not save_litert(card.file("keras"), path, "int8"):
        raise ModelFileError("eight-bit models are made with TensorFlow: it is not installed")
    exported = Exported({"litert": path})
    described = f"{card.description} Eight-bit weights: faster on CPUs."
    small = replace(card, name=name, full=card.name, description=described, metrics={}, second=None)
    return measured(exported, small, faces, out)


def _metrics(result: Evaluation, faces: FaceSet, card: ModelCard) -> dict[str, Any]:
    """What the card reports; rounded, since a fifth digit of a few thousand rows says nothing."""

    def rounded(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: rounded(v) for k, v in value.items()}
        if isinstance(value, float):
            return None if value != value else round(value, 4)
        return value

    held = faces.of_split("PublicTest")
    truth = truth_for(card)
    metrics = {
        "PublicTest": {
            "labels_of": truth,
            **result.to_json(),
            "precision": result.precision,
        }
    }
    if faces.votes is not None and truth != "ferplus":
        other = evaluate(open_classifier(str(card.path)), held, "ferplus")
        metrics["PublicTest, FER+ majority"] = {"labels_of": "ferplus", **other.to_json()}
    note = "PublicTest was used to calibrate and to choose between trainings."
    return {**rounded(metrics), "note": note}

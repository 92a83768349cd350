"""What was measured on one's own photos: as text, as a table of photos, as pictures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import atomic_path
from fer_batch.training.material.measure import Result
from fer_batch.training.material.operate import Operation
from fer_batch.training.material.photos import thumbnails

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUPS_SHOWN = 20


def report(result: Result) -> str:
    """Figures with 95 % intervals, the confusion matrix, groups: plain text."""
    answers, evaluation = result.answers, result.evaluation
    lines = [
        f"{answers.card.name} on {result.material.folder}",
        "",
        f"{len(result.material):,} photos, a face found in {result.found:.1%}; "
        f"{len(evaluation.truth):,} with a label that the model knows count",
    ]
    if result.left_out:
        named = ", ".join(f"{label} {count}" for label, count in result.left_out.items())
        lines.append(f"left out, labels that the model does not know: {named}")
    if answers.unreadable:
        lines.append(f"cannot be read: {len(answers.unreadable)}, first: {answers.unreadable[0]}")
    width = max(26, *(len(_words(name)) for name in result.figures))
    lines += ["", f"{'':<{width}} {'':>6}  95% interval"]
    for name, value in result.figures.items():
        if value == value:
            lines.append(_line(_words(name), width, value, result.intervals.get(name)))
    if result.three:
        lines += ["", "happy, sad and neutral alone"]
        for name in ("accuracy", "mean_recall", "auc_sad_neutral", "auc_happy_neutral"):
            lines.append(_line(_words(name), width, result.three[name], None))
    lines += ["", *_confusion(result)]
    for column, groups in result.groups.items():
        lines += ["", *_group_table(column, groups)]
    return "\n".join(lines)


def operation_line(found: Operation) -> str:
    """The prior to give to ``fer-batch narrow``, and what it would give here."""
    prior = ",".join(f"{label}={share:g}" for label, share in found.prior.items())
    recalls = ", ".join(f"{label} {value:.3f}" for label, value in found.recall.items())
    return (
        f"\nprior of best mean recall: --prior {prior}\n"
        f"  accuracy {found.accuracy:.3f}, mean recall {found.mean_recall:.3f} ({recalls}); chosen "
        f"on other people {found.held_out_mean_recall:.3f}"
    )


def _words(name: str) -> str:
    if name.startswith("auc_"):
        return f"AUC {name[4:].replace('_', ' against ')}"
    return {"ece": "calibration error"}.get(name, name.replace("_", " "))


def _line(name: str, width: int, value: float, between: tuple[float, float] | None) -> str:
    shown = f"  {between[0]:.3f} to {between[1]:.3f}" if between else ""
    return f"{name:<{width}} {value:6.3f}{shown}"


def _confusion(result: Result) -> list[str]:
    labels = result.evaluation.labels
    width = max(9, *(len(label) + 1 for label in labels))
    head = "labelled, by columns named"
    lines = [f"{head:<26}" + "".join(f"{label:>{width}}" for label in labels)]
    for label, row in zip(labels, result.evaluation.confusion.tolist(), strict=True):
        lines.append(f"{label:<26}" + "".join(f"{count:>{width},}" for count in row))
    return lines


def _group_table(column: str, groups: dict[str, dict[str, Any]]) -> list[str]:
    width = min(30, max(len(column), *(len(name) for name in groups)))
    lines = [
        f"{column:<{width}} {'photos':>7} {'found':>7} {'accuracy':>9}  {'95% interval':<14}  "
        "mean recall"
    ]
    for name, group in list(groups.items())[:GROUPS_SHOWN]:
        between = group.get("intervals", {}).get("accuracy")
        shown = f"{between[0]:.3f} to {between[1]:.3f}" if between else ""
        accuracy, recall = (
            "-" if group.get(key) is None else f"{group[key]:.3f}"
            for key in ("accuracy", "mean_recall")
        )
        lines.append(
            f"{name[:width]:<{width}} {group['photos']:>7,} {group['found']:>7.1%} "
            f"{accuracy:>9}  {shown:<14}  {recall:>11}"
        )
    if len(groups) > GROUPS_SHOWN:
        lines.append(f"and {len(groups) - GROUPS_SHOWN:,} more: --json has them all")
    return lines


def write_pictures(result: Result, out: Path) -> list[Path]:
    """``confusion_matrix.png``, ``reliability.png``, ``mistakes.png`` (the most confident ones) and
    ``photos.csv``, a row for each photo, in ``out``."""
    import numpy as np

    from fer_batch.training.pictures import SHEET_COLUMNS, SHEET_ROWS, evaluation_pictures

    evaluation = result.evaluation
    chosen = evaluation.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(chosen != evaluation.truth)
    surest = wrong[np.argsort(-evaluation.probabilities.max(axis=1)[wrong], kind="stable")]
    rows = evaluation.rows[surest[: SHEET_COLUMNS * SHEET_ROWS]]
    files = [result.material.files[row] for row in rows]
    faces = thumbnails(files, result.answers.box[rows])
    # Only the photos that are shown are read again; the others stay blank.
    images = np.zeros((len(result.material), *faces.shape[1:]), np.uint8)
    images[rows] = faces
    paths = evaluation_pictures(out, evaluation, images, result.answers.card.name)
    return [*paths, _write_photos(result, out / "photos.csv")]


def _write_photos(result: Result, path: Path) -> Path:
    answers, material = result.answers, result.material
    labels = answers.card.labels
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label", *material.columns, "emotion", *labels, *"xywh"])
        for row, name in enumerate(material.files):
            said = _said(answers.probabilities[row], answers.box[row], labels)
            others = [column[row] for column in material.columns.values()]
            place = name.relative_to(material.folder).as_posix()
            writer.writerow([place, material.labels[row], *others, *said])
    return path


def _said(
    probabilities: NDArray[np.float32], box: NDArray[np.float32], labels: tuple[str, ...]
) -> list[str]:
    """The cells of a photo; empty where no face was found."""
    if probabilities[0] != probabilities[0]:
        return [""] * (1 + len(labels) + 4)
    named = labels[int(probabilities.argmax())]
    return [named, *(f"{p:.4f}" for p in probabilities), *(f"{v:.1f}" for v in box)]

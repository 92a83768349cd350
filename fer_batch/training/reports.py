"""Results of an evaluation as a table for people."""

from __future__ import annotations

from fer_batch.training.alignment import Alignment
from fer_batch.training.evaluate import Evaluation


def table(result: Evaluation, title: str) -> str:
    """Recall and precision by label, then accuracy and calibration, as plain text."""
    data = result.to_json()
    counts = result.confusion
    width = max(len(label) for label in result.labels)
    lines = [title, "", f"{'':<{width}}  {'recall':>7} {'precision':>10} {'faces':>7}"]
    for i, label in enumerate(result.labels):
        recall = data["recall"][label]
        shown = "-" if recall is None else f"{recall:.4f}"
        precision = result.precision[label]
        precise = "-" if precision != precision else f"{precision:.4f}"
        lines.append(f"{label:<{width}}  {shown:>7} {precise:>10} {counts[i].sum():>7}")
    lines += [
        "",
        f"accuracy {data['accuracy']:.4f} on {data['n']} faces, "
        f"expected calibration error {data['ece']:.4f}",
    ]
    return "\n".join(lines)


def alignment_table(results: dict[str, Alignment]) -> str:
    """What becomes of the faces as the pipeline sees them, by how they are cut out."""
    lines = [
        "",
        f"{'as faces in a video, cut out by':<34} {'found':>6} {'same label':>11} accuracy",
    ]
    for way, found in results.items():
        lines.append(
            f"{way:<34} {found.found:6.1%} {found.agreement:11.1%} {found.accuracy_aligned:8.1%}"
            f" (fed directly {found.accuracy_direct:.1%})"
        )
    return "\n".join(lines)

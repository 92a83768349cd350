"""The pictures people look at after a training or an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.training.evaluate import Evaluation
from fer_batch.training.metrics import BINS, expected_calibration_error, reliability

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLUE, ORANGE, GREY = "#1f5fa8", "#d9722e", "#8a8f98"
SHEET_COLUMNS, SHEET_ROWS = 8, 5
SHEET_STEP = (1.1, 1.38)
"""From a face to the next one, across and down, in sides of a face: room for two lines of text."""


def figure_of(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """A figure without pyplot, whose global state would leak between callers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def epoch_history(path: Path, history: Sequence[dict[str, float]], head: str) -> None:
    """Accuracy and loss of one head over the epochs, training and validation."""
    figure, grid = figure_of(10, 4, 1, 2)
    epochs = [row["epoch"] for row in history]
    single = f"{head}_accuracy" not in history[-1]
    for axes, figure_name in zip(grid[0], ("accuracy", "loss"), strict=True):
        trained = figure_name if single else f"{head}_{figure_name}"
        for name, label, colour in (
            (trained, "training (as it was augmented)", GREY),
            (f"val_{head}_{figure_name}", "validation", BLUE),
        ):
            values = [row.get(name) for row in history]
            if any(v is not None for v in values):
                axes.plot(epochs, values, label=label, color=colour, linewidth=1.8)
        axes.set(xlabel="epoch", title=f"{head}: {figure_name}")
        axes.legend(frameon=False)
        tidy(axes)
    figure.savefig(path, dpi=110)


def confusion_matrix(path: Path, result: Evaluation, title: str) -> None:
    """Rates by colour, rates and counts as text; rows are the true labels."""
    import numpy as np

    counts = result.confusion
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    kinds = len(result.labels)
    figure, grid = figure_of(2.2 + 0.95 * kinds, 1.9 + 0.8 * kinds)
    axes = grid[0, 0]
    image = axes.imshow(rates, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i in range(kinds):
        for j in range(kinds):
            axes.text(
                j,
                i,
                f"{rates[i, j]:.0%}\n{counts[i, j]:,}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if rates[i, j] > 0.55 else "#222222",
            )
    axes.set_xticks(range(kinds), result.labels, rotation=30 if kinds > 4 else 0)
    axes.set_yticks(range(kinds), result.labels)
    axes.set(xlabel="predicted", ylabel="annotated", title=title)
    figure.colorbar(image, ax=axes, label="share of the annotated", shrink=0.85)
    figure.savefig(path, dpi=110)


def reliability_diagram(path: Path, result: Evaluation, title: str) -> None:
    """Accuracy by confidence, and how often each confidence is given."""
    import numpy as np

    said, was, count = reliability(result.probabilities, result.truth)
    ece = expected_calibration_error(result.probabilities, result.truth)
    filled = count > 0
    middle = (np.arange(BINS) + 0.5) / BINS
    figure, grid = figure_of(5.6, 6.4, 2, 1)
    top, bottom = grid[:, 0]
    top.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    top.bar(middle[filled], was[filled], 0.9 / BINS, color=BLUE, alpha=0.35)
    top.plot(said[filled], was[filled], "o-", color=BLUE, label=f"model, ECE {ece:.3f}")
    top.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy", title=title)
    top.legend(frameon=False, loc="upper left")
    bottom.bar(middle, count, 0.9 / BINS, color=ORANGE)
    bottom.set(xlim=(0, 1), xlabel="confidence", ylabel="faces")
    tidy(top)
    tidy(bottom)
    figure.savefig(path, dpi=110)


def mistakes_sheet(path: Path, result: Evaluation, images: NDArray[np.uint8], title: str) -> None:
    """The most confident mistakes with the annotated and the predicted label.

    ``images uint8[n, s, s]`` are the rows of ``result`` in its order.
    """
    import numpy as np

    chosen = result.probabilities.argmax(axis=1)
    confidence = result.probabilities.max(axis=1)
    wrong = np.flatnonzero(chosen != result.truth)
    wrong = wrong[np.argsort(-confidence[wrong])][: SHEET_COLUMNS * SHEET_ROWS]
    rows = max(1, -(-len(wrong) // SHEET_COLUMNS))
    # One pair of axes for all faces: a pair for each takes five times as long to lay out.
    figure, grid = figure_of(1.5 * SHEET_COLUMNS, 1.95 * rows + 0.3)
    figure.suptitle(title)
    axes = grid[0, 0]
    axes.set_axis_off()
    for place, row in enumerate(wrong.tolist()):
        down, across = divmod(place, SHEET_COLUMNS)
        left, top = across * SHEET_STEP[0], down * SHEET_STEP[1]
        axes.imshow(
            images[row], cmap="gray", vmin=0, vmax=255, extent=(left, left + 1, top + 1, top)
        )
        axes.text(
            left + 0.5,
            top - 0.04,
            f"{result.labels[chosen[row]]} {confidence[row]:.0%}\n"
            f"annotated {result.labels[result.truth[row]]}",
            fontsize=8,
            ha="center",
            va="bottom",
        )
    axes.set_xlim(0, (SHEET_COLUMNS - 1) * SHEET_STEP[0] + 1)
    axes.set_ylim((rows - 1) * SHEET_STEP[1] + 1, 1 - SHEET_STEP[1])
    figure.savefig(path, dpi=110)


def evaluation_pictures(
    out: Path, result: Evaluation, images: NDArray[np.uint8], name: str
) -> list[Path]:
    """All pictures of one evaluation; ``images`` is the data set that ``result.rows`` index."""
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / f"{k}.png" for k in ("confusion_matrix", "reliability", "mistakes")]
    confusion_matrix(paths[0], result, f"{name}, {len(result.truth):,} faces")
    reliability_diagram(paths[1], result, f"{name}: do probabilities mean something?")
    mistakes_sheet(
        paths[2], result, images[result.rows], f"{name}: the most confident disagreements"
    )
    return paths

"""How right models stay as faces get worse: figures at each step of ``wear``, and a plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.load import open_classifier
from fer_batch.errors import InputError, TrainingDataError
from fer_batch.faces.sharpen import sharpened
from fer_batch.media.source import probe
from fer_batch.pipeline.build import Engine
from fer_batch.training.data.faceset import SIZE
from fer_batch.training.material import wear
from fer_batch.training.material.figures import figures
from fer_batch.training.material.labels import Material
from fer_batch.types import Detections

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

FIGURES = ("accuracy", "mean_recall", "auc_sad_neutral", "auc_happy_neutral")
AXES = {
    "blur": "blur, sigma in pixels of the crop",
    "size": "size of the face in pixels",
    "jpeg": f"JPEG quality, faces of {wear.COMPRESSED_FACE} px",
    "h264": f"H.264 CRF, faces of {wear.COMPRESSED_FACE} px",
}
SHOWN = {"accuracy": "accuracy", "auc_sad_neutral": "AUC, sad against neutral"}


def regions_of(
    material: Material, progress: Callable[[int], None] = lambda done: None
) -> tuple[Bytes, list[str]]:
    """The largest face of each photo as a region ``uint8[n, 192, 192]``, and its label."""
    import numpy as np

    from fer_batch.training.data.template import DEFAULT_TEMPLATE

    engine, settings = Engine(RunSettings()), AnalyzeSettings()
    detector = engine.detector(settings)
    template = np.array(DEFAULT_TEMPLATE, np.float32)
    found: list[Bytes] = []
    labels: list[str] = []
    for file, label in zip(material.files, material.labels, strict=True):
        progress(1)
        try:
            info = probe(file, file.stem, settings.image_fps, engine.run.limits)
        except InputError:
            continue
        for frame in engine.source(info).frames(0, 1):
            faces = detector.detect(frame) if frame.image is not None else None
            if faces is None or not len(faces):
                continue
            n = int((faces.box[:, 2] * faces.box[:, 3]).argmax())
            one = Detections(
                faces.box[n : n + 1], faces.confidence[n : n + 1], faces.landmarks[n : n + 1]
            )
            found.append(wear.region(frame, one, template))
            labels.append(label)
    if not found:
        raise TrainingDataError("no face was found in any of the photos")
    return np.stack(found), labels


def robustness(
    regions: Bytes,
    labels: Sequence[str],
    models: Sequence[str],
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, list[dict[str, Any]]]:
    """By model, for each step: ``way``, ``strength`` and ``FIGURES``. Faces count whose label the
    model knows; the crops are made once and shown to each of ``models``.

    Raises:
        TrainingDataError: a model knows none of ``labels``.
    """
    import numpy as np

    classifiers = {model: open_classifier(model) for model in models}
    rows: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    for step in wear.steps():
        crops: dict[object, Bytes] = {}
        for model, classifier in classifiers.items():
            place = classifier.card.template
            if place not in crops:
                crops[place] = wear.worn(regions, step, np.array(place, np.float32))
            measured = _figures(classifier, crops[place], step.shrunk / SIZE, labels)
            rows[model].append({"way": step.way, "strength": step.strength, **measured})
        progress(1)
    return rows


def _figures(
    classifier: Classifier, crops: Bytes, fine: float, labels: Sequence[str]
) -> dict[str, Any]:
    import numpy as np

    known = classifier.card.labels
    truth = np.array([known.index(x) if x in known else -1 for x in labels], np.int64)
    counted = truth >= 0
    if not counted.any():
        raise TrainingDataError(f"no face has one of the labels {', '.join(known)}")
    card, shown = classifier.card, crops[counted]
    fineness = np.full(len(shown), fine, np.float32)
    said = classifier.classify(sharpened(shown, card.sharpen, card.sharpness, fineness))
    values = figures(said, truth[counted], known, np.ones((1, int(counted.sum()))))
    return {
        name: None if values[name][0] != values[name][0] else float(values[name][0])
        for name in FIGURES
        if name in values
    }


def plot(path: Path, rows: dict[str, list[dict[str, Any]]], names: Sequence[str]) -> None:
    """A panel for each way and figure, a line for each model, called by ``names``."""
    from fer_batch.training.pictures import BLUE, GREY, ORANGE, figure_of, tidy

    figure, grid = figure_of(14, 6.2, len(SHOWN), len(AXES))
    colours = (GREY, BLUE, ORANGE, "#3c8d5a", "#8057a8")
    for down, (name, title) in enumerate(SHOWN.items()):
        for across, (way, axis) in enumerate(AXES.items()):
            axes = grid[down, across]
            for model, called, colour in zip(rows.values(), names, colours, strict=False):
                points = [
                    (step["strength"], step.get(name)) for step in model if step["way"] == way
                ]
                shown = [(x, y) for x, y in points if y is not None]
                if shown:
                    axes.plot(*zip(*shown, strict=True), "o-", color=colour, label=called, ms=4)
            if way == "size":
                axes.set_xscale("log", base=2)
                axes.set_xticks([12, 16, 24, 32, 48, 64, 96], [12, 16, 24, 32, 48, 64, 96])
                axes.minorticks_off()
            if way in ("size", "jpeg"):  # worse to the right, as in the others
                axes.invert_xaxis()
            axes.set(
                xlabel=axis if down == len(SHOWN) - 1 else "", ylabel=title if not across else ""
            )
            tidy(axes)
    for line in grid:
        low = min(axes.get_ylim()[0] for axes in line)
        high = max(axes.get_ylim()[1] for axes in line)
        for axes in line:
            axes.set_ylim(low, high)
    lines, called = grid[0, 0].get_legend_handles_labels()
    figure.legend(lines, called, loc="outside upper center", ncols=len(lines), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)

"""Photos through the pipeline, one by one: what it says of the largest face in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.second import both_say
from fer_batch.errors import InputError, TrainingDataError
from fer_batch.media.image_decode import read_picture
from fer_batch.media.source import probe
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Timings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THUMBNAIL = 96


@dataclass(frozen=True, slots=True)
class Answers:
    """What the pipeline says of ``n`` photos: ``found bool[n]``; of the largest face its ``box
    float32[n, 4]`` (x, y, w, h in pixels) and ``probabilities float32[n, labels]``, NaN where no
    face was found; ``unreadable``, one line for each photo that cannot be read."""

    card: ModelCard
    found: NDArray[np.bool_]
    box: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    unreadable: tuple[str, ...]


def ask(
    files: Sequence[Path],
    model: str,
    runtime: str = "auto",
    progress: Callable[[int], None] = lambda done: None,
) -> Answers:
    """Each of ``files`` as ``fer-batch run`` would take it, with default settings, unsmoothed.

    Raises:
        UnknownModelError, ModelFileError: the model cannot be loaded.
        TrainingDataError: there is no face in any of the photos.
    """
    import numpy as np

    # A photo has few faces: batches of one, so that no place in them is computed for nothing.
    engine = Engine(RunSettings(runtime=runtime, batch_size=1))
    settings = AnalyzeSettings(model=model)
    analyzer, card = engine.analyzer(settings), engine.card(settings)
    labels = len(analyzer.labels)
    box = np.full((len(files), 4), np.nan, np.float32)
    probabilities = np.full((len(files), labels), np.nan, np.float32)
    unreadable: list[str] = []
    for row, file in enumerate(files):
        try:
            # Whatever else a reader may warn of, a damaged photo is told by name.
            read_picture(file, engine.run.limits)
            info = probe(file, file.stem, settings.image_fps, engine.run.limits, "photos")
        except InputError as error:
            unreadable.append(str(error))
            continue
        (segment,) = plan(info, settings, engine.run.segment_frames)
        source = engine.source(info)
        faces = analyzer.analyze(source, segment, Timings())
        if len(faces.frame):
            largest = int((faces.box[:, 2] * faces.box[:, 3]).argmax())
            said = both_say(faces.probabilities, faces.added)
            box[row], probabilities[row] = faces.box[largest], said[largest]
        progress(row + 1)
    found = np.isfinite(box[:, 0])
    if not found.any():
        raise TrainingDataError("no face was found in any of the photos")
    return Answers(card, found, box, probabilities, tuple(unreadable))


def thumbnails(
    files: Sequence[Path], box: NDArray[np.float32], run: RunSettings | None = None
) -> NDArray[np.uint8]:
    """The faces in ``box float32[n, 4]`` of ``files`` with a margin, grey: ``uint8[n, 96, 96]``."""
    import cv2
    import numpy as np

    limits = (run or RunSettings()).limits
    shown = np.zeros((len(files), THUMBNAIL, THUMBNAIL), np.uint8)
    for row, (file, (x, y, w, h)) in enumerate(zip(files, box.tolist(), strict=True)):
        picture = read_picture(file, limits)
        grey = cv2.cvtColor(picture.bgr, cv2.COLOR_BGR2GRAY)
        shrunk = grey.shape[1] / picture.width
        side = 1.3 * max(w, h) * shrunk
        left, top = (x + w / 2) * shrunk - side / 2, (y + h / 2) * shrunk - side / 2
        scale = THUMBNAIL / side
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        if scale < 0.5:
            grey = cv2.GaussianBlur(grey, (0, 0), 0.4 / scale)
        shown[row] = cv2.warpAffine(grey, matrix, (THUMBNAIL, THUMBNAIL))
    return shown

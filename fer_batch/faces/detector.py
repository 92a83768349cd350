"""The one contract of face detectors, and how they are opened by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fer_batch.config import DETECTORS, AnalyzeSettings
from fer_batch.errors import UnknownModelError
from fer_batch.types import Detections, Frame


class Detector(Protocol):
    """Finds faces in one picture, without memory of others."""

    name: str
    sha256: str
    runtime: str  # the library below it, with its version: results name it

    def detect(self, frame: Frame) -> Detections:
        """Faces in the pixels of ``frame``, ordered by falling confidence.

        Boxes lie within the picture; the same frame always gives the same faces.
        """
        ...

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """What ``detect`` finds in each of ``frames``: as one batch where that is faster."""
        ...


def open_detector(
    name: str,
    weights: str = "",
    min_confidence: float = AnalyzeSettings.min_confidence,
    min_face: int = 0,
    rotations: bool = False,
) -> Detector:
    """Load a detector by name.

    ``weights``: path of other weights for it. ``min_face``: side in pixels of the smallest face
    to find, 0 for a 25th of the longer side of the picture, at most a tenth of the shorter one.
    ``rotations``: where a picture shows no upright face, search for those that lie sideways or
    upside down.

    Raises:
        UnknownModelError: no detector of that name.
        ModelFileError: its weights are missing or damaged.
    """
    from fer_batch.faces.whole import WholeImage
    from fer_batch.faces.yunet import YuNet

    if name == "yunet":
        return YuNet(Path(weights) if weights else None, min_confidence, min_face, rotations)
    if name == "none":
        return WholeImage()
    raise UnknownModelError(f"no detector named {name!r}; there are: {', '.join(DETECTORS)}")

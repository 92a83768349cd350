"""Two public-domain portraits that come with packages: real faces without a download.

Grace Hopper (U.S. Navy, 1984) lies in matplotlib's sample data. Eileen Collins (NASA, 1998) lies in
scikit-image, which is needed only to build: scripts/vendor_hook.py checks and copies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.errors import ModelFileError

if TYPE_CHECKING:
    from fer_batch.types import Image

VENDOR = Path(__file__).parents[1] / "_vendor"


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture (BGR ``uint8[h, w, 3]``) and where the face in it lies, in its own pixels.

    ``centre`` and ``radius`` give the round crop that is shown. ``mouth`` holds the right and left
    mouth corner, ``brows`` the inner ends of the eyebrows where they may be moved (no
    glasses before them).
    """

    image: Image
    centre: tuple[float, float]
    radius: float
    mouth: tuple[tuple[float, float], tuple[float, float]]
    brows: tuple[tuple[float, float], ...] = ()


def eileen_collins() -> Portrait:
    """The astronaut: a broad smile. Raises ModelFileError where the build left the file out."""
    return Portrait(
        image=_read(VENDOR / "astronaut.png"),
        centre=(224.0, 124.0),
        radius=123.0,
        mouth=((199.0, 143.0), (240.0, 144.0)),
        brows=((212.0, 92.0), (236.0, 93.0)),
    )


def grace_hopper() -> Portrait:
    """The admiral: a composed face. Raises ModelFileError where matplotlib came without it."""
    import matplotlib

    return Portrait(
        image=_read(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"),
        centre=(266.0, 222.0),
        radius=218.0,
        mouth=((228.0, 268.0), (302.0, 270.0)),
    )


def _read(path: Path) -> Image:
    import cv2

    image: Image | None = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise ModelFileError(f"{path}: this portrait is missing; install fer-batch again")
    return image

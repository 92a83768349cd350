"""Colour profiles: pictures in Display P3, Adobe RGB and the like become sRGB, by LittleCMS."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fer_batch.types import Image

# A profile that moves no colour by more than this (of 255) is sRGB under another name.
NEGLIGIBLE = 2
ROWS = 256  # converted at a time, so that copies stay small


def to_srgb(bgr: Image, icc: bytes) -> Image:
    """``uint8[h, w, 3]`` BGR in sRGB of one whose colours mean what the profile ``icc`` says.

    Profiles of devices that are not RGB or grey (a printer's CMYK) and profiles that cannot be
    read leave the picture as it is.
    """
    transform = _transform(icc) if icc else None
    if transform is None:
        return bgr
    result = np.empty_like(bgr)
    for top in range(0, len(bgr), ROWS):
        result[top : top + ROWS] = _applied(transform, bgr[top : top + ROWS])
    return result


def _applied(transform: tuple[Any, str], bgr: Image) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageCms

    built, mode = transform
    # Grey is stored three times over.
    values = bgr[..., 0] if mode == "L" else bgr[..., ::-1]
    picture = Pillow.fromarray(np.ascontiguousarray(values))
    done = ImageCms.applyTransform(picture, built)
    return np.asarray(done)[..., ::-1]


@lru_cache(maxsize=32)
def _transform(icc: bytes) -> tuple[Any, str] | None:
    """The transform of a profile and the mode of its input; None where there is nothing to do."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        mode = {"RGB": "RGB", "GRAY": "L"}.get(profile.profile.xcolor_space.strip())
        if mode is None:
            return None
        srgb = ImageCms.createProfile("sRGB")
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        built = (ImageCms.buildTransform(profile, srgb, mode, "RGB", intent), mode)
        return None if _does_nothing(built) else built
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _does_nothing(transform: tuple[Any, str]) -> bool:
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    if transform[1] == "L":
        grid = np.repeat(levels.reshape(1, -1, 1), 3, axis=2)
    moved = np.abs(_applied(transform, grid).astype(int) - grid.astype(int)).max()
    return bool(moved <= NEGLIGIBLE)

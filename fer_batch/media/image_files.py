"""What is an image by its name, and where a name says too little by its content."""

from __future__ import annotations

from pathlib import Path

from fer_batch.media.gif_blocks import is_still_gif
from fer_batch.suffixes import IMAGE_SUFFIXES


def is_image(path: Path) -> bool:
    """Whether a file is taken for an image. A GIF is one where it does not move, else a video."""
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES or (suffix == ".gif" and is_still_gif(path))

"""Images in a folder, in the order that people expect."""

from __future__ import annotations

from pathlib import Path

from fer_batch.config import IMAGE_SUFFIXES
from fer_batch.media.hidden import is_hidden


def images_in(folder: Path) -> list[Path]:
    """Images directly in ``folder``, in natural order (``2.png`` before ``10.png``)."""
    import natsort

    found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
    return natsort.natsorted((p for p in found if not is_hidden(p.name)), key=lambda p: p.name)

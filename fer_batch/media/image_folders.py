"""Images in a folder, in the order that people expect."""

from __future__ import annotations

from pathlib import Path

from fer_batch.media.hidden import is_hidden
from fer_batch.media.image_files import is_image


def images_in(folder: Path) -> list[Path]:
    """Images directly in ``folder``, in natural order (``2.png`` before ``10.png``)."""
    import natsort

    found = [p for p in folder.iterdir() if p.is_file() and is_image(p)]
    return natsort.natsorted((p for p in found if not is_hidden(p.name)), key=lambda p: p.name)

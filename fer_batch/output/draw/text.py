"""Anti-aliased text as coverage masks, rasterised once and kept."""

from __future__ import annotations

import unicodedata
from bisect import bisect
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import ImageFont

    from fer_batch.types import Image


ELLIPSIS = "…"


@lru_cache(maxsize=64)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans, which ships inside matplotlib; Pillow's own typeface where it does not.

    Args:
        size: pixels of an em.

    Glyphs are set by Pillow's basic engine. Raqm, which it prefers, is only where libfribidi is
    and sets some of them a pixel apart: two machines would draw two different videos.
    """
    from PIL import ImageFont

    # The folder is looked up without importing matplotlib, which takes half a second.
    spec = find_spec("matplotlib")
    for folder in spec.submodule_search_locations or () if spec else ():
        name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / name
        if path.is_file():
            return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    return ImageFont.load_default(size)


@lru_cache(maxsize=1024)
def text_mask(text: str, size: int, bold: bool = False) -> Image:
    """Coverage of ``text`` on one line, 0 to 255: ``uint8[line height, advance]``.

    All masks of one size have the same height and base line, so they stand beside one another.
    """
    from PIL import Image as Picture
    from PIL import ImageDraw

    face = font(size, bold)
    width = max(int(np.ceil(face.getlength(text))), 1)
    height = line_height(size)
    picture = Picture.new("L", (width, height))
    # Centred on capitals: descenders hang below, as the eye expects of a label.
    ImageDraw.Draw(picture).text(
        (0, (height + cap_height(size, bold)) // 2), text, font=face, fill=255, anchor="ls"
    )
    mask = np.asarray(picture, dtype=np.uint8)
    mask.setflags(write=False)
    return mask


@lru_cache(maxsize=64)
def cap_height(size: int, bold: bool = False) -> int:
    """Height of a capital letter in pixels."""
    from PIL import Image as Picture
    from PIL import ImageDraw

    picture = Picture.new("L", (2 * size, 2 * size))
    ImageDraw.Draw(picture).text((0, 2 * size), "H", font=font(size, bold), fill=255, anchor="ls")
    box = picture.getbbox()
    return box[3] - box[1] if box else size


def line_height(size: int) -> int:
    """Height of a line of text in pixels, room for descenders included."""
    return round(size * 1.3)


@lru_cache(maxsize=4096)
def _shape(character: str) -> bytes:
    return bytes(font(20, bold=True).getmask(character))


def has_shape(character: str) -> bool:
    """Whether the typeface has a picture of ``character``, or it needs none."""
    if not character.isprintable():
        return False
    return character.isspace() or _shape(character) != _shape("\uffff")


def can_set(text: str) -> bool:
    """Whether ``text`` can be read when it is set here: letter after letter from left to right.

    Arabic and Hebrew would stand backwards; Chinese, Japanese or Korean would be empty boxes, the
    same for everybody.
    """
    return all(has_shape(c) and unicodedata.bidirectional(c) not in ("R", "AL", "AN") for c in text)


def that_can_be_set(names: Mapping[int, str]) -> dict[int, str]:
    """``names`` without those that pictures cannot show: who has such a one is a number there."""
    return {who: name for who, name in names.items() if can_set(name)}


def path_that_can_be_set(path: str) -> str:
    """``path`` with an ellipsis in place of each part that pictures cannot show, of which only the
    suffix of a file's name is kept; "" where nothing is left but that."""
    parts = path.split("/")
    shown = [part if can_set(part) else ELLIPSIS for part in parts]
    if shown[-1] == ELLIPSIS:
        suffix = PurePosixPath(parts[-1]).suffix
        shown[-1] += suffix if can_set(suffix) else ""
    return "/".join(shown) if any(part[:1] != ELLIPSIS for part in shown) else ""


def fitted(text: str, room: float, size: int, bold: bool = False) -> str:
    """``text``, or as much of its beginning as ``room`` pixels hold, with an ellipsis."""
    if text_width(text, size, bold) <= room:
        return text

    def width(letters: int) -> int:
        return text_width(text[:letters] + "…", size, bold)

    return text[: max(bisect(range(len(text)), room, key=width) - 1, 0)].rstrip() + "…"


def text_width(text: str, size: int, bold: bool = False) -> int:
    """Width of ``text`` in pixels."""
    return int(text_mask(text, size, bold).shape[1])

"""Cards of cameras: the small copies and the sound that lie beside a recording are no recordings.

A recording that is analysed with its copy stands twice in every table. So in a folder that is
searched a copy is passed over where its recording lies in its place. Alone it is an input.
"""

from __future__ import annotations

import re
from pathlib import Path

COPY = "small copy"
SOUND = "its sound"
LOW_RESOLUTION = ".lrv"
# GL010001.LRV is GoPro's copy of GH010001.MP4 (H.264) or GX010001.MP4 (HEVC).
_GOPRO = ("gh", "gx")
# LRV_20260101_120000_11_001.lrv (or .insv) is Insta360's of VID_20260101_120000_00_001.insv.
_INSTA = re.compile(r"lrv_(.+)_\d\d_(\d+)")
# Sony: SUB/C0001S03.MP4 of CLIP/C0001.MP4. Panasonic P2: PROXY/0001AB.MP4 and the sound
# AUDIO/0001AB00.MXF of VIDEO/0001AB.MXF. Others: Proxy/A001.mov of A001.mov above it.
_SUB = re.compile(r"(.+)s\d\d")
_AUDIO = re.compile(r"(.+)\d\d")
_CARD = ("clip", "video")


class Cards:
    """Looks into the folders beside a file, each once."""

    def __init__(self) -> None:
        self._seen: dict[Path, dict[str, frozenset[str]]] = {}

    def beside_recording(self, path: Path) -> str:
        """What the video file ``path`` is of a recording (``COPY`` or ``SOUND``), "" where it is
        one itself."""
        stem, suffix, folder = path.stem.lower(), path.suffix.lower(), path.parent.name.lower()
        if suffix == LOW_RESOLUTION or _INSTA.fullmatch(stem):
            return COPY if _of_copy(stem) & self._around(path.parent)[""] else ""
        if folder not in ("sub", "proxy", "audio"):
            return ""
        around = self._around(path.parent.parent)
        if folder == "sub" and (named := _SUB.fullmatch(stem)):
            return COPY if named[1] in around["clip"] else ""
        if folder == "proxy":
            return COPY if stem in around["video"] | around[""] else ""
        if folder == "audio" and suffix == ".mxf" and (named := _AUDIO.fullmatch(stem)):
            return SOUND if named[1] in around["video"] else ""
        return ""

    def _around(self, folder: Path) -> dict[str, frozenset[str]]:
        """Names without suffixes, in small letters, of the files in a folder (``""``) and in those
        of ``_CARD`` in it; none where it cannot be read, which is said where it is searched."""
        if folder not in self._seen:
            found = dict.fromkeys(("", *_CARD), frozenset[str]())
            for name, place in (("", folder), *_folders(folder)):
                found[name] |= _stems(place)
            self._seen[folder] = found
        return self._seen[folder]


def _of_copy(stem: str) -> set[str]:
    """What a recording may be called whose small copy is called ``stem``."""
    if named := _INSTA.fullmatch(stem):
        return {f"vid_{named[1]}_{lens}_{named[2]}" for lens in ("00", "10")}
    if stem.startswith("gl"):
        return {stem, *(kind + stem[2:] for kind in _GOPRO)}
    return {stem}


def _folders(folder: Path) -> list[tuple[str, Path]]:
    try:
        return [(one.name.lower(), one) for one in folder.iterdir() if one.name.lower() in _CARD]
    except OSError:
        return []


def _stems(folder: Path) -> frozenset[str]:
    try:
        files = [one for one in folder.iterdir() if one.suffix.lower() != LOW_RESOLUTION]
        return frozenset(one.stem.lower() for one in files if one.is_file())
    except OSError:
        return frozenset()

"""What FFmpeg hands over beside a picture, also of kinds that PyAV has no name for.

PyAV fails at all that lies beside a picture where it does not know one kind of it: FFmpeg's newest,
such as the EXIF of Motion JPEG from cameras. Such kinds get a name that nobody asks for.
"""

from __future__ import annotations

from typing import Any

from av.sidedata.sidedata import Type


def _unknown(kind: type[Type], value: object) -> Any:
    member: Any = object.__new__(kind)
    member._value_, member._name_ = value, f"UNKNOWN_{value}"
    return member


Type._missing_ = classmethod(_unknown)  # type: ignore[method-assign, assignment]


def display_matrix(picture: Any) -> bytes:
    """The nine numbers that say how an ``av.VideoFrame`` is turned; empty where nothing does."""
    found = [data for data in picture.side_data if data.type == Type.DISPLAYMATRIX]
    return bytes(found[0]) if found else b""

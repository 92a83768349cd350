"""The one door for what others wrote: storage, Redis, results folders.

Whoever may write there may write anything. So nothing of it is used before it went through here:
JSON of bounded size and depth, and fields of the types, forms and sizes that fer-batch itself
writes. A field that is not so is named, and its value never becomes part of a path.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any

MOST_BYTES = 256 * 1024 * 1024  # a manifest of a million images
MOST_DEPTH = 32  # fer-batch itself writes no more than eight
MOST_TEXT = 4096  # as long as a path may be
MOST_LINE = 3 * MOST_TEXT  # a warning that names an input and a file in it
MOST_ROWS = 5_000_000
MOST_WHOLE = 2**53  # what JSON's numbers hold exactly

_HEX64 = re.compile(r"[0-9a-f]{64}")
# Control characters, halves of surrogates, and what turns the direction of writing.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Refused(ValueError):
    """A value is not of the form that fer-batch writes; ``str(error)`` says which and why."""


def parse_json(data: bytes | str, most: int = MOST_BYTES, depth: int = MOST_DEPTH) -> Any:
    """The value of a JSON text.

    Raises:
        Refused: no JSON, longer than ``most`` bytes, or nested deeper than ``depth``.
    """
    if len(data) > most:
        raise Refused(f"longer than {most} bytes")
    try:
        value = json.loads(data, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise Refused(f"nested deeper than {depth}") from None
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"not JSON ({str(error)[:80]})") from error
    level: list[Any] = [value]
    for _ in range(depth + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return value
    raise Refused(f"nested deeper than {depth}")


def _finite(text: str) -> float:
    """JSON has no NaN and no infinity, though Python's parser takes them, and 1e999 as well."""
    value = float(text)
    if not math.isfinite(value):
        raise Refused(f"{text[:20]} is not a number")
    return value


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file; a link is not followed, a device or pipe never opened to read.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        Refused: not a regular file, or larger than ``most`` bytes.
    """
    with open(open_regular(path), "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Refused(f"larger than {most} bytes")
    return data


def open_regular(path: Path) -> int:
    """A descriptor of a regular file, opened for reading.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be opened; a link to elsewhere is an OSError (ELOOP).
        Refused: something else, such as a device, a pipe or a folder.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("not a regular file")
    return descriptor


def is_hex64(value: object) -> bool:
    """Whether ``value`` is a SHA-256 as text."""
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None


def hex64(value: object, field: str = "sha256") -> str:
    """A SHA-256 as text."""
    if not isinstance(value, str) or not _HEX64.fullmatch(value):
        raise Refused(f"{field} is not a SHA-256")
    return value


def text(value: object, field: str, most: int = MOST_TEXT) -> str:
    """Text of bounded length, any characters."""
    if not isinstance(value, str) or len(value) > most:
        raise Refused(f"{field} is not text of at most {most} characters")
    return value


def line(value: object, field: str, most: int = MOST_TEXT) -> str:
    """Text of bounded length without control characters."""
    found = text(value, field, most)
    if _UNSEEN.search(found):
        raise Refused(f"{field} holds control characters")
    return found


def name(value: object, field: str = "name") -> str:
    """The name of one file: no separators, no dots alone, no control characters that end it."""
    found = text(value, field, 255)
    if found in ("", ".", "..") or any(c in found for c in "/\\\0"):
        raise Refused(f"{field} is not the name of a file")
    return found


def place(value: object, field: str = "name") -> str:
    """A path that stays below where it is put: names joined by ``/``."""
    found = text(value, field)
    for part in found.split("/"):
        name(part, field)
    return found


def whole(value: object, field: str, low: int = 0, high: int = MOST_WHOLE) -> int:
    """A whole number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refused(f"{field} is not a whole number from {low} to {high}")
    return value


def number(value: object, field: str, low: float = -1e300, high: float = 1e300) -> float:
    """A finite number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"{field} is not a number")
    if not low <= value <= high or not math.isfinite(value):
        raise Refused(f"{field} is not a number from {low:g} to {high:g}")
    return float(value)


def flag(value: object, field: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Refused(f"{field} is neither true nor false")
    return value


def record(value: object, field: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Refused(f"{field} is not an object of names and values")
    return value


def rows(value: object, field: str, most: int = MOST_ROWS) -> list[Any]:
    """A JSON array of at most ``most`` values."""
    if not isinstance(value, (list, tuple)) or len(value) > most:
        raise Refused(f"{field} is not a list of at most {most}")
    return list(value)


def lines(value: object, field: str, most: int = 10_000) -> tuple[str, ...]:
    """A list of texts, such as warnings."""
    return tuple(text(one, field, MOST_LINE) for one in rows(value, field, most))


def one_of(value: object, field: str, known: tuple[str, ...]) -> str:
    """One of the words that are ``known``."""
    if not isinstance(value, str) or value not in known:
        raise Refused(f"{field} is unknown; choose from {', '.join(known)}")
    return value

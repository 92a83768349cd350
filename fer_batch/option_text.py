"""How the texts of options are read as values, and such values checked.

A function that reads raises ValueError with the end of a sentence that begins with the text.
"""

from __future__ import annotations

NO_RANGE = "is not START-STOP in seconds, such as 12.5-17"


def parse_names(text: str) -> tuple[str, ...]:
    """Names from a comma-separated list, each without the spaces around it."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def check_names(names: tuple[str, ...]) -> None:
    """Refuse what is no text.

    Raises:
        ValueError: one of them is none.
    """
    if not all(isinstance(name, str) and len(name) <= 200 for name in names):
        raise ValueError("is not a list of names")


def check_lines(lines: tuple[str, ...]) -> None:
    """Refuse what are no lines of a text file.

    Raises:
        ValueError: they are not.
    """
    if not isinstance(lines, tuple) or not all(
        isinstance(line, str) and len(line) <= 1000 and "\0" not in line for line in lines
    ):
        raise ValueError("is not a list of lines")


def parse_seconds(text: str) -> tuple[float, float]:
    """Two times in seconds from ``START-STOP``; (0, 0) from an empty text.

    Raises:
        ValueError: not two numbers.
    """
    if not text:
        return 0.0, 0.0
    try:
        start, stop = (float(part) for part in text.split("-"))
    except ValueError:
        raise ValueError(NO_RANGE) from None
    check_seconds((start, stop))
    return start, stop


def show_seconds(seconds: tuple[float, float]) -> str:
    """The inverse of ``parse_seconds``."""
    return "-".join(f"{t:g}" for t in seconds) if any(seconds) else ""


def check_seconds(seconds: tuple[float, float]) -> None:
    """Refuse times that are not two rising numbers; (0, 0) stands for none.

    Raises:
        ValueError: they are not.
    """
    if seconds == (0, 0):
        return
    try:
        start, stop = seconds
        good = 0 <= start < stop < 1e9
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(NO_RANGE)


def parse_time(text: str) -> float:
    """Seconds from a number of them, or from ``MM:SS`` or ``H:MM:SS`` with decimals.

    Raises:
        ValueError: neither.
    """
    parts = text.strip().split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    good = 1 <= len(numbers) <= 3 and all(0 <= n < 1e9 for n in numbers)
    if not good or any(n >= 60 for n in numbers[1:]):
        raise ValueError("is not a time in seconds or H:MM:SS, such as 75.5 or 0:01:15.5")
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60 + number
    return seconds


NO_CROP = "is not X,Y,WIDTH,HEIGHT in pixels, such as 0,0,640,720"


def parse_crop(text: str) -> tuple[int, int, int, int]:
    """Left, top, width and height; all 0 from an empty text.

    Raises:
        ValueError: not four whole numbers.
    """
    if not text:
        return 0, 0, 0, 0
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(NO_CROP) from None
    check_crop((left, top, width, height))
    return left, top, width, height


def show_crop(crop: tuple[int, int, int, int]) -> str:
    """The inverse of ``parse_crop``."""
    return ",".join(map(str, crop)) if any(crop) else ""


def check_crop(crop: tuple[int, int, int, int]) -> None:
    """Refuse what is no piece of a picture; all 0 stand for the whole.

    Raises:
        ValueError: it is none.
    """
    if tuple(crop) == (0, 0, 0, 0):
        return
    try:
        _, _, width, height = crop
        good = all(type(n) is int and 0 <= n < 1 << 16 for n in crop) and width and height
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(NO_CROP)

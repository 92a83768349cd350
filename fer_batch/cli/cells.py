"""Texts in the cells of a terminal: Chinese and Japanese characters and most emoji take two, signs
that stand on others none. Nothing that is aligned or cut is counted in characters.

Each function takes a text on one line (``one_line``), since codes of a terminal have no width.
"""

from __future__ import annotations

import shutil
import sys

from rich.cells import cell_len

# Signs that join what stands on both sides of them: a zero-width joiner, choices of a form.
_JOINS = "\u200d\ufe0e\ufe0f"


def width(text: str) -> int:
    """How many cells ``text`` takes."""
    return cell_len(text)


def padded(text: str, cells: int, right: bool = False) -> str:
    """``text`` with spaces behind it, or before it where it stands on the ``right``, so that it
    takes so many ``cells``; longer ones stay."""
    space = " " * (cells - width(text))
    return space + text if right else text + space


def end_of(text: str, cells: int) -> str:
    """The end of ``text`` in at most so many ``cells`` (one at least), with an ellipsis in place
    of the rest: of a path it tells more than the beginning. No sign is parted from its letter."""
    if width(text) <= cells:
        return text
    start = len(text)
    while start and width(text[start - 1 :]) < cells:
        start -= 1
    while start < len(text) and _belongs_to_last(text, start):
        start += 1
    return "…" + text[start:]


def start_of(text: str, cells: int) -> str:
    """The beginning of ``text`` in at most so many ``cells`` (one at least), whole where it fits,
    else with an ellipsis behind."""
    if width(text) <= cells:
        return text
    return _first(text, cells - 1) + "…"


def wrapped(text: str, cells: int) -> list[str]:
    """``text`` in lines of at most so many ``cells`` (two at least), parted between words where
    that can be."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer) <= cells:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while width(word) > cells:
            lines[-1] = _first(word, cells)
            word = word[len(lines[-1]) :]
            lines.append("")
        lines[-1] = word
    return lines


def _first(text: str, cells: int) -> str:
    """As much of the beginning of ``text`` as fits, a character at least."""
    end = 0
    while end < len(text) and width(text[: end + 1]) <= cells:
        end += 1
    while end > 1 and end < len(text) and _belongs_to_last(text, end):
        end -= 1
    return text[: max(end, 1)]


def _belongs_to_last(text: str, index: int) -> bool:
    """Whether the character there is drawn into the cells of the one before."""
    one = text[index]
    return width(one) == 0 or one in _JOINS or (index > 0 and text[index - 1] == "\u200d")


def terminal_columns() -> int:
    """Columns of the terminal that standard output goes to; 0 where it goes elsewhere, and lines
    stay whole."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0

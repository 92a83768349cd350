"""Strangers' texts as one line that a terminal can show and a table can hold.

Names of files, labels, errors of libraries and whatever else comes from storage or Redis may hold
line breaks, codes that take over a terminal, signs that turn the direction of writing, bytes that
are no Unicode, and formulas. ``one_line`` is what everything that is printed goes through, ``cell``
what every free text goes through that is written into a table.
"""

from __future__ import annotations

import re

# C0, DEL, C1 (U+009B begins a code as ESC [ does), halves of surrogates, separators of lines, and
# what is not seen but turns or joins what stands beside it (Unicode's bidirectional controls).
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# What spreadsheets take for the beginning of a formula, full-width forms too.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


def one_line(text: str) -> str:
    """``text`` on one line, what is no printable character as an escape such as ``\\u001b``."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cell(text: str) -> str:
    """``text`` as a cell of a table: one line, and no formula to any spreadsheet.

    What would be taken for one gets an apostrophe in front, by which spreadsheets know a text.
    Numbers stay numbers. ``cell(cell(text)) == cell(text)``.
    """
    line = one_line(text)
    if _FORMULA.match(line) and not _NUMBER.fullmatch(line):
        return f"'{line}"
    return line


def show(line: str) -> None:
    """Print one line, whatever it holds; what long work says where no command asked for more."""
    print(one_line(line), flush=True)


def about(path: str, line: str) -> str:
    """``line`` with the input at ``path`` in front, unless it names it or a file in it itself."""
    return line if line.startswith(path) else f"{path}: {line}"

"""Strangers' texts: nothing that a terminal obeys, nothing that a spreadsheet computes."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fer_batch.printable import cell, one_line

CODES = ["\x1b[31m", "\x9b31m", "\x07", "\r", "\n", "\x85", "\u2028", "\u202e", "\u2066", "\ud800"]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "-x.jpg", "--help"]


@given(st.text())
@example("".join(CODES))
def test_one_line_is_printable_and_one_line(text: str) -> None:
    found = one_line(text)
    assert len(found.splitlines()) <= 1
    assert not [c for c in found if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [c for c in found if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE")]
    assert one_line(found) == found


@pytest.mark.parametrize("text", ["Zürich 😀.mp4", "a b", "日本.png", "שלום", "e\u0301"])
def test_what_people_write_stays(text: str) -> None:
    assert one_line(text) == cell(text) == text


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_texts(formula: str) -> None:
    assert cell(formula)[0] in "'\\"
    assert cell(cell(formula)) == cell(formula)


@given(st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.integers().map(str))
@example("-0.5")
@example("+1")
def test_numbers_stay_numbers(number: str) -> None:
    assert cell(number) == number


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    found = cell(text)
    assert cell(found) == found
    bare = found.strip()
    number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", found)
    assert number or not bare.startswith(tuple("=+-@＝＋－＠")) or found.startswith("'")


def test_commands_print_by_one_way() -> None:
    """Whoever adds a command cannot forget it."""
    folder = Path(__file__).parents[1] / "fer_batch" / "cli"
    found = [
        f"{file.relative_to(folder)}: {line.strip()}"
        for file in folder.rglob("*.py")
        if file.name != "console.py"
        for line in file.read_text("utf-8").splitlines()
        if re.search(r"typer\.echo\(|(?<!\w)print\(", line) and "console.print" not in line
    ]
    assert not [line for line in found if "_console" not in line], found

"""Texts are aligned and cut by the cells that they take, whatever they are written in."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from fer_batch.cli import cells, main
from fer_batch.cli.cells import end_of, padded, start_of, wrapped
from fer_batch.cli.commands import register
from fer_batch.printable import one_line

PATHS = (
    "/films/a long study/part one.mp4",
    "/映画/長い研究の名前/第一部分の動画ファイル.mp4",
    "/e\u0301te\u0301/a\u0300 la plage avec tous les autres.mp4",
    "/👨‍👩‍👧/👍🏽👍🏽👍🏽👍🏽🇩🇪❤️❤️❤️❤️❤️.mp4",
)
texts = st.text(max_size=80).map(one_line) | st.sampled_from(PATHS)


@given(texts, st.integers(2, 60))
def test_what_is_cut_fits_and_is_no_shorter_than_need_be(text: str, width: int) -> None:
    end, start = end_of(text, width), start_of(text, width)
    if cell_len(text) <= width:
        assert end == start == text
        return
    assert end[0] == "…" == start[-1]
    assert text.endswith(end[1:]) and text.startswith(start[:-1])
    assert cell_len(end) <= width
    assert cell_len(start) <= max(width, cell_len(text[0]) + 1)


@pytest.mark.parametrize("path", PATHS)
def test_ends_take_all_the_room(path: str) -> None:
    for width in range(10, cell_len(path)):
        assert cell_len(end_of(path, width)) in (width - 1, width)
        assert cell_len(padded(end_of(path, width), width)) == width


def test_no_sign_is_parted_from_its_letter() -> None:
    assert [end_of("xxe\u0301", n) for n in (1, 2)] == ["…", "…e\u0301"]
    assert end_of("12345👍🏽", 3) == "…👍🏽" and end_of("12345👍🏽", 2) == "…"
    assert start_of("e\u0301xxx", 2) == "e\u0301…"


@given(texts, st.integers(2, 60))
def test_lines_hold_every_word_and_fit(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("columns", [40, 62, 100])
@pytest.mark.parametrize("words", [("models",), ("models", "ferplus3-int8"), ("doctor",)])
def test_lists_stay_inside_the_terminal(
    columns: int, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(main.app)
    whole = CliRunner().invoke(main.app, list(words)).stdout
    monkeypatch.setattr(cells, "terminal_columns", lambda: columns)
    shown = CliRunner().invoke(main.app, list(words)).stdout
    assert max(map(cell_len, shown.splitlines())) <= columns
    # All is there, though a path may be parted.
    assert _only_text(shown) == _only_text(whole)


def _only_text(printed: str) -> str:
    return "".join(printed.split())


def test_a_pipe_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert not sys.stdout.isatty() or os.environ.get("TERM") is None
    assert cells.terminal_columns() == 0

"""The bar of what goes to the storage or comes from there, on a real terminal and in a file."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from rich.cells import cell_len

from fer_batch.cli.queue.transfer import transfer

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def moved(word: str) -> None:
    """What a command does that sends 3 MB."""
    with transfer(word) as say:
        for done in range(0, 3_000_001, 1_000_000):
            say(done, 3_000_000)


def on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of so many columns gets to show."""
    ours, theirs = os.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", terminal)
        moved("sending")
    shown = b""
    # A terminal gives what it has, piece by piece, and an error where all has been read.
    with suppress(OSError):
        while piece := os.read(ours, 1 << 16):
            shown += piece
    os.close(ours)
    return shown.decode()


@pytest.mark.parametrize("columns", [40, 62, 80, 120])
def test_a_terminal_shows_how_much_is_there(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = CONTROL.sub("", on_a_terminal(columns, monkeypatch)).replace("\r", "\n").split("\n")
    assert max(map(cell_len, lines)) <= columns
    (last,) = {line.strip() for line in lines if "3.0/3.0 MB" in line} or {""}
    assert last.startswith("sending ")
    assert last.endswith("/s") is (columns >= 80)


def test_the_bar_is_gone_when_all_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_a_terminal(80, monkeypatch)
    erased = "\x1b[2K"
    assert erased in shown[shown.rindex("3.0/3.0 MB") :]


def test_a_file_gets_no_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log.txt").open("w") as log:
        monkeypatch.setattr("sys.stderr", log)
        moved("sending")
    assert (tmp_path / "log.txt").read_text() == ""

"""Where results cannot be drawn again is said before anything is done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fer_batch.cli import render
from fer_batch.errors import OutputPathError


def test_results_that_cannot_be_written_to_are_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    theirs.mkdir()
    render.check_writable([mine, theirs])
    monkeypatch.setattr(os, "access", lambda path, mode: path != theirs or mode != os.W_OK)
    with pytest.raises(OutputPathError, match=r"theirs: cannot be written to.*copy the results"):
        render.check_writable([mine, theirs])

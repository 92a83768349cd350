"""Which results lie in a folder, and which of their records are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.errors import NotFoundError
from fer_batch.output.foreign import read_summary_file
from fer_batch.output.stored import holds_results, stored_results
from tests.output.report import made


def put(out: Path, *names: str) -> None:
    for name in names:
        timeline = made.timeline(4)
        facts = made.summary_of(timeline)
        facts["input"] |= {"sha256": (name.encode().hex() * 64)[:64]}
        (out / name).mkdir(parents=True)
        made.store(out / name, timeline, facts)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The records that are read, in order."""
    seen: list[Path] = []

    def noted(path: Path) -> dict[str, object]:
        seen.append(path)
        return read_summary_file(path)

    monkeypatch.setattr("fer_batch.output.stored.read_summary_file", noted)
    return seen


def test_one_record_says_that_results_are_there(tmp_path: Path, reads: list[Path]) -> None:
    assert not holds_results(tmp_path) and not holds_results(tmp_path / "none")
    put(tmp_path, "a", "b/c", "d")
    assert holds_results(tmp_path) and len(reads) == 1


def test_results_to_leave_out_are_not_read(tmp_path: Path, reads: list[Path]) -> None:
    put(tmp_path, "a10", "a9", "deep/b")
    assert [r.name for r in stored_results(tmp_path)] == ["a9", "a10", "deep/b"]
    reads.clear()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a9")
    found = stored_results(tmp_path, besides={link.resolve(), (tmp_path / "deep").resolve()})
    assert [r.name for r in found] == ["a10"]
    assert [path.parent.name for path in reads] == ["a10"]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no such folder"):
        stored_results(tmp_path / "none")

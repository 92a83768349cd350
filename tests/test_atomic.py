"""Nothing half-written ever bears a final name."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from fer_batch.atomic import (
    atomic_path,
    flushed_together,
    is_temporary,
    write_error,
    write_text,
)
from fer_batch.errors import NoSpaceError, OutputPathError


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("letter", ["x", "é", "😀"])
def test_the_longest_name_has_a_temporary_one(letter: str, tmp_path: Path) -> None:
    stem = letter * (251 // len(letter.encode()))
    with atomic_path(tmp_path / f"{stem}.jpg") as temporary:
        temporary.write_text("whole")
    assert names_in(tmp_path) == [f"{stem}.jpg"]


def test_the_file_appears_with_all_its_content(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "timeline.csv"
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
        assert temporary.parent == target.parent and temporary.suffix == ".csv"
        assert is_temporary(temporary.name)
    assert target.read_text() == "whole"
    assert names_in(target.parent) == ["timeline.csv"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError("odd")])
def test_an_error_leaves_what_was_there_and_nothing_else(
    error: BaseException, tmp_path: Path
) -> None:
    target = tmp_path / "summary.json"
    target.write_text("before")
    with pytest.raises(type(error)), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "before"
    assert names_in(tmp_path) == ["summary.json"]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "shard.npz"
    with atomic_path(target) as one, atomic_path(target) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert target.read_text() in ("one", "other")
    assert names_in(tmp_path) == ["shard.npz"]


def test_a_body_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x.csv"):
        pass
    assert names_in(tmp_path) == []


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    target = tmp_path / "timeline.csv"
    with (
        pytest.raises(
            NoSpaceError, match=r"timeline\.csv: no space left.*the same command again"
        ) as caught,
        atomic_path(target) as temporary,
    ):
        # The kernel's own refusal.
        temporary.symlink_to("/dev/full")
        with temporary.open("w") as file:
            file.write("x" * 100_000)
    assert caught.value.retryable
    assert not target.is_symlink() and names_in(tmp_path) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_by_errno(code: int, tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError), atomic_path(tmp_path / "x") as temporary:
        temporary.write_text("half")
        raise OSError(code, os.strerror(code))
    assert names_in(tmp_path) == []


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputPathError, match=r"x\.csv: .*choose another place for the results$"):
        write_text(tmp_path / "file" / "x.csv", "text")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputPathError, match=r"folder\.csv"):
        write_text(tmp_path / "folder.csv", "text")
    assert (tmp_path / "file").read_text() == "mine"
    assert names_in(tmp_path) == ["file", "folder.csv"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_places_that_may_not_be_written_to(code: int) -> None:
    error = write_error(OSError(code, os.strerror(code)), Path("out/x.csv"))
    assert isinstance(error, OutputPathError)
    assert str(error).startswith("out/x.csv: ") and "\n" not in str(error)


def test_other_errors_stay_what_they_are() -> None:
    error = OSError(errno.EIO, "Input/output error")
    assert write_error(error, Path("x")) is error


def test_a_killed_process_leaves_no_final_name(tmp_path: Path) -> None:
    code = f"""
        import os, signal
        from pathlib import Path
        from fer_batch.atomic import atomic_path
        with atomic_path(Path({str(tmp_path)!r}) / "timeline.csv") as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    left = names_in(tmp_path)
    assert len(left) == 1 and is_temporary(left[0])


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "x.txt", "a\r\nß\n")
    assert (tmp_path / "x.txt").read_bytes() == "a\r\nß\n".encode()


def test_long_names(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250 + ".csv")
    write_text(target, "text")
    assert target.read_text() == "text"
    wide = tmp_path / ("ü" * 120 + ".csv")
    write_text(wide, "text")
    assert names_in(tmp_path) == sorted([target.name, wide.name])


class Flushed:
    """Notes which files were flushed, and lets the disk be full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        self.full = ""
        real = os.fsync

        def fsync(descriptor: int) -> None:
            name = Path(f"/proc/self/fd/{descriptor}").readlink().name
            if name == self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(descriptor)
            self.names.append(name)

        monkeypatch.setattr(os, "fsync", fsync)


def test_files_are_flushed_before_they_get_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Flushed(monkeypatch)
    write_text(tmp_path / "a.csv", "a")
    write_text(tmp_path / "b.csv", "b", durable=False)
    assert len(flushed.names) == 1 and is_temporary(Path(flushed.names[0]).name)


def test_files_written_together_are_flushed_by_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Flushed(monkeypatch)
    names = [f"{number}.csv" for number in range(20)]
    with flushed_together():
        for name in names:
            write_text(tmp_path / name, name)
        write_text(tmp_path / "timing.json", "0", durable=False)
        assert names_in(tmp_path) == sorted([*names, "timing.json"])
    # Once each, and under their final names: nobody waited for the disk before going on.
    assert sorted(flushed.names) == sorted(names)
    write_text(tmp_path / "summary.json", "{}")
    assert is_temporary(Path(flushed.names[-1]).name)


def test_files_written_together_are_flushed_while_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, real = threading.Event(), threading.Event(), os.fsync

    def fsync(descriptor: int) -> None:
        begun.set()
        assert may_end.wait(30)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with flushed_together():
        write_text(tmp_path / "a.csv", "a")
        assert begun.wait(30)
        write_text(tmp_path / "b.csv", "b")  # does not wait for the first
        may_end.set()
    assert names_in(tmp_path) == ["a.csv", "b.csv"]


def test_an_error_within_is_not_hidden_and_the_next_file_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Flushed(monkeypatch)
    with pytest.raises(KeyError), flushed_together():
        write_text(tmp_path / "a.csv", "a")
        raise KeyError
    before = len(flushed.names)
    write_text(tmp_path / "b.csv", "b")
    assert len(flushed.names) == before + 1 and is_temporary(flushed.names[-1])


def test_a_disk_that_is_full_when_flushed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Flushed(monkeypatch)
    flushed.full = "a.csv"
    with pytest.raises(NoSpaceError, match=r"a\.csv"), flushed_together():
        write_text(tmp_path / "a.csv", "a")
        write_text(tmp_path / "b.csv", "b")

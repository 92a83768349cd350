"""An input that is replaced while it is worked on fails with one line and leaves nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fer_batch.config import RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.build import Engine
from tests.faults.cluster import Silence
from tests.footage import pictures, videos

OUTPUTS = ("csv", "video", "summary")


class At(Silence):
    """Does something once when a stage begins."""

    def __init__(self, stage: str, act: Callable[[], object]) -> None:
        self.name, self.act = stage, act

    def stage(self, number: int, name: str, frames: int) -> None:
        if name == self.name:
            self.name = ""
            self.act()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("films_of_tests")
    frames = pictures.two_faces(12)
    one = videos.write(folder / "one.mp4", frames, videos.Recipe())
    return one, videos.write(folder / "other.mp4", frames[::-1], videos.Recipe())


def run(path: Path, out: Path, observer: Silence) -> ItemResult:
    item = ItemSpec(str(path), "in", outputs=OUTPUTS)
    return run_items([item], out, Engine(RunSettings()), "keep", observer)[0]


def replaced(path: Path, by: Path) -> None:
    new = path.with_name("new")
    shutil.copyfile(by, new)
    new.replace(path)


def rewritten(path: Path, by: Path) -> None:
    """In place, of the same length, with its times set back: only the content tells."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-40] ^= 255
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def appended(path: Path, by: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0\0\0\x08free")


def removed(path: Path, by: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("stage", ["analyze", "render", "finish"])
@pytest.mark.parametrize("change", [replaced, rewritten, appended, removed])
def test_a_changed_input_is_one_line(
    stage: str,
    change: Callable[[Path, Path], None],
    films: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    one, other = films
    path, out = tmp_path / "clip.mp4", tmp_path / "out"
    shutil.copyfile(one, path)
    result = run(path, out, At(stage, lambda: change(path, other)))
    assert result.state == "failed" and "\n" not in result.error
    assert (result.code, "was changed while" in result.error) == ("changed", True), result
    assert not (out / "in").exists(), "nothing of two films is left"
    # What comes next is of one film alone.
    shutil.copyfile(other, path)
    assert run(path, out, Silence()).state == "done"


def test_an_image_of_a_folder_counts(tmp_path: Path) -> None:
    import cv2

    folder = tmp_path / "photos"
    folder.mkdir()
    for number, picture in enumerate(pictures.two_faces(3)):
        cv2.imwrite(str(folder / f"{number}.png"), picture)

    def change() -> None:
        (folder / "2.png").write_bytes((folder / "1.png").read_bytes())

    result = run(folder, tmp_path / "out", At("render", change))
    assert result.code == "changed" and "2.png" in result.error
    (folder / "unseen.txt").write_text("")
    assert run(folder, tmp_path / "out", Silence()).state == "done"

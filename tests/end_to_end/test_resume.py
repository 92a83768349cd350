"""What is finished is used again, what is not is finished; interrupted runs can go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import PROGRAM, fer_batch, leftovers
from tests.footage import pictures, videos


def states(out: Path, *arguments: str | Path) -> tuple[int, list[str]]:
    done = fer_batch("run", *arguments, "-o", out, "--json")
    return done.returncode, [i["state"] for i in json.loads(done.stdout)["items"]]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds of two people: some seconds of work."""
    frames = pictures.two_faces(50)
    there_and_back = [*frames, *reversed(frames)]
    return videos.write(tmp_path_factory.mktemp("long_of_tests") / "long.mp4", there_and_back * 10)


def test_results_are_used_again_only_if_they_are_of_this_work(
    face_clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    only = ("--outputs", "csv,plot,summary")
    assert states(out, face_clip, *only) == (0, ["done"])
    timeline = out / "two people" / "timeline.csv"
    written = timeline.stat().st_mtime_ns
    assert states(out, face_clip, *only) == (0, ["reused"])
    assert states(out, face_clip, *only, "--resume") == (0, ["reused"])
    assert timeline.stat().st_mtime_ns == written
    # Other settings: refused as such, with --resume too; replaced with --overwrite.
    assert states(out, face_clip, *only, "--every", "5") == (1, ["failed"])
    assert states(out, face_clip, *only, "--every", "5", "--resume") == (1, ["failed"])
    assert timeline.stat().st_mtime_ns == written
    assert states(out, face_clip, *only, "--every", "5", "--overwrite") == (0, ["done"])
    assert "skipped" in timeline.read_text()
    # A result that is gone or was changed is made again.
    (out / "two people" / "timeline.png").unlink()
    assert states(out, face_clip, *only, "--every", "5", "--resume") == (0, ["done"])
    assert (out / "two people" / "timeline.png").is_file()
    content = timeline.read_bytes()
    timeline.write_bytes(content.replace(b"skipped", b"no_face"))
    assert states(out, face_clip, *only, "--every", "5", "--resume") == (0, ["done"])
    assert timeline.read_bytes() == content
    assert states(out, face_clip, *only, "--every", "5", "--overwrite") == (0, ["done"])


def test_another_input_of_the_same_name_has_its_own_place(face_clip: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1" / "x.mp4", tmp_path / "2" / "x.mp4"
    for path, frames in ((first, 10), (second, 12)):
        path.parent.mkdir()
        videos.write(path, pictures.two_faces(50)[:frames])
    assert states(tmp_path / "out", first, "--outputs", "csv,summary") == (0, ["done"])
    # It gets a place of its own, and both keep theirs.
    for _ in range(2):
        for path, known in ((second, "2/x"), (first, "x")):
            assert states(tmp_path / "out", path, "--outputs", "csv,summary")[0] == 0
            record = json.loads((tmp_path / "out" / known / "summary.json").read_text())
            assert record["input"]["path"] == str(path)
    rows = (tmp_path / "out" / "summary.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["2/x", "x"]


@pytest.mark.parametrize("when", ["analyze", "render"])
def test_interrupted_and_gone_on(when: str, long_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = ("--segment-frames", "100", "--outputs", "csv,video,summary")
    command = [PROGRAM, "run", long_clip, "-o", out, *settings]
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wanted = "shards/[0-9]*.npz" if when == "analyze" else "parts/[0-9]*.mp4"
    deadline = time.monotonic() + 120
    while not list((out / "long" / ".work").glob(wanted)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors and "--resume" in said
    kept = sorted((out / "long" / ".work").glob(wanted))
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert before and not (out / "long" / "timeline.csv").exists()
    assert not [p for p in out.rglob("*") if ".part-" in p.name]
    # What was finished is not made again.
    again = subprocess.Popen(
        [*map(str, command), "--resume"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert leftovers(out) == []
    clean = tmp_path / "clean"
    assert fer_batch("run", long_clip, "-o", clean, *settings).returncode == 0
    timeline = Path("long", "timeline.csv")
    assert (out / timeline).read_bytes() == (clean / timeline).read_bytes()


def test_killed_and_gone_on(long_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = ("--segment-frames", "100", "--outputs", "csv,summary")
    command = [PROGRAM, "run", long_clip, "-o", out, *settings]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list((out / "long" / ".work").glob("shards/[0-9]*.npz")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    done = fer_batch("run", long_clip, "-o", out, *settings, "--resume")
    assert done.returncode == 0, done.stderr
    assert leftovers(out) == []

"""Drawn again from stored results: other pictures, the same numbers, no inference."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from tests.end_to_end.conftest import fer_batch, leftovers
from tests.footage import oracle


@pytest.fixture(scope="module")
def analysed(face_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("analysed")
    clip = out / "clip.mp4"
    clip.write_bytes(face_clip.read_bytes())
    done = fer_batch("run", clip, "-o", out / "out", "--outputs", "csv,video,gif,summary")
    assert done.returncode == 0, done.stderr
    return out


def picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == 20:
                return frame.to_ndarray(format="gray")
    raise AssertionError("too short")


def test_faces_are_blurred_and_nothing_is_analysed(analysed: Path) -> None:
    folder = analysed / "out" / "clip"
    numbers = (folder / "timeline.csv").read_bytes()
    before = picture(folder / "annotated.mp4")
    done = fer_batch("render", folder, "--blur-faces", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"][0]["state"] == "done"
    after = picture(folder / "annotated.mp4")
    assert (folder / "timeline.csv").read_bytes() == numbers
    rows = [line.split(",") for line in numbers.decode().splitlines() if line.startswith("20,")]
    assert len(rows) == 2
    for row in rows:
        x, y, w, h = (round(float(v)) for v in row[4:8])
        inner = np.s_[y + h // 3 : y + 2 * h // 3, x + w // 4 : x + 3 * w // 4]
        # What makes a face a face is gone: edges.
        sharp, soft = (np.abs(np.diff(p[inner].astype(int))).mean() for p in (before, after))
        assert soft < 0.7 * sharp
    # Away from the faces nothing has changed.
    assert np.abs(before[-20:].astype(int) - after[-20:]).mean() < 3
    assert len(oracle.decoded(folder / "annotated.mp4")) == 50
    assert oracle.has_sound(folder / "annotated.mp4")
    timings = json.loads((folder / "summary.json").read_text())["timings"]
    assert timings["total_s"] > 0
    assert leftovers(analysed / "out") == []


def test_all_results_at_once_and_a_range_for_the_gif(analysed: Path) -> None:
    done = fer_batch("render", analysed / "out", "--gif-range", "0.5-1.0", "--outputs", "gif")
    assert done.returncode == 0, done.stderr
    gif = oracle.decoded(analysed / "out" / "clip" / "preview.gif")
    assert 0.2 < gif.times[-1] <= 0.6
    # What else was there is still there, drawn alike.
    names = {p.name for p in (analysed / "out" / "clip").iterdir()}
    assert names == {
        ".timeline.npz",
        "annotated.mp4",
        "preview.gif",
        "summary.json",
        "timeline.csv",
    }


def test_hidden_faces_are_shown_where_that_is_said_and_never_else(
    face_clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    folder = out / "two people"
    asked = ("run", face_clip, "-o", out, "--outputs", "video,summary")
    assert fer_batch(*asked, "--blur", "others").returncode == 0

    def hidden() -> list[str]:
        settings = json.loads((folder / "summary.json").read_text())["settings"]
        return [str(who) for who in settings["render"]["blur"]]

    hiding = (folder / "annotated.mp4").read_bytes()
    done = fer_batch("render", out, "--crf", "24")
    assert done.returncode == 0 and "unrecognisable in two people; --show-faces" in done.stdout
    assert hidden() == ["others"]
    # Nor does a run without the wish, whether it is new or goes on.
    for more in ([], ["--resume"]):
        refused = fer_batch(*asked, *more)
        assert refused.returncode == 1 and len(refused.stderr.splitlines()) == 1
        assert "faces are unrecognisable there (--blur others); say so again" in refused.stderr
    assert fer_batch(*asked, "--resume", "--blur", "others").returncode == 0
    assert (folder / "annotated.mp4").read_bytes() == hiding
    assert fer_batch("render", out, "--blur", "1").returncode == 0 and hidden() == ["1"]
    both = fer_batch("render", out, "--blur", "all", "--show-faces")
    assert both.returncode == 2 and "exclude each other" in both.stderr
    assert fer_batch("render", out, "--show-faces").returncode == 0 and hidden() == []


def test_where_there_is_nothing_to_draw(analysed: Path, tmp_path: Path) -> None:
    done = fer_batch("render", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"fer-batch: {tmp_path}: holds no results")
    wrong = fer_batch("render", analysed / "out", "--labels", "cheerful")
    assert wrong.returncode == 2 and len(wrong.stderr.splitlines()) == 1


def test_what_can_be_drawn_is_drawn_beside_what_cannot(analysed: Path, tmp_path: Path) -> None:
    folder = analysed / "out" / "clip"
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "summary.json").write_text("no summary")
    done = fer_batch("render", tmp_path / "nosuch", damaged, folder, "--threshold", "0.8")
    assert done.returncode == 1 and "1 of 3 done, 2 failed" in done.stdout, done
    assert "nosuch: there is no such folder" in done.stderr and "is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    drawn = json.loads((folder / "summary.json").read_text())["settings"]["render"]
    assert drawn["threshold"] == 0.8


def test_the_video_must_still_be_there(analysed: Path) -> None:
    clip = analysed / "clip.mp4"
    clip.rename(analysed / "moved.mp4")
    try:
        done = fer_batch("render", analysed / "out", "--threshold", "0.5")
        assert done.returncode == 1
        assert "clip.mp4: not found" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert (analysed / "out" / "clip" / "annotated.mp4").is_file()
    finally:
        (analysed / "moved.mp4").rename(clip)

"""Real clips, where the checkout has them: exact frames, and what a person sees in them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import fer_batch
from tests.footage import oracle


@pytest.fixture(scope="module")
def results(real_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real")
    done = fer_batch("run", real_clips, "-o", out)
    assert done.returncode == 0, done.stderr
    return out


def test_each_clip_has_rows_and_pictures_for_exactly_its_frames(
    results: Path, real_clips: Path
) -> None:
    clips = sorted(p for p in real_clips.iterdir() if p.is_file())
    assert len(clips) >= 4
    for clip in clips:
        folder = results / clip.stem
        expected = oracle.decoded(clip)
        rows = pd.read_csv(folder / "timeline.csv")
        assert sorted(rows["frame"].unique()) == list(range(len(expected))), clip.name
        times = rows.groupby("frame")["time_s"].first().tolist()
        assert times == pytest.approx(expected.times, abs=1e-6)
        annotated = oracle.decoded(folder / "annotated.mp4")
        assert annotated.times == pytest.approx(expected.times, abs=1e-6), clip.name
        assert oracle.has_sound(folder / "annotated.mp4") == oracle.has_sound(clip)
        summary = json.loads((folder / "summary.json").read_text())
        assert summary["frames"]["total"] == len(expected)


def test_she_cries_and_then_she_laughs(results: Path) -> None:
    rows = pd.read_csv(results / "one_face_640x360" / "timeline.csv")
    assert rows["frame"].max() == 471
    seen = rows[rows["status"] == "ok"]
    crying = seen[seen["frame"].between(0, 110)]
    laughing = seen[seen["frame"].between(300, 460)]
    assert crying["emotion"].value_counts().idxmax() == "sad"
    assert laughing["emotion"].value_counts().idxmax() == "happy"
    assert (laughing["emotion"] == "happy").mean() > 0.7
    assert crying["sad"].mean() > laughing["sad"].mean() + 0.3


def test_a_face_and_then_no_face(results: Path) -> None:
    rows = pd.read_csv(results / "face_then_no_face_hevc" / "timeline.csv")
    assert set(rows["status"]) == {"ok", "no_face"}


def test_two_people_on_a_stage(results: Path) -> None:
    rows = pd.read_csv(results / "stage_two_faces" / "timeline.csv")
    assert rows["face_id"].dropna().nunique() >= 2

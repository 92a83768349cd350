"""One segment or many, program or library: the same numbers."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_batch import analyze
from fer_batch.config import AnalyzeSettings, RunSettings
from tests.end_to_end.conftest import fer_batch
from tests.footage import pictures, videos
from tests.footage.videos import Recipe


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory, face_clip: Path) -> Path:
    """Clips whose cuts fall on awkward places: B-frames, no rate, no PTS."""
    # In a folder of its own: clips of the same names beside it would be told apart by its name.
    folder = tmp_path_factory.mktemp("parity") / "clips"
    folder.mkdir()
    frames = pictures.two_faces(50)
    videos.write(folder / "b.mp4", frames, Recipe(b_frames=3, gop=17, sound=True))
    jitter = tuple(i * 40 + i * i % 17 for i in range(50))
    recipe = Recipe(pts=jitter, time_base=Fraction(1, 1000), b_frames=2)
    videos.write(folder / "rate.mkv", frames, recipe)
    videos.write(folder / "old.avi", frames[:20], Recipe(b_frames=2))
    return folder


@pytest.mark.parametrize("every", ["1", "3"])
def test_one_segment_equals_many(every: str, clips: Path, tmp_path: Path) -> None:
    told = ("--outputs", "csv,video,summary", "--every", every)
    whole = fer_batch("run", clips, "-o", tmp_path / "whole", *told, "--segment-frames", "9999")
    cut = fer_batch("run", clips, "-o", tmp_path / "cut", *told, "--segment-frames", "8")
    assert whole.returncode == cut.returncode == 0, whole.stderr + cut.stderr
    for name in ("b", "rate", "old"):
        one, many = (tmp_path / k / name / "timeline.csv" for k in ("whole", "cut"))
        assert one.read_bytes() == many.read_bytes()
        from tests.footage import oracle

        one, many = (tmp_path / k / name / "annotated.mp4" for k in ("whole", "cut"))
        assert oracle.decoded(one).times == oracle.decoded(many).times


def test_batch_size_changes_probabilities_by_2e4_at_most_and_no_label_or_place(
    face_clip: Path, tmp_path: Path
) -> None:
    """It is part of the engine that a result names, since kernels differ by shape."""
    files = []
    for size in ("1", "7", "64"):
        out = tmp_path / size
        done = fer_batch("run", face_clip, "-o", out, "--outputs", "csv", "--batch-size", size)
        assert done.returncode == 0, done.stderr
        files.append((out / "two people" / "timeline.csv").read_bytes())
    tables = [pd.read_csv(io.BytesIO(content)) for content in files]
    for other in tables[1:]:
        places = ["frame", "status", "face_id", "x", "y", "w", "h", "emotion"]
        assert other[places].equals(tables[0][places])
        numbers = [c for c in other.columns if c not in places]
        assert np.allclose(other[numbers], tables[0][numbers], atol=2e-4)


def test_the_library_gives_what_the_program_writes(face_clip: Path, tmp_path: Path) -> None:
    done = fer_batch("run", face_clip, "-o", tmp_path, "--outputs", "csv")
    assert done.returncode == 0, done.stderr
    written = pd.read_csv(tmp_path / "two people" / "timeline.csv")
    frame = analyze(face_clip).to_pandas()
    assert list(frame.columns) == list(written.columns)
    for column in ("frame", "status", "face_id", "emotion"):
        assert frame[column].tolist() == written[column].tolist()
    for column in ("time_s", "x", "y", "w", "h", "confidence", "happy", "sad_raw"):
        assert np.allclose(frame[column].astype(float), written[column], atol=0.006)


def test_the_library_takes_settings(face_clip: Path) -> None:
    timeline = analyze(
        str(face_clip), settings=AnalyzeSettings(every=5), run=RunSettings(segment_frames=10)
    )
    words = timeline.to_pandas().groupby("frame")["status"].first()
    assert len(words) == 50
    assert [i for i, word in words.items() if word == "ok"] == list(range(0, 50, 5))
    assert {word for i, word in words.items() if i % 5} == {"skipped"}

"""Every frame and every face in it, and the table of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fer_batch.types import Timeline


def timeline(**changes: object) -> Timeline:
    """Five frames: two faces, one, none, skipped, damaged."""
    probabilities = np.array([[0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]], np.float32)
    columns: dict[str, object] = {
        "name": "x",
        "labels": ("happy", "sad", "neutral"),
        "status": np.array([0, 0, 1, 2, 3]),
        "time_s": np.arange(5) / 25,
        "frame": np.array([0, 0, 1]),
        "face_id": np.array([1, 2, 2]),
        "box": np.arange(12, dtype=np.float32).reshape(3, 4),
        "confidence": np.array([0.9, 0.8, 0.0], np.float32),
        "smoothed": probabilities,
        "raw": probabilities[::-1].copy(),
    }
    return Timeline(**(columns | changes))  # type: ignore[arg-type]


def test_the_strongest_smoothed_label_is_the_emotion() -> None:
    assert timeline().emotion.tolist() == [1, 0, 2]


def test_the_faces_of_a_frame() -> None:
    found = timeline()
    assert [found.faces_at(i) for i in range(5)] == [
        slice(0, 2),
        slice(2, 3),
        slice(3, 3),
        slice(3, 3),
        slice(3, 3),
    ]


def test_each_frame_has_a_row() -> None:
    table = timeline().table()
    assert list(table) == [
        *("frame", "time_s", "status", "face_id", "x", "y", "w", "h", "confidence", "emotion"),
        *("happy", "sad", "neutral", "happy_raw", "sad_raw", "neutral_raw", "quality"),
    ]
    assert table["frame"].tolist() == [0, 0, 1, 2, 3, 4]
    assert table["status"].tolist() == ["ok", "ok", "ok", "no_face", "skipped", "decode_error"]
    assert table["face_id"].tolist() == [1, 2, 2, -1, -1, -1]
    assert table["emotion"].tolist() == ["sad", "happy", "neutral", "", "", ""]
    assert table["y"][:3].tolist() == [1, 5, 9]
    assert table["sad"][:3].tolist() == pytest.approx([0.5, 0.2, 0.1])
    assert table["sad_raw"][:3].tolist() == pytest.approx([0.1, 0.2, 0.5])
    for name in ("x", "confidence", "happy", "neutral_raw"):
        assert np.isnan(table[name][3:].astype(float)).all()


def test_images_have_their_file_name_in_the_last_column() -> None:
    table = timeline(files=tuple(f"{i}.png" for i in range(5))).table()
    assert list(table)[-1] == "file"
    assert table["file"].tolist() == [f"{i}.png" for i in (0, 0, 1, 2, 3, 4)]


def test_a_timeline_of_nobody_has_all_columns() -> None:
    nobody = timeline(
        status=np.ones(5, np.int64),
        frame=np.empty(0, np.int64),
        face_id=np.empty(0, np.int64),
        box=np.empty((0, 4), np.float32),
        confidence=np.empty(0, np.float32),
        smoothed=np.empty((0, 3), np.float32),
        raw=np.empty((0, 3), np.float32),
    )
    table = nobody.table()
    assert list(table) == list(timeline().table())
    assert table["frame"].tolist() == list(range(5))
    assert set(table["emotion"].tolist()) == {""}
    assert nobody.emotion.tolist() == []


def test_as_a_data_frame() -> None:
    data = timeline().to_pandas()
    assert data.shape == (6, 17)
    assert data["face_id"].dtype == pd.Int64Dtype()
    assert data["face_id"].isna().tolist() == [False] * 3 + [True] * 3
    assert data["happy"].isna().sum() == 3


@pytest.mark.parametrize(
    ("times", "last", "end"),
    [
        ([], 0.04, 0.0),
        ([0.0], 0.04, 0.04),
        ([0.0, 0.5, 1.0, 9.0], 0.5, 9.5),
        ([0.0, 0.0, 0.0], 0.04, 0.04),  # one time stamp for all
    ],
)
def test_the_last_frame_lasts_as_long_as_most(times: list[float], last: float, end: float) -> None:
    none, shares = np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
    found = timeline(
        time_s=np.array(times, np.float64),
        status=np.zeros(len(times), np.int64),
        frame=none,
        face_id=none,
        box=np.zeros((0, 4), np.float32),
        confidence=np.zeros(0, np.float32),
        smoothed=shares,
        raw=shares,
    )
    assert (found.last_frame_s, found.end_s) == (last, pytest.approx(end))

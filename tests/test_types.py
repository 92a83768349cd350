"""The types that travel: times, ranges, tables."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from fer_batch.types import Detections, Faces, Frame, FrameStatus, Segment, SourceInfo, Timeline


def source(pts: list[int], time_base: Fraction = Fraction(1, 1000)) -> SourceInfo:
    return SourceInfo("x.mp4", "x", "video", 64, 48, 0, time_base, np.array(pts, np.int64))


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


def test_times_count_from_the_first_frame() -> None:
    info = source([5000, 5040, 5090, 5120])
    assert len(info) == 4
    assert [info.time_s(i) for i in range(4)] == [0.0, 0.04, 0.09, 0.12]
    assert info.start_s == 5.0
    assert info.frame_s == pytest.approx(0.04)
    assert info.duration_s == pytest.approx(0.16)


def test_one_frame_or_none_has_a_length_too() -> None:
    assert source([7]).duration_s == source([7]).frame_s == 0.04
    assert source([]).duration_s == 0.0


def test_long_times_are_exact() -> None:
    info = source([10**15, 10**15 + 1001], Fraction(1, 30_000))
    assert info.time_s(1) == 1001 / 30_000


def test_segments_and_faces_are_half_open_ranges() -> None:
    assert len(Segment(1, 8, 20)) == 12
    none = np.empty(0, np.int64)
    arrays = [np.empty(shape, np.float32) for shape in ((0, 4), 0, (0, 5, 2), (0, 9), (0, 3))]
    arrays[3] = arrays[3].astype(np.float16)
    assert Faces(8, np.zeros(12, np.int64), none, *arrays).stop == 20


def test_luma_is_a_view_of_the_upper_two_thirds() -> None:
    image = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4)
    frame = Frame(0, 0, image, 4, 4)
    assert frame.luma.shape == (4, 4) and np.shares_memory(frame.luma, image)
    assert (frame.luma == image[:4]).all()


def test_columns_of_unequal_length_are_refused() -> None:
    box, confidence, landmarks = (np.zeros(s, np.float32) for s in ((2, 4), 2, (2, 5, 2)))
    assert len(Detections(box, confidence, landmarks)) == 2
    for wrong in (
        (box[:1], confidence, landmarks),
        (box, confidence[:1], landmarks),
        (box, confidence, landmarks[:, :4]),
    ):
        with pytest.raises(ValueError, match=r"Detections\.\w+: is float32"):
            Detections(*wrong)


def test_statuses_are_called_as_in_the_table() -> None:
    assert [s.text for s in FrameStatus] == ["ok", "no_face", "skipped", "decode_error"]


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

"""What ``data.js`` holds: small, and exact where it must be."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fer_batch.output.people import episodes, people
from fer_batch.output.report import data
from fer_batch.output.report.data import (
    NONE,
    encode_status,
    encode_times,
    page_data,
    quantised,
    write_data,
)
from fer_batch.types import Timeline
from tests.output.report import made
from tests.output.timelines import timelines

MICROSECONDS = st.lists(st.integers(0, 3_000_000_000), max_size=60)


def unpack(text: str, kind: str = "u1") -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def decoded_times(given: dict[str, Any]) -> list[float]:
    """As ``2-data.js`` reads them."""
    kind = "<f8" if given["width"] == 8 else f"<i{given['width']}"
    small = unpack(given["corrections"], kind)
    line = np.floor(np.arange(len(small)) * given["step_us"])
    return list((line + small) / 1e6)


def page_of(timeline: Timeline) -> dict[str, Any]:
    every = episodes(timeline)
    return page_data(timeline, every, people(timeline, every), {})


@given(MICROSECONDS)
def test_times_come_back_to_the_microsecond(steps: list[int]) -> None:
    us = np.cumsum([0, *steps])
    assert decoded_times(encode_times(us / 1e6)) == (us / 1e6).tolist()


def test_even_times_take_one_byte_a_frame() -> None:
    for fps in (24, 25, 30000 / 1001, 60):
        encoded = encode_times(np.round(np.arange(200_000) / fps, 6))
        assert encoded["width"] == 1


@given(st.lists(st.integers(0, 3), max_size=70))
def test_status_takes_two_bits(values: list[int]) -> None:
    packed = unpack(encode_status(np.array(values, dtype=np.int64)))
    assert [packed[i >> 2] >> (i & 3) * 2 & 3 for i in range(len(values))] == values


@given(st.floats(0, 1, width=32))
def test_bytes_keep_whole_percents_right(value: float) -> None:
    byte = int(quantised(np.array([value], np.float32))[0])
    assert 1 <= byte <= 201 != NONE
    assert byte >> 1 == int(np.floor(np.float64(value) * 100 + 0.5))
    assert abs((byte - 0.5) / 200 - value) <= 0.0026


@given(timelines())
def test_a_short_timeline_is_there_frame_by_frame(timeline: Timeline) -> None:
    page = page_of(timeline)
    assert (page["frames_per_point"], page["chunk_frames"]) == (1, 0)
    assert json.loads(json.dumps(page, allow_nan=False)) == page
    assert sum(len(person["episodes"]) for person in page["people"]) == len(episodes(timeline))
    rows = 0
    for person in page["people"]:
        values = unpack(person["overview"]["smoothed"]).reshape(len(timeline.labels), -1)
        first = person["overview"]["first_point"]
        for at in np.flatnonzero(values[0] != NONE):
            faces = timeline.faces_at(first + int(at))
            row = faces.start + int(np.flatnonzero(timeline.face_id[faces] == person["id"])[0])
            assert (values[:, at] == quantised(timeline.smoothed[row])).all()
            rows += 1
    assert rows == len(timeline.frame)


@given(timelines())
def test_changes_are_where_someones_episode_follows_another(timeline: Timeline) -> None:
    every = episodes(timeline)
    expected = {
        b.start_frame
        for a, b in itertools.pairwise(every)
        if a.face_id == b.face_id and a.emotion != b.emotion
    }
    assert page_of(timeline)["changes"] == sorted(expected)


def test_a_long_timeline_is_averaged_and_comes_in_chunks(tmp_path: Path) -> None:
    frames = 3 * data.CHUNK_FRAMES + 100
    timeline = made.timeline(frames, people=2, no_face=(10, 2000))
    every = episodes(timeline)
    write_data(tmp_path, timeline, every, people(timeline, every), {1: "face.jpg"})
    names = {path.name for path in tmp_path.iterdir()}
    kinds = ("raw", "smoothed")
    assert names == {"data.js", *(f"{kind}-{i:03d}.js" for kind in kinds for i in range(4))}
    text = (tmp_path / "data.js").read_text().removeprefix("FerBatch.load(").removesuffix(");\n")
    page = json.loads(text)
    assert page["points"] <= data.POINTS
    first, second = page["people"]
    assert (first["face"], second["face"]) == ("face.jpg", None)
    step = page["frames_per_point"]
    overview = unpack(first["overview"]["smoothed"]).reshape(3, -1)
    own = timeline.smoothed[timeline.face_id == 1]
    frame = timeline.frame[timeline.face_id == 1]
    mean = own[(frame >= 200 * step) & (frame < 201 * step)].mean(axis=0)
    assert np.allclose((overview[:, 200] - 0.5) / 200, mean, atol=0.003)
    assert (overview[:, 5:100] == NONE).all()
    chunk = (tmp_path / "raw-002.js").read_text()
    head = 'FerBatch.chunk("raw",2,'
    assert chunk.startswith(head)
    begin, packed = json.loads(chunk.removeprefix(head).removesuffix(");\n"))["2"]
    assert begin == 2 * data.CHUNK_FRAMES
    values = unpack(packed).reshape(3, -1)
    row = timeline.faces_at(begin + 77).start + 1
    assert (values[:, 77] == quantised(timeline.raw[row])).all()


def test_chunks_of_a_longer_version_go(tmp_path: Path) -> None:
    (tmp_path / "smoothed-009.js").write_text("old")
    (tmp_path / "mine.js").write_text("not ours to touch")
    write_data(tmp_path, made.timeline(5), [], [], {})
    assert {path.name for path in tmp_path.iterdir()} == {"data.js", "mine.js"}

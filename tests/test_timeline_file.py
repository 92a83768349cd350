"""A timeline on disk comes back bit for bit, says what is wrong with it, and adds no secrets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_batch.errors import UnreadableError
from fer_batch.npz import write_npz
from fer_batch.timeline_file import (
    FORMAT,
    LatestTimeline,
    keep_in_results,
    read_engine,
    read_timeline,
    write_timeline,
)
from fer_batch.types import TIMELINE, Timeline
from tests.output.timelines import timeline, timelines

any_timeline = st.booleans().flatmap(lambda files: timelines(files=files))
shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def full(made: Timeline, seed: int = 1) -> Timeline:
    """``made`` with every optional column filled."""
    rng, n = np.random.default_rng(seed), len(made.frame)
    return replace(
        made,
        landmarks=rng.normal(size=(n, 5, 2)).astype(np.float32),
        appearance=rng.normal(size=(n, 9)).astype(np.float16),
        quality=rng.random(n).astype(np.float32),
        unusable=rng.random(n) < 0.5,
        person=rng.integers(-1, 4, n),
        cut=rng.random(len(made)) < 0.1,
    )


def same(one: Timeline, other: Timeline, but: tuple[str, ...] = ()) -> None:
    assert (one.name, one.labels, one.files) == (other.name, other.labels, other.files)
    for name in set(TIMELINE) - set(but):
        a, b = getattr(one, name), getattr(other, name)
        assert a.dtype == b.dtype, name
        np.testing.assert_array_equal(a, b, err_msg=name)


@shared_folder
@given(any_timeline, st.booleans())
def test_it_comes_back_bit_for_bit(tmp_path: Path, made: Timeline, packed: bool) -> None:
    made = full(made)
    write_timeline(tmp_path / "a.npz", made, packed=packed)
    same(read_timeline(tmp_path / "a.npz"), made)
    write_timeline(tmp_path / "b.npz", made, packed=packed)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_names_that_are_no_text_come_back(tmp_path: Path) -> None:
    made = timeline("hs", files=("a\udcff.jpg", "b\n\u2028.jpg"))
    write_timeline(tmp_path / "a.npz", made)
    assert read_timeline(tmp_path / "a.npz").files == made.files


def test_columns_that_were_left_out_are_unknown() -> None:
    made = timeline("h.", "ss")
    assert made.landmarks.shape == (3, 5, 2) and np.isnan(made.landmarks).all()
    assert made.appearance.shape == (3, 0) and np.isnan(made.quality).all()
    assert not made.unusable.any() and (made.person == -1).all()
    assert made.cut.shape == (2,) and not made.cut.any()


def test_results_hold_no_pictures_of_faces(tmp_path: Path) -> None:
    made = full(timeline("hs"))
    path = tmp_path / keep_in_results(tmp_path, made, {"analyzer": "x"})
    same(read_timeline(path), made, but=("appearance",))
    assert read_engine(path) == {"analyzer": "x"}
    with np.load(path) as data:
        assert "appearance" not in data.files


def test_the_latest_is_read_once_and_anew_when_it_changes(tmp_path: Path) -> None:
    path, latest = tmp_path / "t.npz", LatestTimeline()
    write_timeline(path, full(timeline("hs")))
    first = latest.read(path)
    assert latest.read(path) is first and first.appearance.shape[1] == 0
    write_timeline(path, timeline("hss"))
    assert len(latest.read(path)) == 3
    path.unlink()
    with pytest.raises(UnreadableError, match=r"t\.npz"):
        latest.read(path)


def stored(tmp_path: Path, **changes: Any) -> Path:
    made = timeline("hh", "ss")
    arrays = {name: getattr(made, name) for name in TIMELINE} | changes
    meta = {"format": FORMAT, "name": "x", "labels": made.labels, "files": ()}
    write_npz(tmp_path / "t.npz", meta, {k: v for k, v in arrays.items() if v is not None})
    return tmp_path / "t.npz"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frame": np.array([0, 0, 1, 7])}, "not there"),
        ({"frame": np.array([-1, 0, 1, 1])}, "not there"),
        ({"frame": np.array([1, 0, 0, 1])}, "out of order"),
        ({"face_id": np.array([2, 1, 1, 2])}, "out of order"),
        ({"face_id": np.array([-2, 1, 1, 2])}, "out of order"),
        ({"status": np.array([0, 77])}, "unknown status"),
        ({"box": np.full((4, 4), np.nan, np.float32)}, "box holds what is not a number"),
        ({"raw": np.full((4, 3), 0.5, np.float32)}, "raw does not sum to 1"),
        ({"smoothed": np.full((4, 2), 0.5, np.float32)}, r"smoothed: is float32\[4, 2\]"),
        ({"box": np.zeros((4, 4))}, r"box: is float64\[4, 4\], not float32\[4, 4\]"),
        ({"time_s": np.zeros(3)}, r"time_s: is float64\[3\], not float64\[2\]"),
        ({"raw": None}, "'raw'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UnreadableError, match=says) as caught:
        read_timeline(stored(tmp_path, **changes))
    assert "\n" not in str(caught.value) and "t.npz" in str(caught.value)


def test_what_was_not_changed_is_read(tmp_path: Path) -> None:
    assert len(read_timeline(stored(tmp_path)).frame) == 4


@given(st.binary(max_size=200), st.integers(0, 3000))
@shared_folder
def test_damage_is_one_line(tmp_path: Path, junk: bytes, place: int) -> None:
    path = stored(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + junk)
    with pytest.raises(UnreadableError) as caught:
        read_timeline(path)
    assert "\n" not in str(caught.value)


def test_another_version_and_pickles_are_refused(tmp_path: Path) -> None:
    write_npz(tmp_path / "v.npz", {"format": 99}, {})
    with pytest.raises(UnreadableError, match="another version"):
        read_timeline(tmp_path / "v.npz")
    np.savez(tmp_path / "p.npz", meta=np.array([{"format": FORMAT}], object))
    with pytest.raises(UnreadableError, match="damaged"):
        read_timeline(tmp_path / "p.npz")


def test_who_people_are_comes_back_and_is_checked(tmp_path: Path) -> None:
    made = timeline("hh", "nn", names={2: "Zoë"}, main=1, hidden=((1, 2.5, 3.0, 4.0, 5.0),))
    write_timeline(tmp_path / "a.npz", made)
    back = read_timeline(tmp_path / "a.npz")
    assert (dict(back.names), back.main, back.hidden) == ({2: "Zoë"}, 1, made.hidden)
    write_timeline(tmp_path / "b.npz", replace(made, names={2: "\x1b[2J"}))
    with pytest.raises(UnreadableError, match="is not a timeline"):
        read_timeline(tmp_path / "b.npz")

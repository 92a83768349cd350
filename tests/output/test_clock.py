"""Times of day at each frame, from creation times and timecodes."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.output.clock import clock_of, timecode_s
from fer_batch.output.read_table import read_csv
from fer_batch.output.table import write_csv
from fer_batch.output.write import Facts
from fer_batch.types import SourceInfo
from tests.output.timelines import timeline


def info_of(recorded: str = "", timecode: str = "", rate: Fraction = Fraction(25)) -> SourceInfo:
    pts = np.arange(50, dtype=np.int64)
    return SourceInfo(
        "x", "x", "video", 64, 48, 0, 1 / rate, pts, recorded=recorded, timecode=timecode
    )


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["", "+00:00", "-05:30", "+02:00"]),
    st.integers(0, 10**11),
)
def test_each_time_is_that_of_the_beginning_and_what_passed(
    begin: datetime, zone: str, after_us: int
) -> None:
    clock = clock_of(info_of(begin.isoformat() + zone))
    assert clock is not None
    (text,) = clock.texts(np.array([after_us / 1e6]))
    found = datetime.fromisoformat(text)
    assert text.endswith(zone) and len(text) == len("2026-03-01T10:20:30.000000") + len(zone)
    wanted = datetime.fromisoformat(begin.isoformat() + zone) + timedelta(microseconds=after_us)
    assert found == wanted and found.utcoffset() == wanted.utcoffset()


@pytest.mark.parametrize(
    ("timecode", "rate", "seconds"),
    [
        ("10:20:30:05", Fraction(25), 37230.2),
        ("00:00:00:29", Fraction(30), 29 / 30),
        ("01:00:00:00", Fraction(30000, 1001), 3600.0),  # what the clock showed, not drop-frame
        ("01:00:00;00", Fraction(30000, 1001), 107892 * 1.001 / 30),
        ("00:01:00;02", Fraction(30000, 1001), 1800 * 1.001 / 30),
        ("00:10:00;00", Fraction(30000, 1001), 17982 * 1.001 / 30),
        ("00:01:00;04", Fraction(60000, 1001), 3600 * 1.001 / 60),
        ("00:00:01:24", Fraction(24000, 1001), None),  # 24 a second count to 23
        ("24:00:00:00", Fraction(25), None),
        ("10:20:30", Fraction(25), None),
        ("", Fraction(25), None),
    ],
)
def test_timecodes(timecode: str, rate: Fraction, seconds: float | None) -> None:
    found = timecode_s(timecode, float(1 / rate))
    assert found == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


def test_a_timecode_has_no_date_and_goes_on_past_midnight() -> None:
    clock = clock_of(info_of(timecode="23:59:59:05"))
    assert clock is not None
    assert clock.texts(np.array([0, 1.0, np.nan])) == ["23:59:59.200000", "00:00:00.200000", ""]
    both = clock_of(info_of("2026-03-01T10:20:30+01:00", "23:59:59:05"))
    assert both is not None and both.texts(np.zeros(1)) == ["2026-03-01T10:20:30.000000+01:00"]
    assert clock_of(info_of()) is None


def test_the_column_stands_behind_the_others_and_may_be_empty(tmp_path: Path) -> None:
    made, path = timeline("hs.", "n.."), tmp_path / "t.csv"
    asked = RenderSettings(clock=True, columns=("roll",))
    for clock in (clock_of(info_of("2026-03-01T23:59:59.950000+00:00")), None):
        write_csv(made, path, Facts(render=asked, clock=clock))
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0])[-3:] == ["quality", "roll", "clock"]
        assert read_csv(path, "clip.mp4").face_id.tolist() == made.face_id.tolist()
        if clock is None:
            assert {row["clock"] for row in rows} == {""}
            continue
        start = datetime.fromisoformat("2026-03-01T23:59:59.950000+00:00")
        for row in rows:
            passed = datetime.fromisoformat(row["clock"]) - start
            assert passed.total_seconds() == pytest.approx(float(row["time_s"]), abs=1e-6)

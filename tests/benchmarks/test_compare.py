"""Comparing two runs of the benchmarks."""

from __future__ import annotations

from benchmarks.compare import compare


def row(what: str, value: float, better: str = "low") -> dict[str, object]:
    return {"what": what, "value": value, "better": better}


def test_what_counts_is_the_direction_that_is_good() -> None:
    old = [row("time", 1.0), row("rate", 100.0, "high"), row("steady", 1.0), row("gone", 1.0)]
    new = [row("time", 1.5), row("rate", 150.0, "high"), row("steady", 1.02), row("fresh", 2.0)]
    assert [(line[0], line[3], line[4]) for line in compare(old, new)] == [
        ("time", "+50%", "worse"),
        ("rate", "+50%", "better"),
        ("steady", "+2%", "same"),
        ("fresh", "", "new"),
    ]


def test_a_row_that_was_not_measured_is_new() -> None:
    assert compare([row("peer", float("nan"))], [row("peer", 7.0)])[0][4] == "new"

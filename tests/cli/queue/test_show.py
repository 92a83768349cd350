"""How jobs look: all that matters is told, once, and a live table stays inside the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from fer_batch.cli.queue.show import (
    NO_WORKER,
    clock,
    ended_line,
    live_view,
    plain_lines,
    progress_line,
    worker_line,
)
from fer_batch.jobs.ledger.heartbeat import WorkerInfo
from fer_batch.jobs.ledger.job_status import ItemStatus, JobStatus
from fer_batch.jobs.ledger.spec import State

STATES = get_args(State)
# As people call their films: characters of two cells, signs on letters, emoji made of several.
CALLED = ("part", "長い研究の第一部分", "e\u0301te\u0301 a\u0300 la mer", "👨‍👩‍👧👍🏽🇩🇪❤️", "قسم")


def an_item(
    number: int,
    state: State,
    error: str | None = None,
    warned: bool = False,
    called: str = "part",
) -> ItemStatus:
    """An input of 200 frames in that state, at a path of its own."""
    name = f"/films/of a long study/{called} {number:03}.mp4"
    done = {"done": 200, "running": 70}.get(state, 0)
    left = 12.0 if state == "running" else None
    notes = ("of 2 sound tracks only the first is kept",) if warned else ()
    return ItemStatus(name, name, state, "analyze", done, 200, 31.5, left, notes, error)


def of_photos(item: ItemStatus) -> ItemStatus:
    """The same as a set of photos."""
    return replace(item, counted="photos")


def a_job(*items: ItemStatus, state: State = "running") -> JobStatus:
    """A job of those inputs."""
    left = sum(item.state in ("queued", "running") for item in items)
    return JobStatus("k3v9w2", "study", state, "normal", 0.0, None, len(items), left, None, items)


def a_worker(number: int, unit: str = "") -> WorkerInfo:
    """A worker that is at ``unit``, or idle."""
    return WorkerInfo(f"w{number}@lab", "analyze", "cpu", "1", "1", unit, 42.0)


def drawn(job: JobStatus, workers: list[WorkerInfo], width: int, height: int) -> list[str]:
    """The live view as lines of text."""
    out = StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=False)
    console.print(live_view(job, workers, width, height))
    return out.getvalue().splitlines()


items = st.builds(
    an_item,
    st.integers(0, 999),
    st.sampled_from(STATES),
    st.sampled_from([None, "part.mp4: no video in it; is it the right file?" * 3]),
    st.booleans(),
    st.sampled_from(CALLED),
)


@given(
    st.lists(items, min_size=1, max_size=60),
    st.integers(0, 9),
    st.integers(40, 160),
    st.integers(16, 50),
)
def test_a_moving_table_stays_inside_the_terminal(
    found: list[ItemStatus], workers: int, width: int, height: int
) -> None:
    lines = drawn(a_job(*found), [a_worker(n) for n in range(workers)], width, height)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


def test_where_not_all_fits_the_urgent_comes_first() -> None:
    many = [an_item(n, "done") for n in range(50)]
    many += [an_item(900, "failed", "broken"), an_item(901, "running")]
    text = "\n".join(drawn(a_job(*many), [a_worker(1)], 120, 20))
    assert "part 900" in text and "part 901" in text
    shown = sum(f"part {n:03}" in text for n in [*range(50), 900, 901])
    assert f"… and {52 - shown} more" in text


def test_a_job_that_has_ended_tells_its_errors_whole() -> None:
    error = "the file ends in the middle of a picture; copy it again from the camera, then `retry`"
    lines = drawn(a_job(an_item(1, "failed", error), state="failed"), [], 90, 24)
    assert error.replace(" ", "") in "".join(lines).replace(" ", "")


@given(st.lists(items, min_size=1, max_size=20))
def test_plain_text_has_a_line_for_each_input(found: list[ItemStatus]) -> None:
    lines = plain_lines(a_job(*found), [a_worker(1)])
    assert len(lines) == 1 + len(found) + 1
    for item, line in zip(found, lines[1:-1], strict=True):
        assert item.state in line and item.input in line
        assert (item.error or "") in line and all(note in line for note in item.warnings)


def test_a_line_names_its_input_once_and_no_time_that_is_not_known() -> None:
    failed, running = an_item(1, "failed"), an_item(2, "running")
    failed = replace(failed, error=f"{failed.input}: is no video")
    lines = plain_lines(a_job(failed, replace(running, eta_s=None)), [a_worker(1)])
    assert lines[1].endswith(f"{failed.input} - is no video")
    assert lines[1].count(failed.input) == 1
    assert lines[2].endswith("(analysing)")


def test_no_worker_is_told_while_there_is_work() -> None:
    waiting, over = a_job(an_item(1, "queued")), a_job(an_item(1, "done"), state="done")
    assert NO_WORKER in plain_lines(waiting, [])[-1]
    assert NO_WORKER in drawn(waiting, [], 100, 24)[-1]
    assert not any(NO_WORKER in line for line in plain_lines(over, []))
    assert not any(NO_WORKER in line for line in plain_lines(waiting, [a_worker(1)]))


def test_the_line_of_a_job_counts_inputs_and_frames() -> None:
    job = a_job(an_item(1, "done"), an_item(2, "running"), an_item(3, "failed", "x"))
    assert progress_line(job) == (
        "k3v9w2 running: 1 of 3 inputs done, 1 running, 1 failed; 270/600 frames"
    )


def test_an_error_that_names_its_file_is_not_told_with_the_name_twice() -> None:
    name = an_item(7, "failed").input
    job = a_job(an_item(7, "failed", f"{name}: no video in it"), an_item(8, "failed", "given up"))
    assert ended_line(0, job) == f"[1/2] failed: {name}: no video in it"
    assert ended_line(1, job) == f"[2/2] failed: {an_item(8, 'failed').input}: given up"


def test_what_a_worker_is_at() -> None:
    job = a_job(an_item(1, "running"), of_photos(an_item(2, "running")))
    assert worker_line(a_worker(1), job) == "w1@lab idle"
    elsewhere = a_worker(1, "k3v9w2abcdef 4/render/2")
    assert worker_line(elsewhere, job) == "w1@lab drawing k3v9w2, 42 frames/s"
    assert worker_line(a_worker(1, "k3v9w2 1/analyze/0"), job).endswith(" 42 photos/s")
    assert worker_line(a_worker(1, "k3v9w2 -1/index/0"), job).endswith(" 42 frames/s")


def test_photos_are_not_called_frames() -> None:
    photos = of_photos(an_item(1, "done"))
    only, mixed = a_job(photos, state="done"), a_job(an_item(2, "running"), photos)
    assert progress_line(only) == "k3v9w2 done: 1 of 1 input done; 200/200 photos"
    assert progress_line(mixed).endswith("; 70/200 frames, 200/200 photos")
    assert ended_line(0, only).endswith("  200 photos, 32 photos/s")
    assert "32 p/s" in "\n".join(drawn(only, [], 120, 24))
    assert "frame" not in "\n".join([*plain_lines(only, []), *drawn(only, [], 120, 24)])
    assert photos.to_json()["counted"] == "photos" and an_item(2, "done").counted == "frames"


@given(st.floats(0, 90_000))
def test_clocks_read_back(seconds: float) -> None:
    whole = 0
    for part in clock(seconds).split(":"):
        whole = whole * 60 + int(part)
    assert whole == round(seconds)
    assert clock(None) == "-"


@pytest.mark.parametrize("width", [40, 60, 79, 80, 100])
@pytest.mark.parametrize("state", ["running", "done"])
def test_a_narrow_terminal_shows_every_state_and_count(width: int, state: State) -> None:
    """Not "do" and "ne", nor a table whose last column is cut off."""
    states: tuple[State, ...] = ("done", "queued", "cancelled")
    job = a_job(*(an_item(number, one) for number, one in enumerate(states)), state=state)
    rows = drawn(job, [a_worker(1)], width, 30)
    for number, one in enumerate(states):
        row = next(row for row in rows if f"{number:03}.mp4" in row)
        assert one in row.split() and "/200 " in row, row

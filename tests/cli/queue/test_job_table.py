"""The list of jobs: a header and one line a job in a terminal, whole lines for scripts."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from fer_batch.cli.queue.job_table import job_lines
from fer_batch.jobs.ledger.job_status import JobStatus

NAMES = (
    "interviews",
    "長い研究の名前、第一部分",
    "👨‍👩‍👧👍🏽🇩🇪❤️ film",
    "e\u0301tude",
    "\x1b[31mred",
)
IDS = ("k3v9w2aaaaaaaaaaaaaa", "k3v9w2bbbbbbbbbbbbbb", "zz" * 10, "yy" * 10, "xx" * 10)


def the_jobs() -> list[JobStatus]:
    return [
        JobStatus(job, name, "cancelled", priority, 1e9, None, count, 0)
        for job, name, priority, count in zip(
            IDS,
            NAMES,
            ("normal", "high", "low", "normal", "normal"),
            (1, 12000, 3, 4, 5),
            strict=True,
        )
    ]


@pytest.mark.parametrize("columns", [40, 50, 62, 80, 120])
def test_each_job_is_one_line_below_a_header(columns: int) -> None:
    header, *lines = job_lines(the_jobs(), columns)
    assert len(lines) == 5
    assert max(map(cell_len, (header, *lines))) <= columns
    assert header.split()[:3] == ["JOB", "STATE", "INPUTS"] and "NAME"[: columns // 20] in header
    shown = [line.split()[0] for line in lines]
    assert all(job.startswith(letters) for job, letters in zip(IDS, shown, strict=True))
    assert len(set(shown)) == 5, "an id's first letters name it alone"
    for line, count in zip(lines, (1, 12000, 3, 4, 5), strict=True):
        assert line.split()[1:3] == ["cancelled", f"{count}/{count}"]
    # Columns begin where their titles do.
    assert {line.index("cancelled") for line in lines} == {header.index("STATE")}


def test_a_wide_terminal_shows_all_of_it() -> None:
    header, *lines = job_lines(the_jobs(), 120)
    assert header.split() == ["JOB", "STATE", "INPUTS", "CREATED", "NAME"]
    assert [line.startswith(job) for job, line in zip(IDS, lines, strict=True)] == [True] * 5
    assert lines[1].endswith(f"{NAMES[1]}  high") and lines[4].endswith("\\u001b[31mred")


def test_scripts_get_whole_lines_without_a_header() -> None:
    lines = list(job_lines(the_jobs(), 0))
    assert len(lines) == 5
    assert all(line.startswith(job) for job, line in zip(IDS, lines, strict=True))
    assert NAMES[1] in lines[1]

"""Every exception has one code, one line and one answer to whether another attempt helps."""

from __future__ import annotations

import errno

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fer_batch.errors import InputError, LimitError, NoSpaceError, StorageError, UsageError
from fer_batch.jobs.item.failure import Retry, failure_of


class SoftLimit(Exception):
    """What a task engine raises when a unit took too long."""


@pytest.mark.parametrize(
    ("error", "code", "line", "retry"),
    [
        (LimitError("a.mp4: too large"), "limit", "a.mp4: too large", Retry.NEVER),
        (UsageError("wrong"), "usage", "wrong", Retry.NEVER),
        (InputError("--blur: no Ada"), "input", "in.mp4: --blur: no Ada", Retry.NEVER),
        (StorageError("away"), "storage", "away", Retry.WHEN_HEALED),
        (NoSpaceError("full"), "no_space", "full", Retry.WHEN_HEALED),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "no_space",
            "in.mp4: no space left on device",
            Retry.WHEN_HEALED,
        ),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "system",
            "in.mp4: permission denied",
            Retry.ELSEWHERE,
        ),
        (OSError("odd"), "system", "in.mp4: odd", Retry.ELSEWHERE),
        (MemoryError(), "memory", "in.mp4: not enough memory", Retry.ELSEWHERE),
        (
            SoftLimit(),
            "timeout",
            "in.mp4: took too long; it may be damaged, or the time limit too short",
            Retry.ELSEWHERE,
        ),
        (
            KeyError("x"),
            "unexpected",
            "in.mp4: unexpected KeyError ('x'); please report it",
            Retry.ELSEWHERE,
        ),
        (
            RuntimeError(),
            "unexpected",
            "in.mp4: unexpected RuntimeError; please report it",
            Retry.ELSEWHERE,
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_kind(error: Exception, code: str, line: str, retry: Retry) -> None:
    found = failure_of(error, "in.mp4", (SoftLimit,))
    assert (found.code, found.line, found.retry) == (code, line, retry)


def test_a_time_limit_is_one_only_for_who_has_them() -> None:
    assert failure_of(SoftLimit(), "in.mp4").code == "unexpected"


@example("a\u2028b", "c\x1bd\u2029e", OSError)
@given(st.text(), st.text(), st.sampled_from([RuntimeError, OSError, StorageError]))
def test_whatever_is_in_it_the_line_is_one_and_can_be_printed(
    name: str, words: str, kind: type[Exception]
) -> None:
    line = failure_of(kind(words), name).line
    assert len(line.splitlines()) <= 1 and "\x1b" not in line
    line.encode()

"""The one place that says what an exception means for an input: its code, its line, a retry.

The local runner and the queue's workers ask here, so that the same fault has the same name in both.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import Enum

from fer_batch.errors import FerBatchError, NoSpaceError
from fer_batch.printable import one_line

LONGEST_LINE = 1000


class Retry(Enum):
    """Whether another attempt can help. Only the queue tries again."""

    NEVER = "never"
    WHEN_HEALED = "when healed"  # storage, Redis or a full disk: time can mend it
    ELSEWHERE = "elsewhere"  # a worker with more memory or time may manage


@dataclass(frozen=True, slots=True)
class Failure:
    """``code`` is the kind of failure for programs, ``line`` one printable line for people."""

    code: str
    line: str
    retry: Retry


def failure_of(
    error: BaseException, input: str, timeouts: tuple[type[BaseException], ...] = ()
) -> Failure:
    """What ``error`` means for the input that is called ``input``.

    ``timeouts``: the exceptions by which a task engine says that the work took too long. Codes are
    those of the tree of errors, and ``timeout``, ``memory``, ``system`` (the operating system
    refused something) and ``unexpected`` (a defect of fer-batch).
    """
    if isinstance(error, FerBatchError):
        retry = Retry.WHEN_HEALED if error.retryable else Retry.NEVER
        words = str(error)
        # What is wrong with an option for one input, as a name that nobody in it has.
        return _failure(error.code, f"{input}: {words}" if words.startswith("--") else words, retry)
    if timeouts and isinstance(error, timeouts):
        words = f"{input}: took too long; it may be damaged, or the time limit too short"
        return _failure("timeout", words, Retry.ELSEWHERE)
    if isinstance(error, MemoryError):
        return _failure("memory", f"{input}: not enough memory", Retry.ELSEWHERE)
    if isinstance(error, OSError):
        reason = (error.strerror or _first_line(error) or type(error).__name__).lower()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = NoSpaceError.code if full else "system"
        return _failure(code, f"{input}: {reason}", Retry.WHEN_HEALED if full else Retry.ELSEWHERE)
    kind, reason = type(error).__name__, _first_line(error)
    words = f"{input}: unexpected {kind}{f' ({reason})' if reason else ''}; please report it"
    return _failure("unexpected", words, Retry.ELSEWHERE)


def _failure(code: str, words: str, retry: Retry) -> Failure:
    # Names of strangers' files may hold line breaks and terminal codes.
    line = " ".join(one_line(words).splitlines())
    return Failure(code, line[:LONGEST_LINE], retry)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]

"""Every line that a worker's processes print as a JSON object, whoever prints it.

Celery's words, tracebacks of threads, what native libraries say: all of it goes to stderr by ways
that no handler of ``logging`` sees. So stdout and stderr become a pipe, and a small process at its
other end (``relay``) lets objects through and makes one of any other line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fer_batch.own_python import own_python

LOG_FORMAT = "FER_BATCH_LOG_FORMAT"
RELAYED = "FER_BATCH_LOG_RELAYED"  # set for processes that print into the pipe already
LAST_WORDS_S = 2.0  # for lines on their way when this process ends
_relays: list[subprocess.Popen[bytes]] = []


def wanted() -> bool:
    """Whether ``FER_BATCH_LOG_FORMAT`` asks for JSON."""
    return os.environ.get(LOG_FORMAT, "text") == "json"


@contextmanager
def where_wanted() -> Iterator[None]:
    """While this lasts all output of this process and its children is JSON, if that is wanted."""
    if not wanted() or os.environ.get(RELAYED):
        yield
        return
    begin()
    try:
        yield
    except Exception:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        sys.exit(1)
    finally:
        end()


def begin() -> None:
    """Turn stdout and stderr into the pipe."""
    reader, writer = os.pipe()
    # It outlives this process, to pass on its last words, and no Ctrl-C in a terminal ends it.
    relay = subprocess.Popen(own_python("-m", "workers.relay"), stdin=reader, stdout=2)
    _relays.append(relay)
    os.close(reader)
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in (1, 2):
        os.dup2(writer, descriptor)
    os.close(writer)
    os.environ[RELAYED] = "1"


def end() -> None:
    """Let what was printed arrive; nothing can be printed after it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    while _relays:
        with suppress(subprocess.TimeoutExpired):
            _relays.pop().wait(LAST_WORDS_S)

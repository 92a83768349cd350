"""Keeping native libraries from talking over the user's terminal."""

from __future__ import annotations

import atexit
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# LiteRT; TensorFlow as it loads; CUDA that there is no driver (303), which is no error without a
# GPU; its converter, of options that Keras sets itself.
CHATTER = re.compile(
    rb"INFO: |I\d{4} |E\d{4} .*failed call to cuInit.*\(303\)|"
    rb"W\d{4} .*tf_tfl_flatbuffer_helpers|WARNING: All log messages before absl"
)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep what native code says for its makers off stderr, where no setting turns it off.

    Other threads may write to stderr meanwhile: all else is passed on afterwards.
    """
    with _catching:
        yield from _caught()


# One at a time, and none cut off by the end of the process: what others wrote would be lost.
_catching = threading.Lock()
atexit.register(_catching.acquire, timeout=10.0)


def _caught() -> Iterator[None]:
    try:
        before = os.dup(2)
    except OSError:  # there is no stderr: nothing to keep quiet
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            caught.seek(0)
            for line in caught:
                if not CHATTER.match(line):
                    os.write(before, line)
            os.close(before)

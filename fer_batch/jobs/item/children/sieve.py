"""A child's stderr without what decoders of images say of damaged files.

libjpeg and libpng write there what they think of each file, without its name, and no setting of
OpenCV stops them. Each file has one line of ours that names it; all else that is written passes.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable

REMARKS = re.compile(
    rb"libpng (?:error|warning): |Corrupt JPEG data: |Premature end of JPEG file|"
    rb"Inconsistent progression sequence |Invalid SOS parameters |Unknown Adobe color transform |"
    rb"Warning: unknown JFIF revision |Unsupported marker type "
)
END_S = 1.0


def sift_stderr() -> Callable[[], None]:
    """Sift what this process writes to stderr from now on; call what comes back before it ends."""
    try:
        before = os.dup(2)
    except OSError:  # there is no stderr
        return lambda: None
    out, into = os.pipe()
    os.dup2(into, 2)
    os.close(into)
    thread = threading.Thread(target=_sift, args=(out, before), name="stderr", daemon=True)
    thread.start()

    def end() -> None:
        os.dup2(before, 2)
        thread.join(END_S)

    return end


def _sift(out: int, target: int) -> None:
    with os.fdopen(out, "rb") as lines:
        for line in lines:
            if not REMARKS.match(line):
                os.write(target, line)

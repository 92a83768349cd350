"""``python -m workers.relay``: lines from stdin to stdout, each as a JSON object.

What is one already goes through as it is. Ends when nobody is left who could print.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import BinaryIO

MOST = 100_000  # bytes of a line; a longer one is cut into several


def relay(lines: BinaryIO, out: BinaryIO) -> None:
    """Pass ``lines`` on until they end."""
    for line in _lines(lines):
        if line.strip():
            out.write((line if _is_object(line) else _as_object(line)) + b"\n")
            out.flush()


def _lines(stream: BinaryIO) -> Iterable[bytes]:
    while line := stream.readline(MOST):
        yield line.rstrip(b"\r\n")


def _is_object(line: bytes) -> bool:
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def utc(seconds: float) -> str:
    """A moment as all lines give it: ``2026-01-31T12:00:00.123Z``."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03}Z"


def _as_object(line: bytes) -> bytes:
    said = {
        "time": utc(time.time()),
        "level": "info",
        "logger": "output",
        "message": line.decode("utf-8", "replace"),
    }
    return json.dumps(said, ensure_ascii=False).encode()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    relay(sys.stdin.buffer, os.fdopen(1, "wb", buffering=0))

"""What parent and children say to each other: JSON over a pipe, never pickles.

A child reads strangers' files. Were one of them to take it over, JSON is all it could send.

Parent to child: ``hello`` (settings), ``item`` (one input to work on, as far as ``phase``),
``relate`` (all that are analyzed), ``known`` (look at the photos of ``--who``), ``stop``.
Child to parent: ``stage`` and ``advance`` (progress), ``ended`` (what became of an input),
``related``, ``known`` (they will do), ``remark`` (a warning of the program's own),
``fatal`` (nothing can run at all).
"""

from __future__ import annotations

import json
from multiprocessing.connection import Connection
from typing import Any

from fer_batch.door import parse_json

# A summary of an input with many people and moments has some hundred kilobytes.
LONGEST_BYTES = 256 << 20


def send(pipe: Connection, kind: str, **values: Any) -> bool:
    """Send a message; False where nobody listens any more."""
    try:
        pipe.send_bytes(json.dumps({"kind": kind, **values}).encode())
    except (BrokenPipeError, ConnectionResetError, OSError):
        return False
    return True


def receive(pipe: Connection) -> dict[str, Any]:
    """The next message.

    Raises:
        EOFError: the other side is gone, or sent what is no message.
    """
    try:
        message = parse_json(pipe.recv_bytes(LONGEST_BYTES), LONGEST_BYTES)
    except (OSError, ValueError) as error:
        raise EOFError from error
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise EOFError
    return message

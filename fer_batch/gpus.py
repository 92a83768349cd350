"""Which NVIDIA GPUs this process may use, known without a driver's library; and one for each child.

A process that has loaded a backend of Keras sees the GPUs that it saw then, and takes memory on
all of them: so each child is told of its own one before it loads anything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
DEVICES = Path("/dev")
_NODE = re.compile(r"nvidia(\d+)")


def gpus() -> list[str]:
    """What ``CUDA_VISIBLE_DEVICES`` names, up to the first that is none (as CUDA reads it); where
    it is not set, the numbers of the devices there are."""
    named = os.environ.get(VISIBLE)
    if named is None:
        nodes = [_NODE.fullmatch(path.name) for path in DEVICES.glob("nvidia*")]
        # CUDA counts those that there are, whatever the numbers of their nodes.
        return [str(number) for number in range(sum(node is not None for node in nodes))]
    found = []
    for name in (part.strip() for part in named.split(",")):
        if not name or name.startswith("-") or name in found:
            break
        found.append(name)
    return found


def pin(child: int) -> str:
    """Let this process see one GPU alone, that of its number among the children (round again where
    there are more children); what it is called, "" where there is none. Before anything is loaded.
    """
    there = gpus()
    if not there:
        return ""
    os.environ[VISIBLE] = there[child % len(there)]
    return os.environ[VISIBLE]

"""How many inputs at once, and how much memory each: what this machine can give."""

from __future__ import annotations

from pathlib import Path

from fer_batch.cores import usable_cores
from fer_batch.gpus import gpus

# Two inputs keep two cores busy; more than this at once wait for the disk.
MOST_AT_ONCE = 16
# What an ordinary film takes with all outputs, and what 8K takes.
USUAL_MB = 400
LEAST_MB, MOST_MB = 1500, 8192
# Something is left to the system and to other programs.
SHARE = 0.8


def at_once(wanted: int, inputs: int, device: str = "auto") -> int:
    """How many children: ``wanted``, or one for each GPU that is to be used, or what cores and
    memory allow; at most one an input."""
    room = int(available_mb() * SHARE) // USUAL_MB
    each = len(gpus()) or 1 if device == "gpu" else usable_cores()
    chosen = wanted or min(each, room, MOST_AT_ONCE)
    return max(1, min(chosen, inputs))


def frames_mb(wanted: int, children: int) -> int:
    """Megabytes of decoded frames that each of ``children`` may keep; none where they are several,
    whose memory together is to stay small."""
    return wanted if children == 1 else 0


def memory_mb(wanted: int, children: int) -> int:
    """Mebibytes that each of ``children`` may take."""
    fair = int(available_mb() * SHARE) // children
    return wanted or max(LEAST_MB, min(fair, MOST_MB))


def available_mb() -> int:
    """Mebibytes of memory that can still be had here, in a container too; plenty where unknown."""
    found = [value for value in (_of_machine(), _of_group()) if value is not None]
    return min(found, default=MOST_MB * MOST_AT_ONCE)


def _of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        (line,) = [line for line in lines if line.startswith("MemAvailable:")]
        return int(line.split()[1]) // 1024
    except (OSError, ValueError, IndexError):
        return None


def _of_group() -> int | None:
    """The limit of the control group less what is used (cgroup v2)."""
    try:
        root = Path("/sys/fs/cgroup")
        limit = int((root / "memory.max").read_text("ascii"))  # "max": no limit
        return (limit - int((root / "memory.current").read_text("ascii"))) >> 20
    except (OSError, ValueError):
        return None

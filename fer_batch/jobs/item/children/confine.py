"""What a child may not do: outlive its parent, gain privileges, dump core, run for ever.

Only what the kernel offers without a helper library; where it does not, nothing is lost but this
second line of defence.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
# Beyond the watched limit: mappings that are reserved but never touched, stacks of threads.
HEADROOM_BYTES = 2 << 30


def confine(parent: int, memory_bytes: int) -> None:
    """Tie this process to ``parent`` and bound what it may take. For children, at their start.

    ``memory_bytes``: the parent ends a child whose resident memory exceeds it (``resident_bytes``);
    here the kernel refuses allocations that go beyond it by far, before they are touched. 0: it
    does not.
    """
    # Ctrl-C reaches the whole group; it is the parent that decides what becomes of children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None, use_errno=True)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel was told
            os._exit(1)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory_bytes and sys.platform.startswith("linux"):
            _lower(resource.RLIMIT_DATA, memory_bytes + HEADROOM_BYTES)


def bound_cpu(seconds: float) -> None:
    """End this process (SIGXCPU) when it takes ``seconds`` more of processor time; 0: no bound."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 1 if seconds else hard
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def resident_bytes(pid: int) -> int:
    """Resident memory of a process in bytes; 0 where that is not known."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123 (ten times a second)
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _lower(which: int, limit: int) -> None:
    import resource

    hard = resource.getrlimit(which)[1]
    wanted = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(which, (wanted, hard))

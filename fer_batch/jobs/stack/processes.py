"""Processes of this machine: which is which, whether one still runs, starting and stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from fer_batch.atomic import PRIVATE, write_text
from fer_batch.jobs.settings import worker_host

LOG_LIMIT = 5 * 1024 * 1024


def process_started(pid: int) -> str:
    """When a process started, in the kernel's ticks; "" where it is no more or is not told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def alive(pid: int, started: str) -> bool:
    """True where ``pid`` runs and is the process that began at ``started``."""
    if Path("/proc/self/stat").exists():
        return bool(started) and process_started(pid) == started
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def this_owner() -> str:
    """Names this process for leases: host, pid and start, so that its death can be seen."""
    pid = os.getpid()
    return f"{worker_host()} {pid} {process_started(pid)}"


def is_dead(owner: str) -> bool:
    """True where ``owner`` is a process of this very machine that no longer runs."""
    host, _, rest = owner.partition(" ")
    pid, _, started = rest.partition(" ")
    if host != worker_host() or not pid.isdigit():
        return False
    return not alive(int(pid), started)


def remember(record: Path, pid: int, source: str) -> None:
    """Write down a process, so that later commands find it again."""
    write_text(
        record,
        json.dumps({"pid": pid, "started": process_started(pid), "source": source}),
        mode=PRIVATE,
    )


def recorded(record: Path) -> tuple[int, str]:
    """The process of ``record``, 0 where it no longer runs, and where it is from."""
    try:
        data = json.loads(record.read_text())
        pid, started, source = int(data["pid"]), str(data["started"]), str(data["source"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    return (pid if alive(pid, started) else 0), source


def detach(command: list[str], log: Path, environment: dict[str, str]) -> int:
    """Start a process that survives this one and its terminal; its words go to ``log``. Its id."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as out:
        log.chmod(0o600)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env=environment,
            start_new_session=True,
            umask=0o077,
        )
    # It is left to itself on purpose; else Popen warns that nobody has waited for it.
    process.returncode = 0
    return process.pid


def stop(pid: int, seconds: float) -> None:
    """Ask a process to stop and wait for it; after ``seconds`` make it."""
    started = process_started(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not alive(pid, started):
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

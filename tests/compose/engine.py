"""An engine to run containers with, and the images that the project's files name."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAND_INS = ROOT.parent / "shared" / "cluster"
IMAGES = ("python:3.12-slim-bookworm", "redis:7.4-alpine", "chrislusf/seaweedfs:3.97")
START_S = 60.0
PULL_S = 120.0
STAND_INS_S = 600.0


class NoEngine(Exception):
    """The test cannot run here, and why."""


def docker(*arguments: str, check: bool = True, timeout: float = 300.0) -> str:
    """Run ``docker``; its standard output."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout, check=False
    )
    if check and done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def engine() -> Iterator[None]:
    """An engine that answers: one that runs, or one of our own, which ends and leaves nothing.

    Raises:
        NoEngine: there is none, and none can be started.
    """
    if shutil.which("docker") is None:
        raise NoEngine("there is no docker on PATH")
    if _answers():
        yield
        return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise NoEngine("no engine answers, and only root with dockerd could start one")
    with tempfile.TemporaryDirectory(prefix="fer-dockerd-", ignore_cleanup_errors=True) as name:
        yield from _own(Path(name))


def _own(folder: Path) -> Iterator[None]:
    log = folder / "log"
    command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    command += ["-H", f"unix://{folder}/d.sock", "--pidfile", f"{folder}/pid"]
    with log.open("wb") as out:
        daemon = subprocess.Popen(command, stdout=out, stderr=out)
    os.environ["DOCKER_HOST"] = f"unix://{folder}/d.sock"
    try:
        until = time.monotonic() + START_S
        while not _answers():
            if daemon.poll() is not None or time.monotonic() > until:
                last = (log.read_text(errors="replace").strip().splitlines() or ["no word"])[-1]
                raise NoEngine(f"dockerd does not start here: {last[-300:]}")
            time.sleep(0.5)
        yield
    finally:
        daemon.terminate()
        try:
            daemon.wait(60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        del os.environ["DOCKER_HOST"]


def _answers() -> bool:
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def images() -> list[str]:
    """Fetch the images that the files name; what to add to COMPOSE_FILE.

    Where no hub can be reached, the folder ``shared/cluster`` beside the checkout builds stand-ins.

    Raises:
        NoEngine: neither is possible.
    """
    missing = [name for name in IMAGES if not _has(name)]
    reached = all(_pull(name) for name in missing)
    if reached:
        return []
    script = STAND_INS / "standins.sh"
    if not script.is_file():
        raise NoEngine(f"no hub can be reached for {', '.join(missing)}")
    if shutil.which("debootstrap") is None:
        raise NoEngine("no hub can be reached, and debootstrap is not there for stand-ins")
    if not (_has(IMAGES[0]) and _has(IMAGES[1]) and _has("storage-standin")):
        print("no hub can be reached: stand-ins are built", flush=True)
        done = subprocess.run(
            [str(script)], capture_output=True, text=True, timeout=STAND_INS_S, check=False
        )
        if done.returncode:
            raise NoEngine(f"stand-ins cannot be built: {done.stderr.strip()[-300:]}")
    return [str(STAND_INS / "override.yml")]


def _has(image: str) -> bool:
    return docker("image", "inspect", "--format", "{{.Id}}", image, check=False) != ""


def _pull(image: str) -> bool:
    try:
        done = subprocess.run(
            ["docker", "pull", "-q", image], capture_output=True, timeout=PULL_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0

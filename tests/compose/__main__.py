"""Builds the images, runs the stack, breaks it and compares what comes out with a local run.

python -m tests.compose                 fails where no engine can be had
python -m tests.compose --if-possible   says so and succeeds, for .ci/run
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from urllib.parse import quote

from tests.compose.engine import IMAGES, NoEngine, docker, engine, images
from tests.compose.local import SEGMENT_FRAMES, make_clips, run_here
from tests.compose.stack import REDIS_PASSWORD, S3_SECRET, Stack, wait_for

MOST_BYTES = 1.1e9
SLIM_BYTES = 0.13e9  # python:3.12-slim-bookworm itself; a stand-in for it may be larger
SAME = ("timeline.csv", "people.csv", "intervals.csv", "annotated.mp4", "timeline.png")
BEGUN = time.monotonic()


def say(words: str) -> None:
    print(f"[{time.monotonic() - BEGUN:5.0f} s] {words}", flush=True)


def main() -> int:
    """Run the story; the exit status."""
    optional = "--if-possible" in sys.argv[1:]
    # Whoever stops this must not leave containers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with engine(), tempfile.TemporaryDirectory(prefix="fer-compose-") as name:
            overrides = images()
            stack = Stack(Path(name), overrides)
            try:
                story(stack)
            except BaseException:
                print(stack.run("logs", "--no-color", "--tail", "40", check=False)[-6000:])
                raise
            finally:
                stack.run("--profile", "flower", "down", "-v", "--remove-orphans", check=False)
    except NoEngine as error:
        print(f"compose test: NOT RUN: {error}")
        return 0 if optional else 1
    say("compose test passed")
    return 0


def story(stack: Stack) -> None:
    """Everything, in the order in which it costs least."""
    build(stack)
    stack.run("--profile", "flower", "up", "-d")
    expected = local_run(stack.folder)
    for service, count in (("redis", 1), ("storage", 1), ("worker-cpu", 2)):
        wait_for(f"{service} is healthy", partial(stack.healthy, service, count))
    say("healthy: redis, storage and two workers")
    hardened(stack)
    job = submit_and_break(stack)
    compare(stack, job, expected)
    old_caches_go(stack)
    secrets_are_in_no_log(stack)


def build(stack: Stack) -> None:
    stack.run("--profile", "flower", "build")
    say("images are built")
    begin = time.monotonic()
    stack.run("build", "bucket")
    say(f"the same again, from the layers that are there: {time.monotonic() - begin:.0f} s")
    size, base = (
        int(docker("image", "inspect", "-f", "{{.Size}}", name))
        for name in ("fer-batch:cpu", IMAGES[0])
    )
    shown = size - max(0.0, base - SLIM_BYTES)
    say(f"fer-batch:cpu has {size / 1e9:.2f} GB, {shown / 1e9:.2f} on a slim Python of 0.13")
    assert shown <= MOST_BYTES
    user = docker("image", "inspect", "-f", "{{.Config.User}}", "fer-batch:cpu")
    assert user.split(":") == ["10001", "10001"], user
    # `find` says nothing where there is nothing of it.
    look = "find /usr/local/lib/python3.12/site-packages -name '*.pyc' -o -type d -name tests"
    look += "; find / -xdev -name '.env*' 2>/dev/null; true"
    assert docker("run", "--rm", "--entrypoint", "sh", "fer-batch:cpu", "-c", look) == ""


def local_run(folder: Path) -> Path:
    """Clips into ``folder/videos``, and what this machine makes of them into the path returned."""
    folder.chmod(0o755)
    expected = folder / "expected"
    run_here(make_clips(folder / "videos"), expected)
    # The client of this test runs as somebody whom the engine does not know.
    (folder / "results").mkdir()
    if os.geteuid() == 0:
        os.chown(folder / "results", 12345, 12345)
    else:
        (folder / "results").chmod(0o777)
    say("made clips and analysed them here")
    return expected


def hardened(stack: Stack) -> None:
    """No process is root's but storage's, none can gain rights, logs rotate."""
    for service in ("redis", "storage", "worker-cpu", "flower"):
        for one in stack.containers(service):
            uid = docker("exec", one, "id", "-u")
            assert uid != "0" or service == "storage", (service, uid)
            fields = "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"
            fields += " {{.HostConfig.LogConfig.Config}} {{gt .HostConfig.Memory 0}}"
            told = docker("inspect", "-f", fields, one)
            assert told.startswith("true [ALL] map[max-file:3 max-size:10m]"), (service, told)
            assert told.endswith("true"), (service, told)
    one = stack.containers("worker-cpu")[0]
    cores = docker(
        "exec", one, "python", "-c", "from fer_batch.cores import usable_cores as u; print(u())"
    )
    assert cores == "1", f"WORKER_CPUS=1, and the worker counts {cores}"
    say("users, rights, limits and log rotation are as they should be")


def submit_and_break(stack: Stack) -> str:
    """Submit, kill a worker, freeze and kill Redis, wait; the job's id."""
    options = ("-e", f"FER_BATCH_SEGMENT_FRAMES={SEGMENT_FRAMES}")
    told = stack.client("submit", "videos", options=options)
    found = re.search(r"^([a-z2-7]{20})\b", told, re.MULTILINE)
    assert found, told
    job = found[1]
    wait_for("something is at work", lambda: " 0/0" not in stack.client("status", job), 60)
    victim = stack.containers("worker-cpu")[0]
    stack.crash(victim)
    say("killed a worker")
    redis = stack.containers("redis")[0]
    docker("pause", redis)
    time.sleep(12)
    others = [one for one in stack.containers("worker-cpu") if one != victim]
    assert others
    for one in others:
        probe = ["exec", one, "sh", "-c", 'find "$FER_BATCH_HEARTBEAT" -mmin -1 | grep -q .']
        docker(*probe)  # fails where the probe does
    docker("unpause", redis)
    say("Redis froze for 12 s; the other worker stayed healthy")
    stack.crash(redis)
    wait_for("redis is back", lambda: stack.healthy("redis"))
    say("killed Redis; it is back")
    waited: list[str] = []
    thread = threading.Thread(target=lambda: waited.append(stack.client("wait", job)))
    thread.start()
    thread.join(300)
    assert waited and "3 of 3 inputs done" in waited[0], waited
    say("the job is done")
    return job


def compare(stack: Stack, job: str, expected: Path) -> None:
    """Download as another user into a mounted folder; the same bytes as a local run's."""
    stack.client("download", job, "-o", "results")
    results = stack.folder / "results"
    compared = 0
    for folder in sorted(p for p in expected.iterdir() if p.is_dir() and "clip" in p.name):
        for name in SAME:
            found, here = results / folder.name / name, folder / name
            assert found.read_bytes() == here.read_bytes(), f"{folder.name}/{name} differs"
            assert os.geteuid() != 0 or found.stat().st_uid == 12345
            compared += 1
    for name in ("frames.csv", "people.csv", "intervals.csv"):
        assert (results / name).read_bytes() == (expected / name).read_bytes(), name
        compared += 1
    say(f"{compared} files are byte for byte those of a local run")
    lost = stack.client("jobs")
    assert job[:8] in lost, lost


def old_caches_go(stack: Stack) -> None:
    """Workers made anew leave one folder each in the shared volume."""
    stack.run("up", "-d", "--force-recreate", "--no-deps", "worker-cpu")
    wait_for("new workers are healthy", lambda: stack.healthy("worker-cpu", 2))
    one = stack.containers("worker-cpu")[0]
    # The first to start saw the other one's predecessor still held, perhaps; it looks again later.
    stack.run("restart", "worker-cpu")
    wait_for("restarted workers are healthy", lambda: stack.healthy("worker-cpu", 2))
    left = docker("exec", one, "ls", "/var/cache/fer-batch/workers").split()
    assert len(left) <= 2, left
    say("caches of workers that are gone are removed")


def secrets_are_in_no_log(stack: Stack) -> None:
    told = stack.logs()
    assert "worker" in told
    for secret in (REDIS_PASSWORD, quote(REDIS_PASSWORD, safe=""), S3_SECRET):
        assert secret not in told, "a secret is in the logs"
    assert "more/:@" not in told and "two words" not in told, "a piece of a secret is in the logs"
    say("no secret is in any log")


if __name__ == "__main__":
    sys.exit(main())

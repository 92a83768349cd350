"""``python -m benchmarks.queue``: what the queue costs, and what a second worker gives.

A job of ten clips of 20 s goes through a real Redis and a real worker, warm (a job before it has
loaded models and libraries). The worker's log says when each unit began and ended; the summaries
say what its steps took; the rest is the queue. Then one long video is done by one worker, and by
two, each bound to a core of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.clips import base_clip, looped
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.client import QueueClient
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.embedded import server_binary
from fer_batch.jobs.store import keys
from fer_batch.outputs import OUTPUTS

UNIT = re.compile(r"^\[([\d-]+ [\d:]+,\d+): .*?\] (\w{20}) (\S+): done in ([\d.]+) s", re.MULTILINE)
CORE = ("analyze_s", "render_s")  # decoding, detecting, classifying; decoding, drawing, encoding
STEPS = ("probe_s", "assemble_s", "finish_s")  # hashes, tracks, joins, tables, report
DECODES = "read_packets"  # of probe_s: opening the container, its packets, the first picture


class Stack:
    """A Redis on a Unix socket with an append-only file, and workers, all of it in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        address = folder / "redis.sock"
        command = [server_binary()[0], "--port", "0", "--unixsocket", str(address)]
        command += ["--dir", str(folder), "--appendonly", "yes", "--save", ""]
        self.processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL)]
        self.environment = {
            "FER_BATCH_REDIS_URL": f"unix://{address}?db=0",
            "FER_BATCH_STORAGE": str(folder / "storage"),
            "FER_BATCH_CACHE_DIR": str(folder / "cache"),
            "FER_BATCH_STATE_DIR": str(folder / "state"),
        }
        os.environ |= self.environment
        while not address.exists():
            time.sleep(0.02)
        self.client = QueueClient(QueueSettings())

    def worker(self, name: str, cores: set[int] | None = None) -> Path:
        """Start a worker, on these cores only; returns its log."""
        log = self.folder / f"{name}.log"
        before = os.sched_getaffinity(0)
        if cores:
            os.sched_setaffinity(0, cores)
        with log.open("wb") as out:
            command = [sys.executable, "-m", "workers", "--name", name]
            self.processes.append(subprocess.Popen(command, stdout=out, stderr=out))
        os.sched_setaffinity(0, before)
        return log

    def do(self, clips: list[Path], outputs: tuple[str, ...]) -> str:
        """Have a job done, as `submit --wait` would; returns its id."""
        request = Request(tuple(clips), outputs=outputs, use_cache=False)
        job = self.client.submit(request).job_id
        (*_, status) = self.client.watch(job, 0.5)
        assert status.state == "done", status
        return job

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class Cost:
    """Where the seconds of a job went. ``wall_s``: from its submission to its end; ``before_s``:
    until its first unit began; ``between_s``: with no unit at work after that; ``core_s``: steps
    that detect, classify, draw, decode and encode; ``decode_s``: reading packets and the first
    picture when an input is probed; ``steps_s``: the other steps of a local run; ``around_s``:
    within units but outside of steps (claim, manifest, storage, telling)."""

    units: int
    wall_s: float
    before_s: float
    between_s: float
    core_s: float
    decode_s: float
    steps_s: float
    around_s: float

    @property
    def queue_share(self) -> float:
        """What a local run of the same steps would not have."""
        return (self.before_s + self.between_s + self.around_s) / self.wall_s

    @property
    def other_share(self) -> float:
        """All but decoding, detecting, classifying, drawing and encoding."""
        return 1 - (self.core_s + self.decode_s) / self.wall_s


def cost(stack: Stack, job: str, log: Path) -> Cost:
    """Read what a job that one worker did has cost."""
    units = []
    for stamp, name, _, seconds in UNIT.findall(log.read_text(errors="replace")):
        if name == job:
            end = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f").timestamp()
            units.append((end - float(seconds), end))
    units.sort()
    status = stack.client.status(job)
    assert status.finished
    spent: dict[str, float] = dict.fromkeys((*CORE, *STEPS, DECODES), 0.0)
    manifest = facts.read_manifest(stack.client.storage, job)
    for index in range(len(manifest.items)):
        result = stack.client.storage.get_json(keys.fact(job, index, "result"))
        for name in spent:
            spent[name] += result["summary"]["timings"].get(name, 0.0)
    core, steps = (sum(spent[name] for name in names) for names in (CORE, STEPS))
    decode = spent[DECODES]
    at_work = sum(end - begin for begin, end in units)
    return Cost(
        units=len(units),
        wall_s=status.finished - status.created,
        before_s=units[0][0] - status.created,
        between_s=units[-1][1] - units[0][0] - at_work,
        core_s=core,
        decode_s=decode,
        steps_s=steps - decode,
        around_s=at_work - core - steps,
    )


def warnings(stack: Stack, job: str) -> None:
    """Print what went wrong on the way: a figure with a repeat in it is no measurement."""
    for event in stack.client.log(job):
        if event.level != "info":
            print(f"  {event.level}: {event.text}")
    sys.stdout.flush()


def different(clip: Path, count: int, folder: Path) -> list[Path]:
    """Copies of an MP4 that differ in their bytes (a `free` box at the end), not in pictures."""
    folder.mkdir(exist_ok=True)
    made = []
    for number in range(count):
        made.append(folder / f"clip{number}.mp4")
        padding = b"\0\0\0\x10free" + number.to_bytes(8, "big")
        made[-1].write_bytes(clip.read_bytes() + padding)
    return made


@contextmanager
def stack_in(folder: Path) -> Iterator[Stack]:
    folder.mkdir()
    stack = Stack(folder)
    try:
        yield stack
    finally:
        stack.close()


def overhead(folder: Path, clip: Path, count: int) -> None:
    """Print what the queue costs, for tables and video alone and for all outputs."""
    clips = different(clip, count, folder / "clips")
    with stack_in(folder / "overhead") as stack:
        log = stack.worker("w")
        begin = time.monotonic()
        stack.do(clips[:1], OUTPUTS)
        print(f"worker's start and a first clip: {time.monotonic() - begin:.1f} s (not counted)")
        for outputs in (("csv", "video", "summary"), OUTPUTS):
            job = stack.do(clips, outputs)
            found = cost(stack, job, log)
            print(f"{count} clips, {','.join(outputs)}:")
            for name, value in asdict(found).items():
                share = "" if name == "units" else f"{value / found.wall_s:8.2%}"
                print(f"  {name:10}{value:9.2f}{share}")
            print(f"  the queue: {found.queue_share:.2%} of the wall")
            print(
                f"  all but decode, detect, classify, encode: {found.other_share:.2%}", flush=True
            )


def is_warm(log: Path) -> bool:
    """Whether the worker with this log has loaded what analysing and drawing need."""
    done = {key.split("/")[1] for _, _, key, _ in UNIT.findall(log.read_text(errors="replace"))}
    return {"analyze", "render"} <= done


def long_video(folder: Path, video: Path, clip: Path, cores: list[int]) -> float:
    """Seconds that a long video takes as many workers as ``cores``, each bound to one of them."""
    with stack_in(folder) as stack:
        logs = [stack.worker(f"w{core}", {core}) for core in cores]
        warm = different(clip, 2 * len(cores), folder / "warm")
        while not all(map(is_warm, logs)):
            stack.do(warm, ("csv", "video"))
        status = stack.client.status(stack.do([video], ("csv", "video")))
        return (status.finished or 0.0) - status.created


def two_workers(folder: Path, clip: Path, times: int, rounds: int) -> None:
    """Print how much sooner two workers are done with one long video than one of them, in turns:
    the first core alone, both, the second alone."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        print("two workers: needs two cores")
        return
    video = looped(clip, times, folder / "long.mp4")
    ratios = []
    for turn in range(rounds):
        first, both, second = (
            long_video(folder / f"long{turn}{part}", video, clip, some)
            for part, some in enumerate((cores[:1], cores, cores[1:]))
        )
        ratios.append((first + second) / 2 / both)
        print(f"one worker {first:.1f} s and {second:.1f} s, two {both:.1f} s: {ratios[-1]:.2f}")
    print(f"two workers are {median(ratios):.2f} times as fast as one (goal: 1.8)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--long", type=int, default=12, help="clip lengths of the long video")
    parser.add_argument("--rounds", type=int, default=3, help="of one worker against two")
    parser.add_argument("--only", choices=("overhead", "workers"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = base_clip(folder)
        if options.only != "workers":
            overhead(folder, clip, options.clips)
        if options.only != "overhead":
            two_workers(folder, clip, options.long, options.rounds)


if __name__ == "__main__":
    main()

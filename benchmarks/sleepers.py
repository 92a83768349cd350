"""Real processes that sleep through the real ledger, against the simulation of the same job.

Sleeping takes no core, so that four workers can be compared on a machine of two, and other work on
it does not change what a unit takes.
"""

from __future__ import annotations

import math
import multiprocessing
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.cluster import Costs, Plan, Simulation
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit, new_job_id
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.embedded import server_binary

VIDEOS, SEGMENT = 30, 512
WORKERS = (1, 2, 3, 4)
# Frames a video: the simulation's own, a log-normal.
MIDDLE, SPREAD = 500, 0.8
LIST = "sleepers"
LOOK_EVERY_S = 0.2

Look = Callable[[Ledger, str], None]


def compare(seed: int = 1) -> None:
    """Print both times and their ratio for each number of workers, at the simulation's costs."""
    chance, costs = random.Random(seed), Costs()
    films = tuple(lengths(chance, VIDEOS))
    print(f"{len(films)} videos, {sum(films)} frames")
    for workers in WORKERS:
        real = measure(workers, films, costs)
        simulated = simulate(workers, films, costs)
        share = simulated / real
        print(
            f"{workers} workers: {real:.2f} s, simulated {simulated:.2f} s, {share:.3f}", flush=True
        )


def lengths(chance: random.Random, videos: int) -> list[int]:
    """Frames of so many videos."""
    return [max(1, int(MIDDLE * math.exp(chance.gauss(0.0, SPREAD)))) for _ in range(videos)]


def simulate(workers: int, films: tuple[int, ...], costs: Costs) -> float:
    """Seconds that the simulation says of a job of ``films`` without failures."""
    plan = Plan(
        len(films),
        workers,
        segment=SEGMENT,
        crashes_an_hour=0.0,
        reclaims_an_hour=0.0,
        slow_storage=0.0,
        shares=(0.0, 1.0, 0.0),
        costs=costs,
        films=films,
    )
    return Simulation(plan).run().seconds


def measure(workers: int, films: Sequence[int], costs: Costs, look: Look | None = None) -> float:
    """Seconds from the job's entry to its end, with that many processes. ``look`` is called some
    times a second while it runs, with the ledger and the job's id."""
    with tempfile.TemporaryDirectory(prefix="fer-sleep-") as name:
        address = Path(name) / "redis.sock"
        command = [server_binary()[0], "--port", "0", "--unixsocket", str(address)]
        server = subprocess.Popen(
            [*command, "--dir", name, "--save", ""], stdout=subprocess.DEVNULL
        )
        try:
            while not address.exists():
                time.sleep(0.02)
            url = f"unix://{address}?db=0"
            ready, go = multiprocessing.Semaphore(0), multiprocessing.Event()
            crew = [
                multiprocessing.Process(target=_work, args=(url, ready, go, list(films), costs, n))
                for n in range(workers)
            ]
            for process in crew:
                process.start()
            for _ in crew:
                ready.acquire()
            ledger = _ledger(url)
            job = new_job_id()
            fields = {"v": 1, "name": "sleep", "priority": "normal", "step": 3, "window": 8}
            items = [{"input": f"{i}.mp4", "name": str(i)} for i in range(len(films))]
            begin = time.monotonic()
            _push(ledger, ledger.create(job, fields | {"created": time.time()}, items))
            go.set()
            while look is not None and ledger.client.zcard("fb:active"):
                look(ledger, job)
                time.sleep(LOOK_EVERY_S)
            for process in crew:
                process.join()
            return time.monotonic() - begin
        finally:
            server.terminate()
            server.wait()


def _ledger(url: str) -> Ledger:
    return Ledger(QueueSettings(redis_url=url))  # type: ignore[arg-type]


def _push(ledger: Ledger, dispatches: list[Dispatch]) -> None:
    """Messages as the broker keeps them: a list a queue."""
    for dispatch in dispatches:
        unit = dispatch.unit
        ledger.client.lpush(f"{LIST}:{dispatch.queue}", f"{unit.job} {unit.key}")


def _work(url: str, ready: object, go: object, films: list[int], costs: Costs, number: int) -> None:
    """Take, claim, sleep, complete, until the job has ended."""
    ledger, chance = _ledger(url), random.Random(number)
    ledger.ping()
    ready.release()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    lists = [f"{LIST}:{queue}" for queue in ("control", "render", "analyze")]
    while ledger.client.zcard("fb:active"):
        found = ledger.client.brpop(lists, timeout=0.2)
        if found is None:
            continue
        unit = Unit.parse(*found[1].split(" ", 1))
        if ledger.claim(unit, f"sleeper {number}").verdict != "ok":
            continue
        begin, frames = time.monotonic(), 0
        if unit.stage != "index":
            whole = films[unit.item]
            frames = min(SEGMENT, whole - unit.index * SEGMENT)
            own = costs.of(unit.stage, frames)
            own *= chance.uniform(1 - costs.jitter, 1 + costs.jitter)
            time.sleep(own + costs.storage_get + costs.storage_put + costs.between_s)
        result: dict[str, object] = {}
        if unit.stage == "probe":
            parts = -(-whole // SEGMENT)
            result = {"frames": whole, "segments": parts, "renders": 1, "warnings": "[]"}
        elif unit.stage in ("analyze", "render"):
            result = {"frames": frames}
        done = ledger.complete(unit, **result, seconds=time.monotonic() - begin)
        _push(ledger, done.dispatches)

"""Real processes that sleep through the real ledger, against the simulation of the same job.

Sleeping takes no core, so that four workers can be compared on a machine of two.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.cluster import Costs, Plan, Simulation
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit, new_job_id
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.embedded import server_binary

VIDEOS, FRAMES, SEGMENT = 40, 1000, 512
WORKERS = (1, 2, 4)
COSTS = Costs(
    analyze_frame=2e-4,
    render_frame=3e-4,
    probe=0.02,
    assemble=0.02,
    finish=0.05,
    storage_get=0.0,
    storage_put=0.0,
    jitter=0.0,
)
LIST = "sleepers"


def compare() -> None:
    """Print both times and their ratio for each number of workers."""
    for workers in WORKERS:
        real = measure(workers)
        plan = Plan(
            VIDEOS,
            workers,
            frames=(FRAMES, 0.0),
            segment=SEGMENT,
            crashes_an_hour=0.0,
            reclaims_an_hour=0.0,
            slow_storage=0.0,
            shares=(0.0, 1.0, 0.0),
            costs=COSTS,
        )
        simulated = Simulation(plan).run().seconds
        share = simulated / real
        print(f"{workers} workers: {real:.2f} s, simulated {simulated:.2f} s, {share:.3f}")


def measure(workers: int) -> float:
    """Seconds from the job's entry to its end, with that many processes."""
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
                multiprocessing.Process(target=_work, args=(url, ready, go)) for _ in range(workers)
            ]
            for process in crew:
                process.start()
            for _ in crew:
                ready.acquire()
            ledger = _ledger(url)
            job = new_job_id()
            fields = {"v": 1, "name": "sleep", "priority": "normal", "step": 3, "window": 8}
            items = [{"input": f"{i}.mp4", "name": str(i)} for i in range(VIDEOS)]
            begin = time.monotonic()
            _push(ledger, ledger.create(job, fields | {"created": time.time()}, items))
            go.set()
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


def _work(url: str, ready: object, go: object) -> None:
    """Take, claim, sleep, complete, until the job has ended."""
    ledger = _ledger(url)
    ledger.ping()
    ready.release()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    lists = [f"{LIST}:{queue}" for queue in ("control", "render", "analyze")]
    while ledger.client.zcard("fb:active"):
        found = ledger.client.brpop(lists, timeout=0.2)
        if found is None:
            continue
        unit = Unit.parse(*found[1].split(" ", 1))
        if ledger.claim(unit, "sleeper").verdict != "ok":
            continue
        last = FRAMES - SEGMENT
        frames = SEGMENT if unit.index == 0 else last
        if unit.stage != "index":
            time.sleep(COSTS.of(unit.stage, frames) + COSTS.between_s)
        result: dict[str, object] = {}
        if unit.stage == "probe":
            result = {"frames": FRAMES, "segments": 2, "renders": 1, "warnings": "[]"}
        elif unit.stage in ("analyze", "render"):
            result = {"frames": frames}
        _push(ledger, ledger.complete(unit, **result).dispatches)

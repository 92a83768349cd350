"""``python -m benchmarks.ledger``: does the ledger stay as quick with 100,000 inputs in it?

Jobs of 2,000 one-segment inputs go through a real Redis and the real scripts, with a worker that
does no media work: submit, claim, complete, status, rm. Jobs stay in the ledger when done, as they
do for ``FER_BATCH_RETENTION_DAYS``. For every tenth of the jobs: the usual time of each call,
Redis' memory, and Redis' own processor time, which other work on the machine lengthens least.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit, new_job_id
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.embedded import server_binary

PARTS = 10
FRAMES = 250
CALLS = ("submit", "claim", "complete", "status", "rm")
LARGE = ("submit", "status", "rm")  # long enough for Redis' processor time to tell
SHOWN = (*CALLS, *(f"{name}_cpu" for name in LARGE), "unit_cpu")


class Times:
    """Milliseconds of calls by name, of one tenth of the jobs. ``cpu``: Redis' processor time of
    each, by name for large calls; ``unit`` stands for a claim or a complete."""

    def __init__(self, ledger: Ledger) -> None:
        self.of: dict[str, list[float]] = {name: [] for name in CALLS}
        self._large = dict.fromkeys(LARGE, 0.0)
        self._ledger, self._begin = ledger, redis_cpu_ms(ledger)

    def call(self, name: str, what: Callable[[], Any]) -> Any:
        spent = redis_cpu_ms(self._ledger) if name in LARGE else 0.0
        begin = time.perf_counter()
        found = what()
        self.of[name].append((time.perf_counter() - begin) * 1000)
        if name in LARGE:
            self._large[name] += redis_cpu_ms(self._ledger) - spent
        return found

    def cpu(self) -> dict[str, float]:
        """Redis' milliseconds for each call, in the mean; to be asked at the end of the tenth."""
        rest = redis_cpu_ms(self._ledger) - self._begin - sum(self._large.values())
        units = len(self.of["claim"]) + len(self.of["complete"])
        found = {f"{n}_cpu": self._large[n] / len(self.of[n]) for n in LARGE if self.of[n]}
        found |= {"unit_cpu": rest / units} if units else {}
        return {name: round(value, 4) for name, value in found.items()}

    def usual(self) -> dict[str, float]:
        """The tenth percentile of each: what it takes where nobody else has the core."""
        return {
            n: round(sorted(found)[len(found) // 10], 4) for n, found in self.of.items() if found
        }


def facts(unit: Unit) -> dict[str, Any]:
    """What a worker would tell of a video of one segment, tables only."""
    if unit.stage == "probe":
        return {"frames": FRAMES, "segments": 1, "renders": 0, "warnings": "[]"}
    return {"frames": FRAMES} if unit.stage == "analyze" else {}


def run_job(ledger: Ledger, inputs: int, times: Times) -> str:
    """Enter a job of ``inputs`` and do every unit of it; its id."""
    job = new_job_id()
    fields = {"v": 1, "name": "scale", "priority": "normal", "step": 3, "window": 8}
    fields |= {"created": time.time()}
    items = [{"input": f"/videos/{job}/clip {i}.mp4", "name": f"clip {i}"} for i in range(inputs)]
    waiting: deque[Dispatch] = deque(
        times.call("submit", lambda: ledger.create(job, fields, items))
    )
    done = 0
    while waiting:
        unit = waiting.popleft().unit
        claim = times.call("claim", partial(ledger.claim, unit, "worker"))
        waiting.extend(claim.dispatches)
        if claim.verdict == "ok":
            result = facts(unit)
            ended = times.call("complete", partial(ledger.complete, unit, **result))
            waiting.extend(ended.dispatches)
        done += 1
        if done % 500 == 0:
            times.call("status", lambda: read_status(ledger, job))
    status = read_status(ledger, job)
    assert status is not None and status.state == "done", status
    return job


def measure(ledger: Ledger, jobs: int, inputs: int) -> list[dict[str, Any]]:
    """All jobs, then their removal; a row a tenth."""
    rows, entered = [], []
    for part in range(PARTS):
        times = Times(ledger)
        begin, before = time.perf_counter(), ledger.client.info("memory")["used_memory"]
        entered += [run_job(ledger, inputs, times) for _ in range(jobs // PARTS)]
        spent = time.perf_counter() - begin
        after = ledger.client.info("memory")["used_memory"]
        rows.append(
            {
                "part": part + 1,
                **times.usual(),
                **times.cpu(),
                "inputs_per_s": round(jobs // PARTS * inputs / spent, 1),
                "bytes_an_input": round((after - before) / (jobs // PARTS * inputs)),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    for part in range(PARTS):
        times = Times(ledger)
        for job in entered[part * jobs // PARTS : (part + 1) * jobs // PARTS]:
            times.call("rm", partial(ledger.remove, job))
        rows[part] |= times.usual() | times.cpu()
    return rows


def redis_cpu_ms(ledger: Ledger) -> float:
    """Milliseconds of processor time that Redis has taken."""
    found = ledger.client.info("cpu")
    return 1000 * float(found["used_cpu_user"] + found["used_cpu_sys"])


def main() -> None:
    """Measure and print; as JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fer-ledger-") as name:
        address = Path(name) / "redis.sock"
        command = [server_binary()[0], "--port", "0", "--unixsocket", str(address)]
        command += ["--dir", name, "--appendonly", "yes", "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not address.exists():
                time.sleep(0.02)
            settings = QueueSettings(redis_url=f"unix://{address}?db=0")  # type: ignore[arg-type]
            ledger = Ledger(settings)
            empty = ledger.client.info("memory")["used_memory"]
            rows = measure(ledger, options.jobs, options.inputs)
            left = ledger.client.info("memory")["used_memory"] - empty
        finally:
            server.terminate()
            server.wait()
    for call in (name for name in SHOWN if name in rows[0]):
        first, last = rows[0][call], rows[-1][call]
        print(f"{call:<9} first tenth {first:8.3f} ms  last {last:8.3f} ms  {last / first:5.2f} x")
    print(f"left in Redis when all jobs are removed: {left / 1e6:.2f} MB")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

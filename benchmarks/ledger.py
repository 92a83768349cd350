"""``python -m benchmarks.ledger``: does the ledger stay as quick with 100,000 inputs in it?

Jobs of 2,000 one-segment inputs go through a real Redis and the real scripts, with a worker that
does no media work: submit, claim, complete, status, rm. Jobs stay in the ledger when done, as they
do for ``FER_BATCH_RETENTION_DAYS``. For every tenth of the jobs: the usual time of each call,
Redis' memory, and Redis' own processor time.

Other work on the machine lengthens all of these. So at the end of each tenth the same calls are
made in turns in this Redis and in an empty one beside it: how many times as long they take here is
what the inputs that are there cost, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
ROUNDS = 5
UNITS = 400  # of a job that is entered in turns
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


def run_job(ledger: Ledger, inputs: int, times: Times, most: int = 0) -> str:
    """Enter a job of ``inputs`` and do every unit of it, or only ``most``; its id."""
    job = new_job_id()
    fields = {"v": 1, "name": "scale", "priority": "normal", "step": 3, "window": 8}
    fields |= {"created": time.time()}
    items = [{"input": f"/videos/{job}/clip {i}.mp4", "name": f"clip {i}"} for i in range(inputs)]
    waiting: deque[Dispatch] = deque(
        times.call("submit", lambda: ledger.create(job, fields, items))
    )
    done = 0
    while waiting and (done < most or not most):
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
    if most:
        times.call("status", lambda: read_status(ledger, job))
        return job
    status = read_status(ledger, job)
    assert status is not None and status.state == "done", status
    return job


def in_turns(ledger: Ledger, empty: Ledger, inputs: int) -> dict[str, float]:
    """How many times as much of Redis' processor time calls take here as in an empty one."""
    spent: dict[Ledger, dict[str, float]] = {ledger: {}, empty: {}}
    for turn in range(ROUNDS):
        for one in (ledger, empty) if turn % 2 else (empty, ledger):
            times = Times(one)
            job = run_job(one, inputs, times, UNITS)
            times.call("rm", partial(one.remove, job))
            for name, value in times.cpu().items():
                spent[one][name] = spent[one].get(name, 0.0) + value
    return {
        name.replace("_cpu", "_turns"): round(value / spent[empty][name], 3)
        for name, value in spent[ledger].items()
    }


def measure(ledger: Ledger, empty: Ledger, jobs: int, inputs: int) -> list[dict[str, Any]]:
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
        rows[-1] |= in_turns(ledger, empty, inputs)
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


@contextmanager
def redis_server() -> Iterator[Ledger]:
    """A ledger in a Redis of its own, with an append-only file."""
    with tempfile.TemporaryDirectory(prefix="fer-ledger-") as name:
        address = Path(name) / "redis.sock"
        command = [server_binary()[0], "--port", "0", "--unixsocket", str(address)]
        command += ["--dir", name, "--appendonly", "yes", "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not address.exists():
                time.sleep(0.02)
            yield Ledger(QueueSettings(redis_url=f"unix://{address}?db=0"))  # type: ignore[arg-type]
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    """Measure and print; as JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with redis_server() as ledger, redis_server() as empty:
        before = ledger.client.info("memory")["used_memory"]
        rows = measure(ledger, empty, options.jobs, options.inputs)
        left = ledger.client.info("memory")["used_memory"] - before
    for call in (name for name in SHOWN if name in rows[0]):
        first, last = rows[0][call], rows[-1][call]
        print(f"{call:<9} first tenth {first:8.3f} ms  last {last:8.3f} ms  {last / first:5.2f} x")
    for name, value in rows[-1].items():
        if name.endswith("_turns"):
            call = name.removesuffix("_turns")
            print(f"{call:<9} beside all inputs {value:.2f} times what it takes in an empty Redis")
    print(f"left in Redis when all jobs are removed: {left / 1e6:.2f} MB")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

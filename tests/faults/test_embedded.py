"""The stack of one machine by the command line: submit, status, down, up, download."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.faults.cluster import QUICK, same_outputs
from tests.faults.processes import ROOT

pytestmark = pytest.mark.faults


class Machine:
    """A state directory of its own and the command line over it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k != "FER_BATCH_REDIS_URL"},
            **QUICK,
            "FER_BATCH_STATE_DIR": str(self.state),
            "FER_BATCH_CACHE_DIR": str(folder / "cache"),
            "PYTHONPATH": str(ROOT),
        }

    def call(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fer_batch.cli.main", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=180, cwd="/"
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done

    def pids(self) -> dict[str, int]:
        stack = self.state / "stack"
        return {p.stem: json.loads(p.read_text())["pid"] for p in stack.glob("*.json")}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    subprocess.run(
        [sys.executable, "-m", "fer_batch.cli.main", "down"], env=found.environment, cwd="/"
    )


def test_from_submit_to_download(
    machine: Machine, tmp_path: Path, clip: Path, expected: Path
) -> None:
    nothing = machine.call("status", status=1)
    assert "no queue runs on this machine" in nothing.stderr
    words = ("submit", str(clip), "--outputs", "csv,video,summary")
    with ThreadPoolExecutor(3) as pool:  # whoever asks first starts it, once
        done = list(pool.map(lambda name: machine.call(*words, "--name", name), "abc"))
    assert sum("started Redis" in d.stderr for d in done) == 1
    jobs = {d.stdout.strip() for d in done}
    pids = machine.pids()
    listening = psutil.Process(pids["redis"]).net_connections("inet")
    assert not listening, "no TCP port"
    assert (machine.state / "stack").stat().st_mode & 0o777 == 0o700
    job = jobs.pop()
    assert machine.call("wait", job).stdout.splitlines()[-1].startswith(f"{job} done")
    shown = json.loads(machine.call("status", job, "--json").stdout)
    item = shown["items"][0]
    assert list(shown) == ["job_id", "name", "state", "eta_s", "items"]
    assert list(item) == [
        *("input", "state", "counted", "frames_done", "frames_total"),
        *("frames_per_s", "eta_s", "warnings", "error"),
    ]
    assert (item["state"], item["frames_done"], item["error"]) == ("done", 40, None)
    machine.call("download", job[:8], "-o", str(tmp_path / "got"))
    same_outputs(tmp_path / "got" / "pair", expected / "pair")
    assert (tmp_path / "got" / "summary.csv").exists()
    again = machine.call(*words)
    assert "submitted before" in again.stderr and "started" not in again.stderr
    assert machine.pids() == pids


def test_queued_work_survives_down_up_and_a_crash_of_everything(
    machine: Machine, tmp_path: Path, clip: Path, expected: Path
) -> None:
    words = ("submit", str(clip), "--outputs", "csv,video,summary", "--no-cache", "--json")
    job = json.loads(machine.call(*words).stdout)["job_id"]
    assert "stopped worker and redis" in machine.call("down").stdout
    assert "nothing was running" in machine.call("down").stdout
    assert "no queue runs" in machine.call("status", job, status=1).stderr
    machine.call("up")
    pids = machine.pids()
    # As after a power cut: every process of the stack is gone at once, the files stay.
    worker = psutil.Process(pids["worker"])
    for process in (*worker.children(recursive=True), worker, psutil.Process(pids["redis"])):
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs([worker], timeout=5)
    time.sleep(0.2)
    checks = json.loads(machine.call("doctor", "--json").stdout)["checks"]
    (queue,) = [check for check in checks if check["name"] == "queue"]
    assert queue["state"] == "note" and "its jobs are kept" in queue["found"]
    assert not psutil.pid_exists(pids["redis"]), "doctor starts nothing"
    waited = machine.call("wait", job)
    assert "started Redis" in waited.stderr
    machine.call("download", job, "-o", str(tmp_path / "got"))
    same_outputs(tmp_path / "got" / "pair", expected / "pair")
    assert "removed" in machine.call("rm", job).stdout
    assert "there is no job" in machine.call("status", job, status=1).stderr

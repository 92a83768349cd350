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
AT_THE_SECOND = """
import threading

def kill_the_fork_server(): os.kill(fork_server.current().pid, signal.SIGKILL)
def have_a_thread(): threading.Thread(target=threading.Event().wait, daemon=True).start()

started = Watch.item_started
def item_started(self, number, item):
    started(self, number, item)
    if number == 1: {what}()
Watch.item_started = item_started
"""
KILLED = AT_THE_SECOND.replace("{what}", "kill_the_fork_server")
THREADED = AT_THE_SECOND.replace("{what}", "have_a_thread")


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


def test_who_takes_a_place_over_is_born_too_whatever_threads_the_parent_has(
    clip: Path, tmp_path: Path
) -> None:
    """Progress bars have a thread, so the parent itself could not fork any more."""
    names = ["a", "crash", "exit", "b"]
    found = run(names, tmp_path, clip, f"{NOTED}{THREADED}", parallel=1)
    assert [r[1:3] for r in found["results"]] == [
        ["done", ""],
        ["failed", "crash"],
        ["failed", "crash"],
        ["done", ""],
    ]
    assert "SIGSEGV" in found["results"][1][3] and "status 3" in found["results"][2][3]
    assert [(one["ready"], one["sockets"]) for one in children(tmp_path)] == [(True, 1)] * 3


def test_children_outlive_a_fork_server_that_crashed_and_others_come_without(
    clip: Path, tmp_path: Path
) -> None:
    found = run(["a", "slow", "crash", "b"], tmp_path, clip, f"{NOTED}{KILLED}", parallel=1)
    assert [r[1] for r in found["results"]] == ["done", "done", "failed", "done"]
    assert "SIGSEGV" in found["results"][2][3]
    assert sorted(one["ready"] for one in children(tmp_path)) == [False, True]
    assert rows(tmp_path, "a") == rows(tmp_path, "b")


def test_a_fork_server_that_is_killed_at_once_costs_no_input(clip: Path, tmp_path: Path) -> None:
    killed = "preload.confine = lambda *given: os.kill(os.getpid(), signal.SIGKILL)\n"
    found = run(["a"], tmp_path, clip, f"{NOTED}{killed}")
    assert [r[1] for r in found["results"]] == ["done"]
    assert [one["ready"] for one in children(tmp_path)] == [False]


def test_a_fork_server_with_threads_forks_nobody(clip: Path, tmp_path: Path) -> None:
    threaded = f"""{NOTED}{THREADED}
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

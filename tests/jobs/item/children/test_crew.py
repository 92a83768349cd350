"""Inputs in children: what one does to its process is its own failure, and all else is whole.

Each test is a program of its own, as ``fer-batch run`` is: light, so that its children are forked
and inherit the faults that it plants in the steps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fer_batch.jobs.item.children import landlock
from tests.footage import pictures, videos

ROOT = Path(__file__).parents[4]
FRAMES = 12
PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.jobs.item.children import child, crew, places, process
from fer_batch.jobs.item.work import ItemSpec

names, out, settings = json.loads(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
serve = process.serve

def planted(*arguments):
    from fer_batch.jobs.item import steps
    look = steps.look
    def faulty(item, engine):
        plant(item)
        return look(item, engine)
    steps.look = faulty
    serve(*arguments)

process.serve = planted

def plant(item):
    if item.name == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    if item.name == "exit": os._exit(3)
    if item.name == "hungry":
        held = []
        while True: held.append(bytes(os.urandom(1)) * (64 << 20))
    if item.name == "stuck":
        while True: time.sleep(1)
    if item.name == "slow": time.sleep(1.0)
    if item.name == "last":
        while not (out / "b" / "summary.json").is_file(): time.sleep(0.05)
    if item.name == "busy":
        while True: pass

    if item.name == "thief":
        Path(os.environ["SECRET"]).read_text()
    if item.name == "vandal":
        Path(os.environ["SECRET"]).with_name("new").write_text("x")

class Watch:
    def __init__(self): self.events = []
    def item_started(self, number, item): self.events.append(["started", number])
    def stage(self, number, name, frames): self.events.append([name, number, frames])
    def advance(self, number, frames): self.events.append(["advance", number, frames])
    def item_ended(self, number, result): self.events.append(["ended", number, result.state])

{extra}
watch = Watch()
wanted = ("csv", "summary")
items = [ItemSpec(sys.argv[4], name, AnalyzeSettings(), outputs=wanted) for name in names]
results = crew.run_isolated(items, out, RunSettings(**settings), "keep", watch, **also)
print(json.dumps({
    "results": [[r.item.name, r.state, r.code, r.error] for r in results],
    "events": watch.events,
    "heavy": sorted({"cv2", "av", "numpy"} & set(sys.modules)),
}))
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(FRAMES), videos.Recipe())


def start(
    names: list[str], out: Path, clip: Path, settings: dict[str, Any], extra: str = "also = {}"
) -> subprocess.Popen[str]:
    code = PROGRAM.replace("{extra}", extra)
    arguments = [json.dumps(names), str(out), json.dumps({"threads": 1} | settings), str(clip)]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    names: list[str],
    out: Path,
    clip: Path,
    extra: str = "also = {}",
    **settings: Any,
) -> dict[str, Any]:
    program = start(names, out, clip, settings, extra)
    said, errors = program.communicate(timeout=120)
    assert program.returncode == 0, errors
    return dict(json.loads(said))


def rows(out: Path, name: str) -> bytes:
    return (out / name / "timeline.csv").read_bytes()


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_crash_is_the_failure_of_one_input(clip: Path, tmp_path: Path, parallel: int) -> None:
    found = run(["a", "crash", "b", "c"], tmp_path, clip, parallel=parallel)
    assert [r[:3] for r in found["results"]] == [
        ["a", "done", ""],
        ["crash", "failed", "crash"],
        ["b", "done", ""],
        ["c", "done", ""],
    ]
    assert "SIGSEGV" in found["results"][1][3] and str(clip) in found["results"][1][3]
    assert rows(tmp_path, "a") == rows(tmp_path, "b") == rows(tmp_path, "c")
    assert not (tmp_path / "crash").exists()


def test_a_child_that_ends_by_itself_is_a_failure_too(clip: Path, tmp_path: Path) -> None:
    found = run(["exit", "a"], tmp_path, clip, parallel=1)
    assert [r[1] for r in found["results"]] == ["failed", "done"]
    assert "status 3" in found["results"][0][3]


@pytest.mark.skipif(not landlock.usable(), reason="this kernel has no Landlock")
def test_an_input_that_takes_over_its_child_reaches_no_other_file(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "private" / "key"
    secret.parent.mkdir()
    secret.write_text("secret")
    monkeypatch.setenv("SECRET", str(secret))
    out = tmp_path / "deep" / "out"
    found = run(["a", "thief", "vandal", "b"], out, clip, parallel=1)
    assert [r[1] for r in found["results"]] == ["done", "failed", "failed", "done"]
    assert [p.name for p in secret.parent.iterdir()] == ["key"]
    assert rows(out, "a") == rows(out, "b")
    monkeypatch.setenv(landlock.TURNED_OFF, "no")
    assert [r[1] for r in run(["thief"], out, clip)["results"]] == ["done"]


def test_a_results_folder_of_no_result_is_not_left(clip: Path, tmp_path: Path) -> None:
    found = run(["crash"], tmp_path / "deep" / "out", clip)
    assert [r[1] for r in found["results"]] == ["failed"]
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded(clip: Path, tmp_path: Path) -> None:
    found = run(["a", "hungry", "b"], tmp_path, clip, parallel=1, memory_mb=600)
    assert [r[1] for r in found["results"]] == ["done", "failed", "done"]
    assert found["results"][1][2] == "memory"
    assert "600 MB" in found["results"][1][3]


def test_what_stands_still_is_given_up(clip: Path, tmp_path: Path) -> None:
    found = run(["stuck", "a"], tmp_path, clip, "also = {}; crew.STALLED_ELSE_S = 10.0", parallel=1)
    assert [r[1:3] for r in found["results"]] == [["failed", "timeout"], ["done", ""]]


def test_reading_that_takes_too_much_processor_time_ends(clip: Path, tmp_path: Path) -> None:
    extra = "child.PROBE_CPU_S = 1.0; also = {}"
    found = run(["busy", "a"], tmp_path, clip, extra, parallel=1)
    assert [r[1:3] for r in found["results"]] == [["failed", "timeout"], ["done", ""]]


def test_ends_are_told_at_once_and_results_are_in_the_inputs_order(
    clip: Path, tmp_path: Path
) -> None:
    found = run(["last", "a", "b"], tmp_path, clip, parallel=2)
    assert [e for e in found["events"] if e[0] == "ended"] == [
        ["ended", 1, "done"],
        ["ended", 2, "done"],
        ["ended", 0, "done"],
    ]
    assert [r[0] for r in found["results"]] == ["last", "a", "b"]
    started = [e[1] for e in found["events"] if e[0] == "started"]
    assert started == [0, 1, 2]
    for number in range(3):
        moved = sum(e[2] for e in found["events"] if e[:2] == ["advance", number])
        assert moved == FRAMES


def test_the_parent_loads_nothing_heavy(clip: Path, tmp_path: Path) -> None:
    assert run(["a"], tmp_path, clip)["heavy"] == []


def test_a_stop_is_heard_and_work_is_kept(clip: Path, tmp_path: Path) -> None:
    extra = "begun = time.monotonic(); also = {'should_cancel': lambda: time.monotonic() > begun}"
    found = run(["slow", "a", "b"], tmp_path, clip, extra, parallel=1)
    assert [r[1] for r in found["results"]] == ["cancelled"] * 3


def test_a_model_that_is_not_there_ends_all(clip: Path, tmp_path: Path) -> None:
    extra = "from functools import partial; AnalyzeSettings = partial(AnalyzeSettings, 'fer99')"
    program = start(["a", "b"], tmp_path, clip, {}, f"{extra}; also = {{}}")
    _, errors = program.communicate(timeout=120)
    assert program.returncode == 1
    assert "UnknownModelError" in errors and "fer99" in errors


def test_children_do_not_outlive_their_parent(clip: Path, tmp_path: Path) -> None:
    extra = """
also = {}
make = places.Child
def noted(*arguments):
    child = make(*arguments)
    print(child.pid, flush=True)
    return child
places.Child = noted
"""
    with start(["stuck", "stuck"], tmp_path, clip, {"parallel": 1}, extra) as program:
        assert program.stdout is not None
        child = int(program.stdout.readline())
        program.kill()
    end = time.monotonic() + 20
    while is_alive(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")  # noqa: PTH110


def test_started_anew_where_a_fork_is_not_safe(clip: Path, tmp_path: Path) -> None:
    """This very process has threads, so ``can_fork`` says no."""
    import threading

    from fer_batch.config import AnalyzeSettings, RunSettings
    from fer_batch.jobs.item.children.crew import run_isolated
    from fer_batch.jobs.item.children.process import can_fork
    from fer_batch.jobs.item.work import ItemSpec
    from tests.jobs.item.local_runs import Watch

    blocker = threading.Event()
    thread = threading.Thread(target=blocker.wait)
    thread.start()
    try:
        assert not can_fork()
        item = ItemSpec(str(clip), "a", AnalyzeSettings(), outputs=("csv", "summary"))
        (result,) = run_isolated([item], tmp_path, RunSettings(threads=1), "keep", Watch())
    finally:
        blocker.set()
        thread.join()
    assert result.state == "done", result.error


RELATED = """
from dataclasses import replace
from fer_batch.errors import UsageError
from fer_batch.jobs.item import relate

class Numbered:
    name = "numbered"
    def wanted(self, item): return True
    def relate(self, members, engine):
        if members[0].item.name == "dies": os._exit(4)
        for place, member in enumerate(members):
            timeline = member.timeline()
            if member.item.name == "refused":
                member.refuse(UsageError("edits.csv line 2: there is no person 9"))
                continue
            member.show(replace(timeline, face_id=timeline.face_id + 10 * place))

relate.RELATIONS.append(Numbered())
also = {}
"""


def test_inputs_are_related_by_a_child_when_all_are_there(clip: Path, tmp_path: Path) -> None:
    found = run(["a", "crash", "b", "c"], tmp_path, clip, RELATED, parallel=2)
    assert [r[1] for r in found["results"]] == ["done", "failed", "done", "done"]
    numbers = [{r.split(b",")[3] for r in rows(tmp_path, n).splitlines()[1:]} for n in "abc"]
    assert numbers == [{b"1", b"2"}, {b"11", b"12"}, {b"21", b"22"}]
    assert [e[1] for e in found["events"] if e[0] == "started"] == [0, 1, 2, 3]
    assert sorted(e[1] for e in found["events"] if e[0] == "ended") == [0, 1, 2, 3]
    assert sorted(e[1] for e in found["events"] if e[0] == "relate") == [0, 2, 3]
    assert found["heavy"] == []


def test_an_input_that_cannot_be_related_fails_alone(clip: Path, tmp_path: Path) -> None:
    found = run(["a", "refused", "c"], tmp_path, clip, RELATED, parallel=2)
    assert [r[1] for r in found["results"]] == ["done", "failed", "done"]
    assert "there is no person 9" in found["results"][1][3]
    assert [r[3] for r in found["results"][::2]] == ["", ""]
    assert rows(tmp_path, "a") and rows(tmp_path, "c")


def test_a_child_that_dies_while_relating_fails_all(clip: Path, tmp_path: Path) -> None:
    found = run(["dies", "b"], tmp_path, clip, RELATED, parallel=2)
    assert [r[1:3] for r in found["results"]] == [["failed", "crash"]] * 2
    assert all(str(clip) in r[3] for r in found["results"])


def test_what_several_children_warn_of_is_said_once(clip: Path, tmp_path: Path) -> None:
    refused = """
from fer_batch.media import hardware
hardware.refusal.cache_clear()
hardware.hwdevices_available = lambda: []
also = {}
"""
    plain = run(["a", "b"], tmp_path / "plain", clip, parallel=2)
    settings = {"parallel": 2, "decode": "gpu"}
    program = start(["a", "b"], tmp_path / "gpu", clip, settings, refused)
    said, errors = program.communicate(timeout=120)
    assert json.loads(said)["results"] == plain["results"]
    assert errors.splitlines() == [
        "videos are decoded by the CPU, not by a GPU: FFmpeg was built without it"
    ]
    assert rows(tmp_path / "gpu", "b") == rows(tmp_path / "plain", "b")

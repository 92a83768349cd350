"""The commands of the queue, against a real Redis, and a real worker where work is to be done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner, Result

from fer_batch.cli import main
from fer_batch.cli.commands import register
from fer_batch.cli.queue.show import NO_WORKER
from fer_batch.errors import BrokerError, FerBatchError, JobError, NotFoundError, UsageError
from tests.faults.processes import RedisServer, WorkerProcess
from tests.footage import pictures, videos

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path_factory.mktemp("r"), False, "", "--appendfsync", "everysec")
    yield found.start()
    found.stop()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips_of_tests") / "pair.mp4"
    return videos.write(path, pictures.two_faces(10))


@pytest.fixture(scope="module")
def worked(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of a queue that a worker serves."""
    folder = tmp_path_factory.mktemp("worked")
    environment = environment_of(server.url, folder)
    worker = WorkerProcess("w1", environment, folder / "log")
    yield environment
    worker.kill()


def environment_of(url: str, folder: Path) -> dict[str, str]:
    return {
        "FER_BATCH_REDIS_URL": url,
        "FER_BATCH_STORAGE": str(folder / "storage"),
        "FER_BATCH_STATE_DIR": str(folder / "state"),
        "FER_BATCH_CACHE_DIR": str(folder / "cache"),
        "FER_BATCH_SWEEP_S": "1",
    }


def running(environment: dict[str, str]) -> Run:
    register(main.app)

    def run(*words: object) -> Result:
        """A command in that environment; errors of ours are raised, not printed."""
        done = CliRunner(env=environment).invoke(main.app, [str(word) for word in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture
def idle(server: RedisServer, tmp_path: Path) -> Run:
    """A queue of its own that nobody serves."""
    url = server.url.replace("db=0", "db=1")
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return running(environment_of(url, tmp_path))


def test_from_a_submission_to_results(worked: dict[str, str], clip: Path, tmp_path: Path) -> None:
    run, broken = running(worked), tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    done = run("submit", clip, broken, "--outputs", "csv,summary", "--wait")
    job, *lines = done.stdout.splitlines()
    assert done.exit_code == 1 and "submitted 2 inputs" in done.stderr
    brings = f"`fer-batch download {job[:6]} -o FOLDER` brings the results here"
    assert done.stderr.splitlines()[-1] == brings
    assert len([line for line in lines if "pair.mp4" in line or "broken.mp4" in line]) == 2
    ends = [("wait", job, "--json"), ("status", job, "-w"), ("status", job, "-w", "--json")]
    assert [run(*words).exit_code for words in ends] == [1, 1, 1]
    assert run("status", job).exit_code == 0, "it could be shown"
    shown = json.loads(run("status", job[:6], "--json").stdout)
    assert [item["state"] for item in shown["items"]] == ["done", "failed"]
    assert job in (plain := run("status").stdout) and "broken.mp4" in plain
    log = [json.loads(line) for line in run("logs", "--json").stdout.splitlines()]
    assert {event["input"] for event in log} >= {str(broken)}
    assert run("logs", job).stdout.count("\n") == len(log)
    out = tmp_path / "out"
    done = run("download", "-o", out)
    assert "files in" in done.stdout and "failed: " in done.stderr and done.exit_code == 1
    last = done.stderr.splitlines()[-1]
    assert last == f"missing: 1 failed of 2 inputs; `fer-batch retry {job[:6]}` starts over"
    assert (out / "pair" / "timeline.csv").is_file()
    found = json.loads(run("download", job, "-o", out, "--only", "csv", "--json").stdout)
    assert (found["job_id"], found["state"], found["kept"]) == (job, "failed", [])
    assert f"job {job} has made none of gif" in run("download", "-o", out, "--only", "gif").stderr
    assert [Path(file).name for file in found["files"]] == ["timeline.csv", "frames.csv"]
    listed = json.loads(run("jobs", "--json", "--state", "failed").stdout)
    assert [(one["job_id"], one["inputs_ended"]) for one in listed["jobs"]] == [(job, 2)]
    # The same once more, as JSON; an equal job is not done again.
    alone = ("submit", clip, "--outputs", "csv,summary", "--json", "--wait")
    first, second = run(*alone), run(*alone)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.stdout)["job_id"] == json.loads(second.stdout)["job_id"]
    assert "submitted before" in second.stderr
    assert run("status", "--watch").exit_code == 0
    whole = run("download", "-o", tmp_path / "whole")
    assert (whole.exit_code, whole.stderr) == (0, "")
    assert "fer-batch open" not in whole.stdout, "no page was made"
    assert run("rm", job).stdout == f"removed {job}\n"


def test_no_folder_is_made_for_a_job_that_is_not_there(idle: Run, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="there is no job 'nope'"):
        idle("download", "nope", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_job_is_opened_and_what_was_drawn_again_there_stays(
    worked: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    run = running(worked)
    job = run("submit", clip, "--outputs", "report,summary", "--wait").stdout.splitlines()[0]
    out = tmp_path / "my results"
    brought = run("download", job, "-o", out)
    assert brought.stdout.splitlines()[1:] == [f"look at the results: fer-batch open '{out}'"]
    page = Path(run("open", job, "--print").stdout.strip())
    result = next(page.parent.glob("**/summary.json"))
    assert page.name in ("index.html", "report.html") and result.with_name("report.html").is_file()
    assert run("render", result.parent, "--threshold", "0.9", "--quiet").exit_code == 0
    again = run("open", job, "--print")
    assert Path(again.stdout.strip()) == page and "drawn" in again.stderr
    # `open` has no such options; the way on names a command that has.
    assert "--overwrite" not in again.stderr and f"download {job[:6]} -o" in again.stderr
    assert json.loads(result.read_text())["settings"]["render"]["threshold"] == 0.9


def test_jobs_that_nobody_works_on(idle: Run, clip: Path) -> None:
    assert idle("jobs").stdout == "no jobs\n"
    job = idle("submit", clip, "--priority", "high", "--name", "a study").stdout.strip()
    assert NO_WORKER in idle("status", job).stdout
    other = idle("submit", clip, "--no-cache").stdout.strip()
    page = idle("jobs", "--limit", 1).stdout
    assert page.startswith(other) and page.endswith("page 1 of 2, 2 jobs\n")
    assert "a study  high" in idle("jobs", "--page", 2, "--limit", 1).stdout
    assert idle("jobs", "--state", "done").stdout == "no jobs in state done\n"
    assert idle("cancel", job[:8]).stdout == f"cancelled {job}; 0 inputs were already done\n"
    assert idle("wait", job).exit_code == 1
    told = idle("download", job, "-o", clip.parent / "out").stderr
    assert told == f"missing: 1 cancelled of 1 input; `fer-batch retry {job[:6]}` starts over\n"
    early = idle("download", other, "-o", clip.parent / "out")
    assert early.exit_code == 1 and early.stdout.startswith("0 files in ")
    wait = f"missing: 1 still queued of 1 input; download again when job {other} has ended\n"
    assert early.stderr == wait
    assert idle("jobs", "--page", 9).stdout == "page 9 is empty: 2 jobs\n"
    assert idle("retry", job).stdout == f"1 input of {job} queued again\n"
    with pytest.raises(JobError, match="still"):
        idle("rm", job)
    for one in (job, other):
        idle("cancel", one)
    assert idle("rm", job, other, job).stdout == f"removed {job}\nremoved {other}\n"
    assert idle("jobs").stdout == "no jobs\n"


def test_what_can_be_done_is_done_and_the_rest_is_named(idle: Run, clip: Path) -> None:
    """Of several jobs one is unknown, one in a state that does not allow it; the others go on."""
    a, b = (idle("submit", clip, "--no-cache").stdout.strip() for _ in range(2))
    with pytest.raises(JobError, match="no job 'nosuch'"):
        idle("cancel", "nosuch")
    idle("cancel", b)
    with pytest.raises(JobError, match=f"{b} has ended already"):
        idle("cancel", a, "nosuch", b)
    assert [one["state"] for one in _listed(idle)] == ["cancelled", "cancelled"]
    with pytest.raises(JobError, match="no job 'nosuch'"):
        idle("retry", a, a, "nosuch")
    assert [one["state"] for one in _listed(idle)] == ["cancelled", "queued"]
    with pytest.raises(JobError, match=f"job {a} is still queued; cancel it first"):
        idle("rm", a, "0123456789abcdefghij", "nosuch", b)
    assert [one["job_id"] for one in _listed(idle)] == [a]


def _listed(run: Run) -> list[dict[str, str]]:
    """Jobs as `jobs --json` has them, newest first."""
    found: list[dict[str, str]] = json.loads(run("jobs", "--json").stdout)["jobs"]
    return found


def test_each_that_is_left_is_one_line_and_the_status_says_so(
    server: RedisServer, clip: Path, tmp_path: Path
) -> None:
    url = server.url.replace("db=0", "db=2")
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    environment = environment_of(url, tmp_path)
    run = running(environment)
    job = run("submit", clip).stdout.strip()
    run("cancel", job)
    command = [sys.executable, "-m", "fer_batch.cli.main", "rm", "nosuch", job, "other"]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, f"removed {job}\n")
    assert done.stderr.splitlines() == [
        f"fer-batch: there is no job '{name}'; `fer-batch jobs` lists them"
        for name in ("nosuch", "other")
    ]


def test_a_job_is_watched_until_it_has_ended(
    idle: Run, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = idle("submit", clip).stdout.strip()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            idle("cancel", job)

    monkeypatch.setattr(time, "sleep", sleep)
    shown = json.loads(idle("status", job, "--watch", "--json").stdout)
    assert (shown["state"], len(waited)) == ("cancelled", 2)
    watched = idle("status", job, "--watch")
    line, last = watched.stdout.splitlines()
    assert watched.exit_code == 1
    assert "cancelled: " in line and "0 of 1 input done, 1 cancelled" in last


@pytest.mark.parametrize("words", [("wait",), ("wait", "--json"), ("status", "--watch", "--json")])
def test_a_redis_that_is_away_for_a_while_ends_no_waiting(
    words: tuple[str, ...], clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = RedisServer(tmp_path / "r").start()
    run = running(environment_of(server.url, tmp_path))
    slept, rest = [0], time.sleep
    try:
        job = run("submit", clip).stdout.strip()

        def sleep(seconds: float) -> None:
            if threading.current_thread() is not threading.main_thread():
                return rest(seconds)
            monkeypatch.setattr(time, "sleep", rest)
            slept[0] += 1
            if slept[0] == 1:
                server.kill()
            elif slept[0] == 3:
                server.start()
            elif slept[0] == 4:
                run("cancel", job)
            monkeypatch.setattr(time, "sleep", sleep)

        monkeypatch.setattr(time, "sleep", sleep)
        done = run(words[0], job, *words[1:])
    finally:
        server.stop()
    assert "cancelled" in done.stdout and slept[0] == 4
    assert done.stderr.count("no Redis answers") == 1 and "waiting for it" in done.stderr


def test_whoever_stops_waiting_is_told_that_the_job_goes_on(
    idle: Run, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = idle("submit", clip).stdout.strip()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    for words in (("wait", job), ("status", job, "--watch")):
        done = idle(*words)
        assert done.exit_code == 130
        assert f"job {job} goes on" in done.stderr


def test_what_is_left_of_submissions_is_cleared(idle: Run, clip: Path, tmp_path: Path) -> None:
    idle("submit", clip)
    sha = "ab" * 32
    half = tmp_path / "storage" / "inputs" / "ab" / f".{sha}.part-01234567.mp4"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"x" * 200_000)
    old = time.time() - 10 * 86400
    os.utime(half, (old, old))
    assert "removed 1 file of interrupted submissions (0.2 MB)" in idle("doctor", "--clean").stderr
    assert not half.exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("jobs", "--state", "dead"), "unknown state 'dead'"),
        (("submit", "CLIP", "--priority", "urgent"), "unknown priority 'urgent'"),
        (("submit", "CLIP", "--keep-embeddings", "--identity", "batch"), "the queue keeps none"),
        (("download", "--only", "film"), "unknown output"),
        (("worker", "--queues", ","), "no queue given"),
        (("worker", "--queues", "analyse"), "unknown queue 'analyse'; choose from"),
        (("worker", "--loglevel", "loud"), "unknown level 'loud'"),
        (("worker", "--log-format", "xml"), "'xml'; choose from text, json"),
        (("worker", "--device", "tpu"), "unknown device 'tpu'"),
        (("up",), "FER_BATCH_REDIS_URL is set"),
        (("down",), "FER_BATCH_REDIS_URL is set"),
    ],
)
def test_a_wrong_word_is_one_line(
    words: tuple[str, ...], expected: str, idle: Run, clip: Path
) -> None:
    with pytest.raises(UsageError, match=expected):
        idle(*(clip if word == "CLIP" else word for word in words))


@pytest.mark.parametrize("command", ["status", "cancel", "logs"])
def test_a_job_that_is_not_there_is_one_line(command: str, idle: Run) -> None:
    with pytest.raises(FerBatchError) as found:
        idle(command, "zzzz")
    assert "zzzz" in str(found.value) and "\n" not in str(found.value)


def test_a_worker_is_told_what_was_asked(idle: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Replaced(Exception):
        pass

    def execv(program: str, command: list[str]) -> None:
        told.extend(command)
        raise Replaced

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(signal, "pthread_sigmask", lambda how, numbers: None)
    with pytest.raises(Replaced):
        idle("worker", "--queues", "render, control", "--loglevel", "debug", "--name", "w",
             "--log-format", "json", "--metrics-port", 9000)  # fmt: skip
    assert told[1:] == [
        *("-P", "-m", "workers", "--queues=control,render", "--concurrency=1", "--device=auto"),
        *("--loglevel=DEBUG", "--metrics-port=9000", "--log-format=json", "--name=w"),
    ]


def test_a_queue_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    run = running(environment_of(f"unix://{tmp_path}/none.sock", tmp_path))
    for words in (("jobs",), ("worker",), ("status",)):
        with pytest.raises(BrokerError, match="no Redis answers"):
            run(*words)


def test_this_machines_own_queue_is_not_started_by_looking(tmp_path: Path) -> None:
    environment = environment_of("", tmp_path)
    del environment["FER_BATCH_REDIS_URL"], environment["FER_BATCH_STORAGE"]
    run = running(environment)
    assert run("down").stdout == "nothing was running\n"
    with pytest.raises(NotFoundError, match="not found; check the path"):
        run("submit", tmp_path / "typo.mp4")
    with pytest.raises(JobError, match="no queue runs on this machine"):
        run("jobs")


def test_this_machines_own_queue_goes_up_and_down(tmp_path: Path) -> None:
    environment = environment_of("", tmp_path)
    del environment["FER_BATCH_REDIS_URL"], environment["FER_BATCH_STORAGE"]
    run = running(environment)
    try:
        done = run("up")
        assert "started Redis" in done.stderr and "and one worker" in done.stderr
        assert done.stdout.startswith("redis ") and str(tmp_path / "state") in done.stdout
        assert "already running" in run("up").stderr
        assert run("jobs").stdout == "no jobs\n"
    finally:
        ended = run("down").stdout
    assert ended == "stopped worker and redis; queued work goes on after `fer-batch up`\n"
    with pytest.raises(JobError, match="no queue runs on this machine"):
        run("jobs")

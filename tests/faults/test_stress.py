"""Two hundred small videos in one job while workers die at random, seeded."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.queue.submit import Request
from fer_batch.pipeline.build import Engine
from tests.faults.cluster import SEGMENT_FRAMES, Cluster, Silence
from tests.footage import pictures, videos

pytestmark = pytest.mark.faults
COUNT = 200
DEATHS = 12
STRIDE = COUNT // (DEATHS + 4)  # videos from one death to the next; the last quarter is left alone
KINDS = 4  # of different content; every input has bytes, and so a hash, of its own


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of 6 to 24 frames, some of two segments."""
    path = tmp_path_factory.mktemp("many")
    frames = pictures.two_faces(40)
    kinds = []
    for kind in range(KINDS):
        clip = path.parent / f"kind{kind}.mp4"
        videos.write(clip, frames[kind : kind + 6 * (kind + 1)])
        kinds.append(clip.read_bytes())
    for number in range(COUNT):
        padding = b"\0\0\0\x10free" + number.to_bytes(8, "big")
        (path / f"v{number:03}.mp4").write_bytes(kinds[number % KINDS] + padding)
    return path


@pytest.mark.parametrize("seed", [20260102])
def test_two_hundred_videos_and_workers_that_die(
    cluster: Cluster, folder: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    # A unit that happens to be at work at every death must not be mistaken for poison.
    cluster.environment |= {"FER_BATCH_MAX_ATTEMPTS": "20"}
    job = cluster.client.submit(
        Request(paths=(folder,), outputs=("csv", "summary"), use_cache=False)
    ).job_id
    workers = [cluster.worker(), cluster.worker()]
    for death in range(1, DEATHS + 1):
        # By progress, not by the clock: a fast machine sees as many deaths as a slow one.
        cluster.until(lambda: finished_items(cluster, job) >= death * STRIDE, 150)  # noqa: B023
        time.sleep(chance.uniform(0.0, 0.3))
        assert not cluster.client.status(job).final, death
        victim = chance.randrange(len(workers))
        how = chance.choice(["child", "parent", "group", "term"])
        if how == "child":
            for child in workers[victim].children():
                child.send_signal(signal.SIGKILL)
        else:
            if how == "parent":
                workers[victim].signal(signal.SIGKILL)
            elif how == "group":
                workers[victim].kill()
            else:
                workers[victim].signal(signal.SIGTERM)
            workers[victim] = cluster.worker()
    status = cluster.wait(job, 400)
    assert status.state == "done", [i for i in status.items if i.state != "done"]
    cluster.check_settled(job)
    out = tmp_path / "got"
    cluster.client.download(job, out, frozenset({"csv"}))
    for kind in range(KINDS):
        expected = run_one(folder / f"v{kind:03}.mp4", tmp_path / "expected")
        for number in range(kind, COUNT, KINDS):
            found = (out / f"v{number:03}" / "timeline.csv").read_bytes()
            assert found == expected, number
    log = [event.text for event in cluster.client.log(job)]
    assert log[-1] == "finished"


def finished_items(cluster: Cluster, job: str) -> int:
    status = cluster.client.status(job)
    return status.count - status.unfinished


def run_one(clip: Path, out: Path) -> bytes:
    """``timeline.csv`` of the local runner."""
    engine = Engine(RunSettings(segment_frames=SEGMENT_FRAMES))
    spec = ItemSpec(str(clip), clip.stem, AnalyzeSettings(), RenderSettings(), ("csv", "summary"))
    (result,) = run_items([spec], out, engine, "overwrite", Silence())
    return (result.out / "timeline.csv").read_bytes()

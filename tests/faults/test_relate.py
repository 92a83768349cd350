"""Workers killed while they compare the people of a job: names and numbers are those of a run
without faults, and nothing that people are recognised by stays."""

from __future__ import annotations

import signal
from pathlib import Path

import cv2
import pytest

from fer_batch.config import AnalyzeSettings
from fer_batch.jobs.item.who import asking_for, read_who
from fer_batch.jobs.store import keys
from tests.faults.cluster import Cluster, fault, run_here
from tests.footage import videos
from tests.footage.pictures import cover, portraits

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two films, and beside them a photo of one of the people in both."""
    folder = tmp_path_factory.mktemp("films_of_tests")
    shown = [cover(picture, 320, 240) for picture in portraits()]
    (folder / "known").mkdir()
    cv2.imwrite(str(folder / "known" / "Grace.png"), shown[1][:, ::-1])
    return [
        videos.write(folder / f"{name}.mp4", [shown[p] for p in people for _ in range(16)])
        for name, people in (("a", (0, 1, 0)), ("b", (1,)))
    ]


@pytest.fixture(scope="module")
def known(films: list[Path]) -> tuple[AnalyzeSettings, Path]:
    folder = films[0].parent / "known"
    return asking_for(AnalyzeSettings(), read_who(folder)), folder


@pytest.fixture(scope="module")
def named(
    films: list[Path], known: tuple[AnalyzeSettings, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The films' results without any fault."""
    out = run_here(films, tmp_path_factory.mktemp("named"), known[0], str(known[1]))
    assert "Grace" in (out / "b" / "timeline.csv").read_text("utf-8")
    return out


@pytest.mark.parametrize(
    ("point", "action"),
    [("claimed", "kill"), ("stored", "kill"), ("completed", "kill"), ("claimed", "kill_group")],
    ids=["before", "related but not told", "told but not published", "with its worker"],
)
def test_killed_while_people_are_compared(
    cluster: Cluster,
    films: list[Path],
    known: tuple[AnalyzeSettings, Path],
    named: Path,
    point: str,
    action: str,
) -> None:
    cluster.worker(fault(point, action, stage="relate"))
    job = cluster.submit(*films, analyze=known[0], who=known[1])
    cluster.until(cluster.struck)
    if action == "kill_group":
        cluster.worker()
    cluster.check(job, named)
    left = cluster.client.storage.files(keys.job(job))
    assert not [name for name in left if "people" in name], left


def test_killed_from_outside_in_the_middle_of_it(
    cluster: Cluster, films: list[Path], known: tuple[AnalyzeSettings, Path], named: Path
) -> None:
    slow = cluster.worker(fault("claimed", "slow", stage="relate", seconds=30))
    job = cluster.submit(*films, analyze=known[0], who=known[1])
    cluster.until(cluster.struck)
    slow.signal_group(signal.SIGKILL)
    cluster.worker()
    cluster.check(job, named)

"""Results of a short film of two people, one after the other, as `fer-batch run` leaves them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.batch import write_batch
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.build import Engine
from tests.footage import videos
from tests.footage.pictures import cover, portraits
from tests.jobs.item.local_runs import Watch

SHOT = 12
OUTPUTS = ("report", "video", "csv", "people", "summary")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_results(tmp_path_factory.mktemp("review"))


def make_results(place: Path, recipe: videos.Recipe | None = None) -> Path:
    """Results in ``place``/out, of a film beside it that is made by ``recipe``."""
    shown = [cover(picture, 320, 240) for picture in portraits()]
    frames = [shown[p] for p in (0, 1, 0) for _ in range(SHOT)]
    film = videos.write(place / "talk.mp4", frames, recipe)
    item = ItemSpec(
        str(film),
        "day 1/talk",
        AnalyzeSettings(grid=4),
        RenderSettings(preset="ultrafast"),
        OUTPUTS,
    )
    engine = Engine(RunSettings(threads=1))
    results = run_items([item], place / "out", engine, "keep", Watch())
    assert results[0].state == "done", results[0].error
    write_batch(results, place / "out")
    return place / "out"


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "out"))

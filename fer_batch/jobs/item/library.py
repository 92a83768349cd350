"""fer-batch as a library: one call from a path to a Timeline, without files."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.jobs.item.unchanged import Unchanged
from fer_batch.media.source import probe_wanted
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Report, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.timeline import build_timeline
from fer_batch.types import Timeline


def analyze(
    path: str | PathLike[str],
    model: str = "",
    settings: AnalyzeSettings | None = None,
    run: RunSettings | None = None,
    progress: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> Timeline:
    """Find, follow and classify every face in a video, an image or a folder of images.

    ``model`` goes before ``settings.model``. ``progress`` is called with the number of frames done
    since it was last called. The timeline is the one that ``fer-batch run`` writes to
    ``timeline.csv``.

    Examples:
        >>> timeline = analyze("interview.mp4")  # doctest: +SKIP
        >>> timeline.to_pandas().groupby("face_id").happy.mean()  # doctest: +SKIP

    Raises:
        UsageError: a setting has a value that cannot be.
        InputError: the input cannot be processed, or was changed meanwhile.
        UnknownModelError: there is no model of that name.
        Cancelled: ``should_cancel`` said so.
    """
    settings = settings or AnalyzeSettings()
    if model:
        settings = replace(settings, model=model)
    engine = Engine(run or RunSettings())
    source_path = Path(path)
    unchanged = Unchanged(source_path)
    info = probe_wanted(source_path, source_path.stem, settings, engine.run.limits)
    analyzer = engine.analyzer(settings)
    shards = [
        analyzer.analyze(engine.source(info), segment, Timings(), progress, should_cancel)
        for segment in plan(info, settings, engine.run.segment_frames)
    ]
    unchanged.check(info.files)
    return build_timeline(info, shards, analyzer.labels, settings, engine.recogniser)

"""What is done to one item, step by step: the only thing that runners call.

Each step reads and writes files of a WorkFolder under deterministic names, whole or not at all,
and does nothing where its result already lies there: a step that runs twice is harmless.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from fer_batch.atomic import write_text
from fer_batch.checksum import sha256_file
from fer_batch.config import AnalyzeSettings, fingerprint
from fer_batch.errors import UnreadableError
from fer_batch.jobs.item import make
from fer_batch.jobs.item.work import FORMAT, ItemPlan, ItemSpec, WorkFolder
from fer_batch.outputs import Output
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.native import give_back_memory
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Report, ShouldCancel, Timings, never, unreported
from fer_batch.version import installed_version


def probe(item: ItemSpec, work: WorkFolder, engine: Engine) -> ItemPlan:
    """Look at an input and keep what was found; writes ``source.json``. See ``look``."""
    found, timings = look(item, engine)
    keep(work, found, timings)
    return found


def keep(work: WorkFolder, found: ItemPlan, timings: Timings) -> None:
    """Write ``source.json``, on which all other steps build."""
    _write_timings(work, "probe", timings)
    work.write_plan(found)


def look(item: ItemSpec, engine: Engine) -> tuple[ItemPlan, Timings]:
    """Read what the container says, hash the input, cut it into segments; writes nothing.

    Raises:
        InputError: the input cannot be processed.
        UnknownModelError, ModelFileError: the settings name what is not there.
    """
    from fer_batch.media.source import probe as probe_source

    run = engine.run
    timings = Timings()
    with timings.stage("probe_s"):
        with timings.stage("read_packets"):
            info = probe_source(Path(item.input), item.name, item.analyze.fps, run.limits)
        sha256 = input_sha256(Path(item.input), info.files)
        analysis_key = result_key(sha256, item.analyze, engine)
        found = ItemPlan(
            info=info,
            segments=tuple(plan(info, item.analyze, run.segment_frames)),
            input_sha256=sha256,
            analysis_key=analysis_key,
            render_key=fingerprint([analysis_key, item.render.to_json(), sorted(item.outputs)]),
        )
    return found, timings


def analyze(
    item: ItemSpec,
    work: WorkFolder,
    segment: int,
    engine: Engine,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> Path:
    """Detect and classify one segment; writes its shard.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    from fer_batch.pipeline.shard import read_shard, write_shard

    found = work.read_plan()
    path, cut = work.shard(segment), found.segments[segment]
    if path.exists():
        try:
            read_shard(path)
            report(len(cut))
            return path
        except UnreadableError:
            path.unlink()
    timings = Timings()
    analyzer, source = engine.analyzer(item.analyze), engine.source(found.info)
    with timings.stage("analyze_s"):
        faces = analyzer.analyze(source, cut, timings, report, should_cancel)
        give_back_memory(found.gone_through(cut))
    write_shard(path, faces, dict(timings.seconds))
    return path


def assemble(item: ItemSpec, work: WorkFolder, engine: Engine) -> Path:
    """Merge all shards, track and smooth; writes ``timeline.npz``, on which all that follows is
    built."""
    from fer_batch.pipeline.shard import ShardFiles, read_timings
    from fer_batch.pipeline.timeline import build_timeline
    from fer_batch.timeline_file import write_timeline

    if work.timeline.exists():
        return work.timeline
    found = work.read_plan()
    timings = Timings()
    with timings.stage("assemble_s"):
        paths = [work.shard(segment.index) for segment in found.segments]
        for path in paths:
            timings.add(read_timings(path))
        shards = ShardFiles(paths)
        labels = engine.card(item.analyze).labels
        timeline = build_timeline(found.info, shards, labels, item.analyze, engine.recogniser)
        write_timeline(work.timeline, timeline)
    if len(paths) > 1:
        give_back_memory()
    _write_timings(work, "assemble", timings)
    return work.timeline


def render(
    item: ItemSpec,
    work: WorkFolder,
    segment: int,
    engine: Engine,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> Path:
    """Draw one segment; writes its part (with ``video`` among the outputs) and snapshots.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    from fer_batch.pipeline.render import render_segment
    from fer_batch.pipeline.snapshots import Wanted, wanted

    found = work.read_plan()
    cut, kept = found.segments[segment], work.kept(segment)
    if kept.exists():
        report(len(cut))
        return kept
    timings, timeline = Timings(), engine.timelines.read(work.timeline)
    # Before the others begin: each looks at the whole timeline and holds some of it twice.
    keep = wanted(timeline, item.render) if "report" in item.outputs else Wanted()
    with timings.stage("render_s"), ThreadPoolExecutor(2) as pool:
        beside: list[Future[None]] = []
        if segment == 0:  # drawing the video leaves room for both; each keeps one core busy
            for output in make.wanted(item):
                beside.append(pool.submit(_make, output, item, work, engine, should_cancel))
        render_segment(
            engine.source(found.info),
            cut,
            timeline,
            item.render,
            keep,
            work.part(segment) if "video" in item.outputs else None,
            kept,
            timings,
            engine.run,
            report,
            should_cancel,
        )
        for future in beside:
            future.result()
        give_back_memory(found.gone_through(cut))
    _write_timings(work, f"render-{segment:05d}", timings)
    return kept


def _make(
    output: Output,
    item: ItemSpec,
    work: WorkFolder,
    engine: Engine,
    should_cancel: ShouldCancel = never,
) -> None:
    """Make an output where it is not there yet, and note how long it took."""
    if not work.made(output).exists():
        timings = make.make(output, item, work, engine, should_cancel)
        _write_timings(work, f"make-{output.name}", timings)


def finish(item: ItemSpec, work: WorkFolder, engine: Engine) -> dict[str, Any]:
    """Put the results together under their final names, ``summary.json`` last; returns it."""
    from fer_batch.pipeline.finish import Finish, Provenance, finish_item

    found = work.read_plan()
    timings = Timings()
    with timings.stage("finish_s"):
        for output in make.wanted(item):
            _make(output, item, work, engine)
    for path in sorted((work.path / "timings").glob("*.json")):
        with suppress(ValueError):  # not flushed when written; nothing but a duration is lost
            timings.add(json.loads(path.read_text("utf-8")))
    detector = engine.detector(item.analyze)
    provenance = Provenance(
        input_sha256=found.input_sha256,
        analysis_key=found.analysis_key,
        render_key=found.render_key,
        model=engine.card(item.analyze),
        detector={"name": detector.name, "sha256": detector.sha256},
        settings={
            "analyze": item.analyze.to_json(),
            "render": item.render.to_json(),
            "outputs": list(item.outputs),
        },
        load_s=engine.load_s,
    )
    drawn = [s.index for s in found.segments] if make.draws(item) else []
    job = Finish(
        info=found.info,
        shown=item.shown or found.info.path,
        timeline=engine.timelines.read(work.timeline),
        made=make.made(item, work),
        parts=[work.part(i) for i in drawn] if "video" in item.outputs else [],
        kept=[work.kept(i) for i in drawn],
        out=work.out,
        outputs=item.outputs,
        render=item.render,
        provenance=provenance,
        timings=timings,
    )
    return finish_item(job)


def result_key(sha256: str, settings: AnalyzeSettings, engine: Engine) -> str:
    """What a result's numbers depend on, as one hash."""
    from fer_batch.faces.recogniser import recogniser_sha256

    weights = engine.card(settings).identity
    detector = engine.detector(settings).sha256
    names = {k: v for k, v in settings.to_json().items() if k not in ("detector_model", "model")}
    people = "" if settings.identity == "off" else recogniser_sha256()
    return fingerprint([FORMAT, installed_version(), sha256, names, weights, detector, people])


def input_sha256(path: Path, files: tuple[str, ...] = ()) -> str:
    """SHA-256 (hex) of a file's content; for folders of images, of all names and contents."""
    if not path.is_dir():
        return sha256_file(path)
    return fingerprint([[name, _content(path / name)] for name in files])


def _content(path: Path) -> str:
    try:
        return input_sha256(path)
    except OSError:
        return ""


def _write_timings(work: WorkFolder, step: str, timings: Timings) -> None:
    write_text(work.timings(step), json.dumps(dict(timings.seconds)), durable=False)

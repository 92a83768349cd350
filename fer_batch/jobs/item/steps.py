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
from fer_batch.checksum import fingerprint
from fer_batch.errors import EngineError, UnreadableError
from fer_batch.jobs.item import make
from fer_batch.jobs.item.result_keys import analysis_key, input_sha256, render_key, result_keys
from fer_batch.jobs.item.work import ItemPlan, ItemSpec, WorkFolder
from fer_batch.outputs import Output
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.native import give_back_memory
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Report, ShouldCancel, Timings, never, unreported


def probe(item: ItemSpec, work: WorkFolder, engine: Engine, segment_frames: int = 0) -> ItemPlan:
    """Look at an input and keep what was found; writes ``source.json``. See ``look``."""
    found, timings = look(item, engine, segment_frames)
    keep(work, found, timings)
    return found


def keep(work: WorkFolder, found: ItemPlan, timings: Timings) -> None:
    """Write ``source.json``, on which all other steps build."""
    _write_timings(work, "probe", timings)
    work.write_plan(found)


def look(item: ItemSpec, engine: Engine, segment_frames: int = 0) -> tuple[ItemPlan, Timings]:
    """Read what the container says, hash the input, cut it into segments; writes nothing.

    ``segment_frames``: about how long segments are, 0 for what the engine's settings say.

    Raises:
        InputError: the input cannot be processed.
        UnknownModelError, ModelFileError: the settings name what is not there.
    """
    from fer_batch.media.source import probe_wanted

    run = engine.run
    timings = Timings()
    with timings.stage("probe_s"):
        with timings.stage("read_packets"):
            info = probe_wanted(Path(item.input), item.name, item.analyze, run.limits, item.files)
        sha256 = input_sha256(Path(item.input), info.files)
        asked = analysis_key(sha256, info.kind, item.analyze, engine)
        found = ItemPlan(
            info=info,
            segments=tuple(plan(info, item.analyze, segment_frames or run.segment_frames)),
            input_sha256=sha256,
            analysis_key=asked,
            render_key=render_key(asked, item),
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
    from fer_batch.pipeline.shard import read_about, read_shard, write_shard

    found = work.read_plan()
    path, cut = work.shard(segment), found.segments[segment]
    facts = engine.facts(item.analyze)
    if path.exists():
        with suppress(UnreadableError):
            read_shard(path)
            if read_about(path).engine == facts:
                report(len(cut))
                return path
        path.unlink()  # damaged, or of another engine
    timings = Timings()
    analyzer = engine.analyzer(item.analyze)
    source = engine.source(found.info)
    if make.draws(item):
        source = engine.kept.keep(source)
    with timings.stage("analyze_s"):
        faces = analyzer.analyze(source, cut, timings, report, should_cancel)
        give_back_memory(found.gone_through(cut))
    write_shard(path, faces, dict(timings.seconds), facts)
    return path


def assemble(item: ItemSpec, work: WorkFolder, engine: Engine) -> Path:
    """Merge all shards, track and smooth; writes ``timeline.npz``, on which all that follows is
    built.

    Raises:
        EngineError: the shards were made by different engines.
    """
    from fer_batch.pipeline.people_file import write_people
    from fer_batch.pipeline.shard import ShardFiles, read_about
    from fer_batch.pipeline.timeline import build_timeline
    from fer_batch.timeline_file import write_timeline

    if work.timeline.exists():
        return work.timeline
    found = work.read_plan()
    timings = Timings()
    with timings.stage("assemble_s"):
        paths = [work.shard(segment.index) for segment in found.segments]
        about = [read_about(path) for path in paths]
        for one in about:
            timings.add(one.timings)
        made_by = {
            **one_engine(item, [one.engine for one in about]),
            **engine.people_facts(found.info.kind, item.analyze),
        }
        shards = ShardFiles(paths)
        labels = engine.card(item.analyze).labels
        people: dict[int, Any] | None = {} if item.analyze.identity == "batch" else None
        timeline = build_timeline(
            found.info, shards, labels, item.analyze, engine.recogniser, people
        )
        if people is not None:  # before the timeline, which says that all is there
            write_people(work.people, people)
        write_timeline(work.timeline, timeline, engine=made_by)
    if len(paths) > 1:
        give_back_memory()
    _write_timings(work, "assemble", timings)
    return work.timeline


def one_engine(item: ItemSpec, engines: list[dict[str, str]]) -> dict[str, str]:
    """The engine that made all segments of an item.

    Raises:
        EngineError: there are several, whose numbers would be mixed.
    """
    first = engines[0] if engines else {}
    for other in engines:
        if other != first:
            names = {
                name for name in first.keys() | other.keys() if first.get(name) != other.get(name)
            }
            name = min(names)
            raise EngineError(
                f"{item.shown or item.input}: its segments were made by different engines "
                f"({name}: {first.get(name)}, {other.get(name)}); analyse it again"
            )
    return first


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
    from fer_batch.pipeline.photos import WantedPictures, as_film, render_photos
    from fer_batch.pipeline.render import render_segment
    from fer_batch.pipeline.snapshots import WantedSnapshots, wanted

    found = work.read_plan()
    cut, kept = found.segments[segment], work.kept(segment)
    if kept.exists():
        report(len(cut))
        return kept
    timings, timeline = Timings(), make.shown_timeline(item, work, engine)
    photos, film = found.info.kind == "photos", "video" in item.outputs
    # Before the others begin: each looks at the whole timeline and holds some of it twice.
    known = "report" in item.outputs and not photos
    keep = wanted(timeline, item.render) if known else WantedSnapshots()
    with timings.stage("render_s"), ThreadPoolExecutor(2) as pool:
        beside: list[Future[None]] = []
        if segment == 0:  # drawing the video leaves room for both; each keeps one core busy
            for output in make.wanted(item):
                beside.append(pool.submit(_make, output, item, work, engine, should_cancel))
        source = engine.kept.again(engine.source(found.info))
        if not photos or film:
            render_segment(
                source,
                cut,
                as_film(timeline, found.info),
                item.render,
                keep,
                work.part(segment) if film else None,
                kept.with_suffix(".film.zip") if photos else kept,
                timings,
                engine.run,
                unreported if photos else report,
                should_cancel,
                whole="images" in item.outputs and not photos,
            )
        if photos:
            pictures = WantedPictures("images" in item.outputs, "report" in item.outputs)
            arguments = (pictures, kept, timings, report, should_cancel)
            render_photos(source, cut, timeline, item.render, *arguments)
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
    from fer_batch.emotion.load import made_with
    from fer_batch.pipeline.finish import Finish, Provenance, finish_item
    from fer_batch.timeline_file import read_engine

    found = work.read_plan()
    timings = Timings()
    with timings.stage("finish_s"):
        for output in make.wanted(item):
            _make(output, item, work, engine)
    for path in sorted((work.path / "timings").glob("*.json")):
        with suppress(ValueError):  # not flushed when written; nothing but a duration is lost
            timings.add(json.loads(path.read_text("utf-8")))
    detector, made_by = engine.detector(item.analyze), read_engine(work.timeline)
    related = relations(work)
    provenance = Provenance(
        input_sha256=found.input_sha256,
        keys=result_keys(found, made_by, fingerprint(related) if related else "").to_json(),
        engine=made_by,
        related=related,
        model=made_with(engine.card(item.analyze), made_by),
        asked_second=engine.asks_second(item.analyze),
        detector={"name": detector.name, "sha256": detector.sha256},
        settings={
            "analyze": item.analyze.to_json(),
            "render": item.render.to_json(),
            "outputs": list(item.outputs),
        },
        load_s=engine.load_s,
        kept=found.made_by,
    )
    drawn = [s.index for s in found.segments] if make.draws(item) else []
    job = Finish(
        info=found.info,
        shown=item.shown or found.info.path,
        timeline=make.shown_timeline(item, work, engine),
        analysed=work.timeline if related else None,
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


def relations(work: WorkFolder) -> dict[str, Any]:
    """What relating said of this input; empty where nobody asked.

    Raises:
        UnreadableError: it is damaged.
    """
    try:
        found = json.loads(work.relations.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{work.relations}: is damaged; run again") from error
    return dict(found)


def _write_timings(work: WorkFolder, step: str, timings: Timings) -> None:
    write_text(work.timings(step), json.dumps(dict(timings.seconds)), durable=False)

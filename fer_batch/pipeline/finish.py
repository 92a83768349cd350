"""The last step: parts joined with the sound, all outputs under final names, the report."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fer_batch.atomic import atomic_path, flushed_together
from fer_batch.config import RenderSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.errors import OutputPathError
from fer_batch.media.join import join_parts
from fer_batch.output import summary as summaries
from fer_batch.output.annotated_names import annotated_names
from fer_batch.output.clock import NO_CLOCK, clock_of
from fer_batch.output.moments import Moment, pick_moments
from fer_batch.output.report.thumbnails import (
    Thumbnails,
    write_photo_thumbs,
    write_shrunk,
    write_thumbnails,
)
from fer_batch.outputs import file_of
from fer_batch.pipeline.progress import Timings
from fer_batch.pipeline.snapshots import Snapshots
from fer_batch.plural import plural
from fer_batch.timeline_file import ANALYSED, keep_in_results, read_timeline
from fer_batch.types import FrameStatus, SourceInfo, Timeline

LOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where numbers come from: enough to repeat the run. ``kept``: parts of the record that stay as
    they were, where older numbers are drawn again."""

    input_sha256: str
    keys: dict[str, str]
    engine: dict[str, str]
    related: dict[str, Any]
    model: ModelCard
    asked_second: bool
    detector: dict[str, str]
    settings: dict[str, Any]
    load_s: float
    kept: dict[str, Any]


@dataclass(slots=True)
class Finish:
    """Everything the last step needs of one item, and what it has written so far.

    ``parts`` and ``kept`` hold one file a segment, in order; they are empty where the wanted
    outputs do not need them. ``made`` are outputs that are ready, under their final names.
    ``analysed`` is the timeline's file before inputs were related, None where they were not.
    ``shown`` stands in results for the input's path, which may be that of a worker's copy;
    ``described`` has size and checksum of what is written.
    """

    info: SourceInfo
    shown: str
    timeline: Timeline
    analysed: Path | None
    made: list[Path]
    parts: list[Path]
    kept: list[Path]
    out: Path
    outputs: tuple[str, ...]
    render: RenderSettings
    provenance: Provenance
    timings: Timings
    written: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)


def finish_item(job: Finish) -> dict[str, Any]:
    """Write all outputs; ``summary.json`` comes last and says that the rest is whole.

    Returns:
        The summary.

    Raises:
        NoSpaceError, OutputPathError: the output folder cannot be written to.
    """
    begin = time.perf_counter()
    warnings = tuple(_as_shown(job, job.info.warnings))
    timeline = replace(job.timeline, files=job.info.files, warnings=warnings)
    moments = pick_moments(timeline, job.render)
    job.warnings += _lost(job.info, timeline)
    if job.render.clock and clock_of(job.info) is None:
        job.warnings.append(f"{job.info.path}: {NO_CLOCK}")
    _ready(job)
    made_by = job.provenance.engine
    job.written.append(keep_in_results(job.out, job.timeline, made_by))
    if job.analysed is not None:
        before = read_timeline(job.analysed)
        job.written.append(keep_in_results(job.out, before, made_by, ANALYSED))
    with flushed_together():
        with closing(Snapshots(job.kept)) as snapshots:
            if "video" in job.outputs:
                with job.timings.stage("write_video"):
                    _video(job, snapshots)
            if "images" in job.outputs:
                with job.timings.stage("write_images"):
                    _images(job, snapshots)
            _thumbnails(job, snapshots)
        if "report" in job.outputs:
            from fer_batch.output.report.page import index_from, write_report

            with job.timings.stage("write_report"):
                data = _summary(job, timeline, moments)
                job.written += write_report(
                    job.out, timeline, data, index=index_from(job.info.name)
                )
    job.timings.seconds["finish_s"] += time.perf_counter() - begin
    data = _summary(job, timeline, moments)
    if "summary" in job.outputs:
        summaries.write_summary(data, job.out / file_of("summary"))
    return data


def _lost(info: SourceInfo, timeline: Timeline) -> list[str]:
    """What is to be said of frames that could not be decoded and of which nothing was said yet."""
    lost = [int(i) for i in (timeline.status == FrameStatus.DECODE_ERROR).nonzero()[0]]
    if not lost:
        return []
    if info.files:
        warned = "\n".join(info.warnings)
        new = [info.files[i] for i in lost if info.files[i] not in warned]
        more = [f"and {len(new) - LOST_TOLD} more damaged images"] if len(new) > LOST_TOLD else []
        return [
            *(f"{name}: is damaged; it stands as decode_error" for name in new[:LOST_TOLD]),
            *more,
        ]
    first = timeline.time_s[lost[0]]
    counts = f"{len(lost)} of {plural(len(timeline), 'frame')} could not be decoded"
    return [f"{counts}, the first at {first:.2f} s; they stand as decode_error"]


def _as_shown(job: Finish, words: Iterable[str]) -> list[str]:
    return [line.replace(job.info.path, job.shown) for line in words]


def _video(job: Finish, snapshots: Snapshots) -> None:
    """``annotated.mp4``."""
    target = job.out / file_of("video")
    if len(job.parts) == 1:  # the whole film already
        _link(job.parts[0], target)
        job.warnings += snapshots.warnings()
    else:
        with atomic_path(target) as temporary:
            job.warnings += join_parts(job.parts, job.info, temporary)
    job.written.append(target.name)


def _images(job: Finish, snapshots: Snapshots) -> None:
    """``annotated/<name>.jpg`` for each image, in the folders that the images lie in."""
    names = annotated_names(job.info.files)
    for frame, data in snapshots.jpegs("image"):
        with atomic_path(job.out / names[frame]) as temporary:
            temporary.write_bytes(data)
        job.written.append(names[frame])


def _ready(job: Finish) -> None:
    """Outputs that were made beside the drawing; a GIF has no frame where its range has none."""
    for path in job.made:
        if path.exists():
            _link(path, job.out / path.name)
            job.written.append(path.name)
        else:
            job.warnings.append(f"{path.name}: no frame in the wanted range")


def _link(path: Path, target: Path) -> None:
    """The same file under another name, flushed when it was made; neither is written to again."""
    try:
        with atomic_path(target, durable=False) as temporary:
            os.link(path, temporary)
    except (OSError, OutputPathError):  # another disk, or one without links
        with atomic_path(target) as temporary:
            shutil.copyfile(path, temporary)


def _thumbnails(job: Finish, snapshots: Snapshots) -> None:
    """Faces and moments for the report, which can be built again from them."""
    if "report" not in job.outputs:
        return
    if job.info.kind == "photos":
        write_photo_thumbs(job.out, snapshots.jpegs("thumb"))
        write_shrunk(job.out, snapshots.shrunk())
    people, moments = dict(snapshots.jpegs("person")), dict(snapshots.jpegs("moment"))
    write_thumbnails(job.out, Thumbnails(people=people, moments=moments))
    job.written += [f"report/{path.name}" for path in (job.out / "report").glob("*.jpg")]


def _summary(job: Finish, timeline: Timeline, moments: list[Moment]) -> dict[str, Any]:
    origin, card = job.provenance, job.provenance.model
    stages = dict(sorted(job.timings.seconds.items()))
    # Hashed once: the report's data need the checksums of all others, summary.json the report's.
    job.described |= summaries.describe_outputs(job.out, set(job.written) - job.described.keys())
    # Steps end in _s and follow one another; the stages within them overlap.
    total = sum(seconds for name, seconds in stages.items() if name.endswith("_s"))
    return {
        **summaries.summary(
            timeline,
            input=summaries.describe_input(job.info, origin.input_sha256) | {"path": job.shown},
            model={
                "name": card.name,
                "version": card.version,
                "description": card.description,
                "labels": list(card.labels),
                "sha256": dict(card.sha256),
                "second_opinion": origin.asked_second,
                "training": card.training,
                "metrics": card.metrics,
                "limits": list(card.limits),
            },
            detector=origin.detector,
            settings=origin.settings,
            timings=stages | {"total_s": total, "load_s": origin.load_s},
            outputs=dict(sorted(job.described.items())),
            moments=moments,
            warnings=_as_shown(job, [*job.info.warnings, *job.warnings]),
        ),
        "engine": origin.engine,
        **({"related": origin.related} if origin.related else {}),
        **origin.keys,
        **origin.kept,
    }

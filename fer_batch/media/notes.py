"""What is said of inputs before the work begins: what images were taken for, and which wishes mean
nothing for what was given. A line each, and no error: whatever can be done is done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.media.discover import Input
from fer_batch.option import options_of
from fer_batch.outputs import outputs_for

FILMS = ("video", "frames")
# The kinds of input (see ``types.SourceKind``) that a setting changes, and what they are called.
HEARD_BY: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(("start_s", "stop_s", "crop", "video_track"), (("video",), "videos")),
    **dict.fromkeys(("fps", "smooth_s"), (FILMS, "films")),
    "image_fps": (("frames",), "frames of a film"),
    "images": (("frames", "photos"), "images"),
}
# Outputs in which photos follow one another, as many a second as --image-fps says.
MOVING = {"video", "gif"}
# Outputs that a setting of drawing changes.
HEARD_IN = {"gif_range": "gif", "crf": "video", "columns": "csv", "clock": "csv"}
# What is of no use where faces are not searched for.
OF_SEARCHING = ("detector_model", "min_face", "min_confidence", "rotations")


def notes_on_inputs(
    inputs: Sequence[Input],
    outputs: tuple[str, ...],
    analyze: AnalyzeSettings,
    render: RenderSettings,
) -> list[str]:
    """What images were taken for, where nobody had said it; which of the wanted ``outputs`` are not
    made of photos; which settings change nothing of images, and which nothing at all."""
    notes = [one.images.note for one in inputs if one.images and one.images.note]
    kinds = {one.kind for one in inputs}
    left_out = [name for name in outputs if name not in outputs_for("photos", outputs)]
    if left_out and "photos" in kinds:
        notes.append(f"not made of photos: {', '.join(left_out)}")
    for_videos = [
        title
        for name, title in _given(analyze)
        if name in HEARD_BY
        and "video" in HEARD_BY[name][0]
        and name != "smooth_s"  # nobody misses it
        and kinds - set(HEARD_BY[name][0])
    ]
    if for_videos:
        notes.append(f"for videos, the images are analysed without: {', '.join(for_videos)}")
    made = {name for kind in kinds for name in outputs_for(kind, outputs)}
    idle = [*_idle(analyze, kinds, made, for_videos), *idle_drawing(render, made)]
    if render.keep_embeddings and analyze.identity != "batch":
        idle.append("--keep-embeddings (only with --identity batch)")
    return [*notes, *([changes_nothing(idle)] if idle and kinds else [])]


def changes_nothing(idle: Sequence[str]) -> str:
    """The line that names ``idle`` options."""
    return f"changes nothing here: {', '.join(idle)}"


def idle_drawing(render: RenderSettings, made: Collection[str]) -> list[str]:
    """Options of drawing that change none of the outputs that are ``made``, and why."""
    return [
        f"{title} (only for the output {HEARD_IN[name]})"
        for name, title in _given(render)
        if name in HEARD_IN and HEARD_IN[name] not in made
    ]


def _idle(
    analyze: AnalyzeSettings, kinds: set[str], made: set[str], said: Collection[str]
) -> Iterator[str]:
    for name, title in _given(analyze):
        heard, words = HEARD_BY.get(name, ((), ""))
        if name == "image_fps" and "photos" in kinds and made & MOVING:
            continue
        if heard and not kinds & set(heard) and title not in said:
            yield f"{title} (only for {words})"
        if name in OF_SEARCHING and analyze.detector == "none":
            yield f"{title} (not with --detector none)"


def _given(settings: Any) -> list[tuple[str, str]]:
    """Name and option of each setting that is not as where nothing is said."""
    return [
        (name, said.title(name))
        for name, default, said in options_of(settings)
        if getattr(settings, name) != default
    ]

"""``preview.gif``: the frames of the moments worth showing, drawn for themselves.

They are few, so drawing them twice costs less than waiting with the GIF until the video is done.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from fer_batch.config import RenderSettings
from fer_batch.media import planes
from fer_batch.media.source import FrameSource
from fer_batch.output.gif import write_gif
from fer_batch.output.moments import Moment, pick_moments, sample_frames
from fer_batch.output.reel import Small, small
from fer_batch.pipeline.draw import Drawer
from fer_batch.pipeline.progress import Pulse, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.skipped import stand_ins
from fer_batch.turns import turn
from fer_batch.types import Timeline


def preview(
    source: FrameSource,
    timeline: Timeline,
    settings: RenderSettings,
    path: Path,
    timings: Timings,
    should_cancel: ShouldCancel = never,
) -> None:
    """Write the GIF of ``source`` to ``path``; nothing where the wanted range holds no frame.
    Processes that work side by side do so one after the other.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    pulse = Pulse(unreported, should_cancel)
    drawer = Drawer(source.info, timeline, settings, Timings())
    # FFmpeg takes 45 MB for it.
    with turn(), timings.stage("write_gif"):
        moments = pick_moments(timeline, settings)
        clips = [_clip(source, timeline, moment, drawer, pulse) for moment in moments]
        if any(clips):
            write_gif(clips, path)


def _clip(
    source: FrameSource, timeline: Timeline, moment: Moment, drawer: Drawer, pulse: Pulse
) -> list[Small]:
    """The small pictures of one moment."""
    wanted = set(sample_frames(timeline, moment))
    if not wanted:
        return []
    drawn = wanted | stand_ins(timeline, wanted)
    pictures: list[Small] = []
    matrix = source.info.colour[3]
    for frame in source.frames(min(drawn), max(wanted) + 1):
        if frame.index in drawn:
            full_range = source.info.colour[0] == 2 if frame.image is None else frame.full_range
            picture = drawer.draw(frame)
            if frame.index in wanted:
                colours = partial(planes.to_rgb, full_range=full_range, matrix=matrix)
                pictures.append(Small(small(picture), colours))
        pulse.beat()
    return pictures

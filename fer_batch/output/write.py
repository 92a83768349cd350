"""Writing an output that is made of a timeline alone, by its entry in the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fer_batch.config import RenderSettings
from fer_batch.outputs import Output, file_of

if TYPE_CHECKING:
    from pathlib import Path

    from fer_batch.output.clock import Clock
    from fer_batch.types import Timeline


@dataclass(frozen=True, slots=True)
class Facts:
    """What writers may need beside the timeline.

    ``start_s`` is the time at which a player shows the first frame of ``media`` (the video of the
    same folder): captions and tiers are in that time. Tables are in seconds from the first frame,
    as ``timeline.csv`` is. ``clock``: of the recording, where it has one. ``photos``: the frames
    are photos, which have no time, whatever times the timeline has.
    """

    start_s: float = 0.0
    media: str = file_of("video")
    render: RenderSettings = field(default_factory=RenderSettings)
    clock: Clock | None = None
    photos: bool = False


def write_output(
    output: Output, folder: Path, timeline: Timeline, facts: Facts | None = None
) -> Path:
    """Write ``output`` into ``folder`` and return its path.

    Raises:
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    assert output.needs == "timeline" and output.writer, output.name
    path = folder / output.file
    output.load()(timeline, path, facts or Facts())
    return path

"""``emotions.vtt``: each episode as a caption, in the WebVTT format of the W3C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.output.people import episodes

if TYPE_CHECKING:
    from pathlib import Path

    from fer_batch.output.people import Episode
    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

# What may not stand as itself in cue text; a line break would end the cue.
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " ", "\r": " "})


def timestamp(seconds: float) -> str:
    """``3661.5`` → ``01:01:01.500``."""
    milliseconds = max(round(seconds * 1000), 0)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def webvtt_text(timeline: Timeline, start_s: float = 0.0) -> str:
    """Captions such as ``Person 1: happy (92 %)`` or ``Anna: …``, ordered by time.

    ``start_s`` is the player's time at the first frame. Captions of several people overlap; players
    stack them. An episode that is shorter than the format's millisecond is left out.
    """
    parts = ["WEBVTT\n"]
    for episode in sorted(episodes(timeline), key=lambda each: (each.start_s, each.face_id)):
        begin, end = timestamp(start_s + episode.start_s), timestamp(start_s + episode.stop_s)
        if begin != end:
            parts.append(f"{len(parts)}\n{begin} --> {end}\n{_caption(timeline, episode)}\n")
    return "\n".join(parts)


def _caption(timeline: Timeline, episode: Episode) -> str:
    words = f"{timeline.called(episode.face_id)}: {episode.emotion} ({episode.probability:.0%})"
    return words.replace("%", " %").translate(ESCAPES)


def write_webvtt(timeline: Timeline, path: Path, facts: Facts) -> None:
    """Write ``emotions.vtt``.

    Raises:
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    write_text(path, webvtt_text(timeline, facts.start_s))

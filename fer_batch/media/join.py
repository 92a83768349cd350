"""Joining parts to one video with the source's timestamps and sound, without encoding pictures."""

from __future__ import annotations

from pathlib import Path

import av

from fer_batch.media.film import Film
from fer_batch.types import SourceInfo


def join_parts(parts: list[Path], info: SourceInfo, path: Path) -> list[str]:
    """Write ``parts`` in order as one MP4 (faststart), with the sound of the source.

    Frame ``i`` gets the PTS of the source's frame ``i``. Returns warnings (sound lost, say).

    Raises:
        FerBatchError: the parts do not hold one packet a frame.
    """
    with Film(path, info, range(len(info))) as film:
        for number, name in enumerate(parts):
            with av.open(str(name.absolute())) as part:
                pictures = part.streams.video[0]
                if number == 0:
                    film.begin(film.container.add_stream_from_template(pictures))
                for packet in part.demux(pictures):
                    if packet.size:
                        film.add(packet)
    return film.warnings

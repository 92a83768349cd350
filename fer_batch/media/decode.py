"""From packets to pictures, past what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av


def decoded_frames(container: Any, stream: Any, start: int | None = None) -> Iterator[Any]:
    """Yield the pictures of ``stream`` as ``av.VideoFrame`` in presentation order.

    A packet that cannot be decoded is passed over, not the end of the video; so is a tail that
    cannot be read. Pictures before PTS ``start`` that no other one is coded from are left out.
    """
    for packet in _packets(container, stream):
        early = start is not None and packet is not None and packet.pts is not None
        skips = early and packet.pts < start
        stream.codec_context.skip_frame = "NONREF" if skips else "DEFAULT"
        try:
            frames = stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            continue
        yield from frames


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets, then None to flush the decoder, also where reading ends in an error."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.FFmpegError:
        pass
    yield None

"""From packets to pictures, past what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av


def decoded_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the pictures of ``stream`` as ``av.VideoFrame`` in presentation order.

    A packet that cannot be decoded is passed over, not the end of the video; so is a tail that
    cannot be read.
    """
    for packet in _packets(container, stream):
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

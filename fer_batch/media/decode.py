"""From packets to pictures, past what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av

from fer_batch.media.formats import FAULTS
from fer_batch.media.named_colours import NamedColours

# Decoders that leave out a picture when told so for its packet alone. Others take the wish when
# they are opened (dav1d) and would leave out what is wanted as well.
SKIPPING = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})


def decoded_frames(container: Any, stream: Any, start: int | None = None) -> Iterator[Any]:
    """Yield the pictures of ``stream`` as ``av.VideoFrame`` in presentation order.

    A packet that cannot be decoded is passed over, not the end of the video; so is a tail that
    cannot be read. Pictures before PTS ``start`` that no other one is coded from are left out.
    """
    if stream.codec_context.name not in SKIPPING:
        start = None
    named = NamedColours.of(stream.codec_context)
    for packet in _packets(container, stream):
        if start is not None:
            early = packet is not None and packet.pts is not None and packet.pts < start
            stream.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
        try:
            frames = stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except FAULTS:  # whatever damaged bytes make of a decoder
            continue
        for frame in frames:
            yield named.fill(frame)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets, then None to flush the decoder, also where reading ends in an error."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except FAULTS:  # whatever damaged bytes make of a demuxer
        pass
    yield None

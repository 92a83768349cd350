"""From packets to pictures, past what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av

from fer_batch.media.formats import FAULTS
from fer_batch.media.named_colours import NamedColours
from fer_batch.media.stale import StaleParts

# Decoders that leave out a picture when told so for its packet alone. Others take the wish when
# they are opened (dav1d) and would leave out what is wanted as well.
SKIPPING = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})
# Decoders that make up what is missing, and say so of the picture; those that leave what was there.
CONCEALING = frozenset({"h264", "mpeg2video", "mpeg4"})
LEAVING = frozenset({"hevc"})
MOST_HELD = 16  # pictures between two from which they are coded


class Damaged(Exception):
    """Something of a film is damaged: how the rest looks may depend on who decodes it."""


def decoded_frames(
    container: Any,
    stream: Any,
    start: int | None = None,
    careful: bool = False,
    decoder: Any = None,
) -> Iterator[Any]:
    """Yield the pictures of ``stream`` as ``av.VideoFrame`` in presentation order.

    A packet that cannot be decoded is passed over, not the end of the video; so is a tail that
    cannot be read. Pictures before PTS ``start`` that no other one is coded from are left out.
    ``careful``: nothing comes that could be coded from something damaged. With a ``start`` the
    container has been brought to a key frame before it, and what is coded from earlier ones does
    not count. ``decoder``: another one than the stream's own.

    Raises:
        Damaged: only if ``careful``, before the first picture that could be touched by it.
    """
    pictures = _pictures(container, stream, start, careful, decoder or stream.codec_context)
    return _untouched(pictures, stream.codec_context.name) if careful else pictures


def _pictures(
    container: Any, stream: Any, start: int | None, careful: bool, decoder: Any
) -> Iterator[Any]:
    named = NamedColours.of(stream.codec_context)
    skips = start is not None and decoder.name in SKIPPING
    stale = StaleParts() if careful and decoder.name in LEAVING else None
    first, leading = None, 0  # packets that are shown before the key frame that reading began with
    for packet in _packets(container, stream):
        when = None if packet is None else packet.pts
        first = when if first is None else first
        leading += int(start is not None and when is not None and when < first)
        if skips:
            early = start is not None and when is not None and when < start
            decoder.skip_frame = "NONREF" if early else "DEFAULT"
        try:
            frames = decoder.decode(packet)
        except av.EOFError:
            return
        except FAULTS as error:  # whatever damaged bytes make of a decoder
            leading -= 1
            if careful and leading < 0:
                raise Damaged from error
            continue
        for frame in frames:
            before = start is not None and frame.pts is not None and frame.pts < (first or 0)
            damaged = frame.is_corrupt or (stale is not None and stale.in_picture(frame))
            if careful and damaged and not before:
                raise Damaged
            yield named.fill(frame)


def _untouched(pictures: Iterator[Any], codec: str) -> Iterator[Any]:
    """Pictures that are coded from one behind them come when that one turned out to be whole."""
    held: list[Any] = []
    for picture in pictures:
        held.append(picture)
        if (
            codec not in CONCEALING | LEAVING
            or picture.pict_type != av.video.frame.PictureType.B
            or len(held) > MOST_HELD
        ):
            yield from held
            held.clear()
    yield from held


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets, then None to flush the decoder, also where reading ends in an error."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except FAULTS:  # whatever damaged bytes make of a demuxer
        pass
    yield None

"""Opening containers made by strangers.

FFmpeg's own probing takes the text of an HLS or ffconcat playlist for a video, whatever its name,
and would then open what it points at. So only real containers are allowed, over plain files.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

from fer_batch.config import Limits
from fer_batch.cores import usable_cores
from fer_batch.errors import LimitError, NotFoundError, NoVideoError, UnreadableError
from fer_batch.media.bounds import bound_allocations, decoder_options
from fer_batch.media.formats import FAULTS, FORMATS, open_error
from fer_batch.media.gif_blocks import with_delays
from fer_batch.media.hardware import accelerator
from fer_batch.media.see_through import seeing_decoder

PROTOCOLS = "file"
NO_LIMITS = Limits()
# Decoders that do not see damage (VP8), or may tell it too late (MPEG-4): how a damaged picture
# looks depends on how many threads share the work.
ALONE = frozenset({"vp8", "mpeg4"})
# FFmpeg copies the marks of a damaged H.264 picture when it hands the picture on, which may be
# while another thread still decodes it. A picture that waits for as many packets as there are
# threads has been decoded by then. MOST_DELAYED is what its decoder can hold back; pictures are
# reordered among fewer than MOST_REORDERED, or nearly so (H.264 allows 16, encoders use 1 to 4).
MOST_DELAYED = 15
MOST_REORDERED = 4
WAITING = "h264"


@contextmanager
def open_container(
    path: Path, limits: Limits = NO_LIMITS, any_size: bool = False, by_gpu: bool = False
) -> Iterator[Any]:
    """Open a media file for reading as an ``av.container.InputContainer``.

    The path is handed over absolute, so that a name can be neither a protocol nor an option.
    ``any_size``: sizes of pictures beyond the limit are told as well; without it such pictures are
    damaged ones. ``by_gpu``: a GPU decodes what it can, see ``hardware``.

    Raises:
        InputError: one of its kinds, with one line that names the file.
    """
    path = check_readable(path)
    with suppress(OSError, AttributeError):  # a build that hides the function
        bound_allocations()
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}
    # A clock that falls back is a recording behind another (media/restarts); FFmpeg would take a
    # fall of more than a minute for the clock's overflow after 26 hours.
    options["correct_ts_overflow"] = "0"
    if not any_size:
        options |= decoder_options(limits)
    given = {"hwaccel": accelerator()} if by_gpu else {}
    try:
        mended = with_delays(path)
        source = str(path) if mended is None else io.BytesIO(mended)
        container = av.open(source, options=options, metadata_errors="replace", **given)
    except (*FAULTS, OSError) as error:  # whatever a hostile header makes of a demuxer
        raise open_error(path, error) from error
    try:
        if len(container.streams) > limits.streams:
            count = len(container.streams)
            raise LimitError(f"{path}: has {count} streams, more than {limits.streams}")
        yield container
    finally:
        container.close()


def video_tracks(container: Any) -> list[Any]:
    """The streams of moving pictures: neither cover art nor thumbnails."""
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & still]


def video_stream(container: Any, path: Path, track: int = 0) -> Any:
    """Track number ``track`` of moving pictures, from 1 on; 0 for the one that players show.

    Raises:
        NoVideoError: there is none.
    """
    tracks = video_tracks(container)
    if not tracks:
        raise NoVideoError(f"{path}: has no video, only sound or data; leave it out")
    if track > len(tracks):
        have = "1 video track" if len(tracks) == 1 else f"{len(tracks)} video tracks"
        raise NoVideoError(f"{path}: has {have}, no track {track}; see --video-track")
    return tracks[track - 1] if track else default_of(tracks)


def default_of(tracks: Sequence[Any]) -> Any:
    """The track that its file marks as the default, else the first."""
    marked = [t for t in tracks if t.disposition & av.stream.Disposition.default]
    return marked[0] if marked else tracks[0]


def open_decoder(
    stream: Any,
    limits: Limits = NO_LIMITS,
    threads: int = 1,
    careful: bool = False,
    seeing: bool = False,
) -> Any:
    """The decoder of a stream, not opened yet, within the limits; 0 ``threads``: one for each core.

    A picture beyond ``limits.pixels`` is an error of the decoder's before it has memory.
    ``careful``: what is damaged is an error, too, as far as the decoder sees it.
    ``seeing``: what is transparent is seen, if need be by another decoder than the stream's own.
    """
    decoder = seeing_decoder(stream) if seeing else stream.codec_context
    # Else columns that are cut off on the left stay where memory is not aligned behind them.
    decoder.flags |= Flags.unaligned
    decoder.options = decoder_options(limits) | ({"err_detect": "explode"} if careful else {})
    threads = 1 if stream.codec_context.name in ALONE else threads
    if decoder.name == WAITING and decoder.has_b_frames and threads != 1:
        threads = min(threads or usable_cores() + 1, MOST_DELAYED - MOST_REORDERED)
        decoder.options |= {"has_b_frames": str(threads + MOST_REORDERED)}
    decoder.thread_count = threads
    return decoder


def tells_ahead(codec: str) -> bool:
    """Whether a decoder of several threads tells the shape of pictures that it has not handed out
    yet: those wait, see above. One thread tells it in time."""
    return codec == WAITING


def check_readable(path: Path) -> Path:
    """The absolute path of a regular file with content that can be opened.

    Raises:
        InputError: one of its kinds.
    """
    try:
        path = path.absolute()
        if not path.exists():
            raise NotFoundError(f"{path}: not found; check the path")
        if not path.is_file():
            raise UnreadableError(f"{path}: is not a regular file")
        with path.open("rb") as file:
            if not file.read(1):
                raise UnreadableError(f"{path}: is empty; copy or export it again")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableError(
            f"{path}: cannot be read ({reason}); check its permissions"
        ) from error
    return path

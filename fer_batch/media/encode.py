"""Encoding frames to H.264 parts.

A part holds frames of one segment and starts with a key frame. It is coded without B-frames, so
that packets lie in presentation order and parts can be joined without encoding again. The part of
an only segment is the whole film.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fer_batch.config import RenderSettings
from fer_batch.cores import usable_cores
from fer_batch.media import planes
from fer_batch.media.film import Film, output_ticks
from fer_batch.media.image_decode import shrink_factor
from fer_batch.types import Image, Segment, SourceInfo

KEYFRAME_S = 2.0
MOST_THREADS = 16
# With these two of veryfast's habits superfast comes within 12% of its size at the same PSNR, for
# 30% less time; see docs/performance.md.
LOOKAHEAD = "mbtree=1:rc-lookahead=10"


def output_size(info: SourceInfo) -> tuple[int, int]:
    """Width and height of the annotated video: the source's, made even; those of images that are
    shrunk while they are decoded, shrunk as well."""
    factor = shrink_factor(info.width, info.height) if info.kind != "video" else 1
    width, height = -(-info.width // factor), -(-info.height // factor)
    return width + width % 2, height + height % 2


class PartWriter:
    """Writes I420 pictures of one segment as H.264; a context manager.

    ``warnings``, once closed: what of the sound was lost, where the segment is the only one.
    Closing after an error leaves an unfinished file: hand in a temporary name.
    """

    def __init__(
        self,
        path: Path,
        info: SourceInfo,
        segment: Segment,
        settings: RenderSettings,
        threads: int = 0,
    ) -> None:
        self._time_base, self._pts = output_ticks(info)
        # Players expect yuv420p in video range, so a phone's full range is brought down to it.
        self._full_range = info.colour[0] == 2
        with ExitStack() as stack:
            self._film = stack.enter_context(Film(path, info, range(segment.start, segment.stop)))
            # Only a hint for rate control; times are those of the frames.
            frame_s = Fraction(max(info.frame_s, 0.001)).limit_denominator(1001 * 60)
            stream = self._film.container.add_stream("libx264", rate=1 / frame_s)
            stream.width, stream.height = output_size(info)
            stream.pix_fmt = "yuv420p"
            context = stream.codec_context
            context.time_base = self._time_base
            # x264's own choice, half as many again as cores, only adds work.
            context.thread_count = threads or min(usable_cores(), MOST_THREADS)
            context.color_range = 1
            context.color_primaries, context.color_trc, context.colorspace = info.colour[1:]
            context.gop_size = max(1, round(KEYFRAME_S / info.frame_s))
            stream.options = {"crf": str(settings.crf), "preset": settings.preset, "bf": "0"}
            if settings.preset == "superfast":
                stream.options |= {"x264-params": LOOKAHEAD}
            self._film.begin(stream)
            self._stream = stream
            self._open = stack.pop_all()

    @property
    def warnings(self) -> list[str]:
        return self._film.warnings

    def write(self, index: int, image: Image) -> None:
        """Encode frame ``index``: ``uint8[h * 3 // 2, w]`` of the output's size.

        The array is read by the encoder's threads afterwards and must not be written to again.
        """
        if self._full_range:
            image = planes.to_video_range(image)
        frame = planes.to_video_frame(image)
        frame.pts = int(self._pts[index])
        frame.time_base = self._time_base
        self._add(self._stream.encode(frame))

    def _add(self, packets: list[Any]) -> None:
        for packet in packets:
            self._film.add(packet)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._open.__exit__(kind, error, trace)
            return
        with self._open:
            self._add(self._stream.encode(None))

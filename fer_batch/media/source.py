"""The one contract of everything that yields frames, and how a source is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from fer_batch.config import IMAGE_SUFFIXES, Limits
from fer_batch.errors import NotFoundError
from fer_batch.media.images import ImageReader, probe_images
from fer_batch.media.probe import probe_video
from fer_batch.media.video import VideoReader
from fer_batch.types import Frame, SourceInfo


class FrameSource(Protocol):
    """Frames of one input by index."""

    info: SourceInfo

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """Yield frames ``start <= i < stop``, each index exactly once and in order.

        A frame that cannot be decoded comes as a Frame without an image. Any range gives the same
        pictures as any other range that holds the frame.
        """
        ...


def probe(
    path: Path,
    name: str,
    fps: float,
    limits: Limits,
    images: str = "auto",
    files: tuple[str, ...] = (),
) -> SourceInfo:
    """What an input holds: a video file, an image file, or a folder of images.

    ``images``: what images are, see ``AnalyzeSettings``. ``files``: only these of a folder.

    Raises:
        InputError: one of its kinds, with one line that names the input.
    """
    if not path.exists():
        raise NotFoundError(f"{path}: not found; check the path")
    if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
        return probe_images(path, name, fps, limits, images, files)
    return probe_video(path, name, limits)


def open_source(info: SourceInfo, limits: Limits, threads: int = 0) -> FrameSource:
    """The reader for a probed source. ``threads``: of the decoder, 0 for what is worth it."""
    if info.kind != "video":
        return ImageReader(info, limits)
    return VideoReader(info, limits, threads)

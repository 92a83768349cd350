"""The one contract of everything that yields frames, and how a source is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from fer_batch.config import AnalyzeSettings, Limits
from fer_batch.errors import NotFoundError
from fer_batch.media.image_files import is_image
from fer_batch.media.images import ImageReader, probe_images
from fer_batch.media.part import Part, wanted_part
from fer_batch.media.probe import probe_video
from fer_batch.media.video import VideoReader
from fer_batch.types import Frame, SourceInfo

WHOLE = Part()


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
    part: Part = WHOLE,
) -> SourceInfo:
    """What an input holds: a video file, an image file, or a folder of images.

    ``images``: what images are, see ``AnalyzeSettings``, ``fps`` how many a second where they are
    frames of a film. ``files``: only these of a folder. ``part``: what is wanted of a video.

    Raises:
        InputError: one of its kinds, with one line that names the input.
    """
    if not path.exists():
        raise NotFoundError(f"{path}: not found; check the path")
    if path.is_dir() or is_image(path):
        return probe_images(path, name, fps, limits, images, files)
    return part.of(probe_video(path, name, limits, part.track))


def probe_wanted(
    path: Path,
    name: str,
    settings: AnalyzeSettings,
    limits: Limits,
    files: tuple[str, ...] = (),
) -> SourceInfo:
    """What of an input the settings ask for; see ``probe``."""
    part = wanted_part(settings)
    return probe(path, name, settings.image_fps, limits, settings.images, files, part)


def open_source(
    info: SourceInfo, limits: Limits, threads: int = 0, by_gpu: bool = False
) -> FrameSource:
    """The reader for a probed source; ``threads`` and ``by_gpu`` see ``VideoReader``."""
    if info.kind != "video":
        return ImageReader(info, limits)
    return VideoReader(info, limits, threads, by_gpu)

"""The part of a video that is wanted: a track, a stretch of time, a piece of the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import NoVideoError
from fer_batch.option_text import show_crop
from fer_batch.types import SourceInfo

Crop = tuple[int, int, int, int]
NO_CROP: Crop = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """``track``: number of the video track from 1 on, 0 for the one that players show.
    ``start_s`` and ``stop_s``: seconds from the film's first frame, 0 for none. ``crop``: left,
    top, width and height in pixels of the upright picture, all 0 for the whole."""

    track: int = 0
    start_s: float = 0.0
    stop_s: float = 0.0
    crop: Crop = NO_CROP

    def of(self, info: SourceInfo) -> SourceInfo:
        """A probed video with the wanted frames and the wanted piece of them.

        Raises:
            NoVideoError: there is nothing of it in the video.
        """
        return self._cropped(self._cut(info))

    def _cut(self, info: SourceInfo) -> SourceInfo:
        if not self.start_s and not self.stop_s:
            return info
        time_s = (info.pts - info.pts[0]) * float(info.time_base)
        first = int(time_s.searchsorted(self.start_s - 1e-6))
        stop = int(time_s.searchsorted(self.stop_s - 1e-6)) if self.stop_s else len(info)
        if first >= stop:
            raise NoVideoError(
                f"{info.path}: has no frame from {self.start_s:g} s on"
                + (f" and before {self.stop_s:g} s" if self.stop_s else "")
                + f"; it lasts {info.duration_s:.2f} s, see --from and --to"
            )
        if stop - first == len(info):
            return info
        return replace(info, pts=info.pts[first:stop], origin=int(info.pts[0]), left_out=first)

    def _cropped(self, info: SourceInfo) -> SourceInfo:
        if self.crop == NO_CROP:
            return info
        left, top, width, height = self.crop
        left, top = left - left % 2, top - top % 2  # chroma has half the size
        right = min(left + width + self.crop[0] % 2, info.width)
        bottom = min(top + height + self.crop[1] % 2, info.height)
        if right - left < 2 or bottom - top < 2:
            raise NoVideoError(
                f"{info.path}: its pictures have {info.width}x{info.height} pixels, "
                "and --crop lies outside or takes less than 2x2 of them"
            )
        whole = (left, top, info.width, info.height)
        size = right - left, bottom - top
        said = self._beyond(info, show_crop((left, top, *size)))
        return replace(info, width=size[0], height=size[1], crop=whole, warnings=said)

    def _beyond(self, info: SourceInfo, used: str) -> tuple[str, ...]:
        """The warnings of ``info``, with one more where the wanted piece ends outside."""
        left, top, width, height = self.crop
        if left + width <= info.width and top + height <= info.height:
            return info.warnings
        line = (
            f"--crop {show_crop(self.crop)} ends outside of its pictures of "
            f"{info.width}x{info.height} pixels; {used} is used"
        )
        return (*info.warnings, line)


def wanted_part(settings: AnalyzeSettings) -> Part:
    """The part of a video that the settings ask for."""
    return Part(settings.video_track, settings.start_s, settings.stop_s, settings.crop)

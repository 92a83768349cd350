"""Decoding by an NVIDIA GPU (NVDEC), where FFmpeg's build and the machine have it.

Pictures come back into the host's memory, as planes like those of FFmpeg's own decoders. Only
codecs whose standards say each bit of each picture: of others (MPEG-2, MPEG-4) every decoder shows
pictures that differ a little. AV1 is read by dav1d, which knows no hardware.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import av
from av.codec.hwaccel import HWAccel, hwdevices_available

from fer_batch.media.formats import FAULTS, reason
from fer_batch.media.named_colours import reformatted

KIND = "cuda"
CODECS = frozenset({"h264", "hevc", "vp8", "vp9"})
# What comes back from a GPU by what FFmpeg's decoders give for the same picture.
PLANES = {"nv12": "yuv420p", "p010le": "yuv420p10le"}


def accelerator() -> Any:
    """What ``av.open`` is given for decoding by the GPU. What the GPU does not know, a profile or
    a size, FFmpeg decodes itself."""
    return HWAccel(KIND, allow_software_fallback=True)


@lru_cache(maxsize=1)
def refusal() -> str:
    """Why no GPU decodes here, "" where one does. Asked once a process, since it takes a while."""
    if KIND not in hwdevices_available():
        return "FFmpeg was built without it"
    try:
        accelerator().create(av.Codec("h264", "r"))
    except FAULTS as error:
        return f"no GPU or driver that FFmpeg can use, {reason(error)}"
    return ""


def came_from_gpu(picture: Any) -> bool:
    """Whether an ``av.VideoFrame`` was decoded by the GPU, and not by FFmpeg in its place."""
    return picture.format.name in PLANES


def as_decoded(picture: Any) -> Any:
    """A picture that came from the GPU with the planes that FFmpeg's decoder has for it, to the
    last bit: 10 bits are brought to 8 in one way only."""
    form = PLANES[picture.format.name]
    return reformatted(picture, picture.width, picture.height, form)

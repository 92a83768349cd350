"""Channels of sound that lie in another order than FFmpeg's, as those of film and QuickTime do.

PyAV 18 frees such an order once for each time it was asked for, which ends the process: nothing
may be decoded before the track has an order of FFmpeg's own.
"""

from __future__ import annotations

from typing import Any

import av
import numpy as np

# FFmpeg's own order, libavutil/channel_layout.h.
ORDER = (
    *("FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR"),
    *("TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR"),
)


def set_in_order(context: Any) -> list[int]:
    """Give a decoder that is not open yet channels in FFmpeg's order.

    Returns for each of them its place in the file; empty where they lie as they should, or where
    nobody says which channel is which.
    """
    given = context.layout
    if "(" not in given.name:  # "stereo", "5.1(side)" have names of their own ...
        return []
    names = [channel.name for channel in given.channels]
    known = len(set(names) & set(ORDER)) == len(names)
    inside = sorted(names, key=ORDER.index) if known else []
    # PyAV overwrites the context's order without freeing it, so that it is freed with ``given``.
    context.layout = av.AudioLayout("+".join(inside) if known else f"{len(names)}c")
    # Other decoders than PCM's know the order of their own kind.
    if not context.name.startswith("pcm_") or inside == names:
        return []
    return [names.index(name) for name in inside]


def reordered(frame: Any, places: list[int]) -> Any:
    """The sound of ``frame`` with its channels taken from ``places``."""
    flat = frame.to_ndarray()  # channels, or 1, by samples
    channels = len(places)
    if frame.format.is_planar:
        taken = flat[places]
    else:
        taken = flat.reshape(-1, channels)[:, places].reshape(1, -1)
    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(taken), frame.format.name, frame.layout.name
    )
    made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
    return made

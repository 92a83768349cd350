"""Pictures of high dynamic range, brought down to what screens and faces are used to.

Phones record PQ (SMPTE ST 2084) or HLG (ARIB STD-B67) with the primaries of BT.2020. Shown as they
are, they look grey. Here they become BT.709: light of 203 cd/m2, which both standards call
reference white (ITU-R BT.2408), lies just below full white, and highlights are rolled off above.

Luma goes through a curve of one dimension at full size. What colour adds to it, and chroma itself,
come out of a table over Y, Cb and Cr at the size of chroma: 64 x 128 x 128 cells, built once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_batch.i420 import BT709, BT2020, Coefficients, coefficients, planes
from fer_batch.types import Image

PQ, HLG = 16, 18  # FFmpeg's numbers of transfer characteristics
WIDE = 9  # primaries of BT.2020
REFERENCE = 203.0  # cd/m2
PEAK = 1000.0  # cd/m2, as phones master
KNEE = 0.7  # of reference white: up to there light stays as it is
GAMMA = 1 / 2.2
CELLS = (6, 7, 7)  # bits of Y, Cb, Cr that choose a cell
# From BT.2020 to BT.709 in linear light (ITU-R BT.2087).
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)

Floats = NDArray[np.float64]


def is_wide(frame: Any) -> bool:
    """Whether an ``av.VideoFrame`` has to be brought down: PQ, HLG, or primaries of BT.2020."""
    return frame.color_trc in (PQ, HLG) or frame.color_primaries == WIDE


def to_709(frame: Any, width: int, height: int) -> Image:
    """I420 of 8 bits in BT.709, video range, of a wide frame; ``width`` and ``height`` even."""
    deep = frame.reformat(width=width, height=height, format="yuv420p10le")
    matrix = int(frame.colorspace)
    full_range = frame.color_range == 2
    curve, table = tables(int(frame.color_trc), full_range, BT2020 if matrix == 2 else matrix)
    half = (height // 2, width // 2)
    luma, cb, cr = (
        np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)[:h, :w]
        for plane, (h, w) in zip(deep.planes, ((height, width), half, half), strict=True)
    )
    small = cv2.resize(np.ascontiguousarray(luma), half[::-1], interpolation=cv2.INTER_AREA)
    shifts = [10 - bits for bits in CELLS]
    cell = (small >> shifts[0]).astype(np.int32)
    for plane, bits, shift in ((cb, CELLS[1], shifts[1]), (cr, CELLS[2], shifts[2])):
        # To the nearest: grey is a cell's own colour.
        nearest = np.minimum((plane + (1 << shift - 1)) >> shift, (1 << bits) - 1)
        cell = cell << bits | nearest
    image = np.empty((height * 3 // 2, width), np.uint8)
    target = planes(image)
    added = cv2.resize(table[0].take(cell), (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.add(curve.take(luma), added, dst=target.luma, dtype=cv2.CV_8U)
    target.cb[:], target.cr[:] = table[1].take(cell), table[2].take(cell)
    return image


@lru_cache(maxsize=4)
def tables(
    trc: int, full_range: bool, matrix: int
) -> tuple[NDArray[np.int16], tuple[NDArray[np.int16], Image, Image]]:
    """Luma of each of 1024 grey values ``int16``, and for each cell what colour adds to that
    ``int16``, ``uint8`` Cb and Cr."""
    grey = _luma(trc, full_range, np.arange(1024.0), coefficients(matrix))
    steps = [1 << 10 - bits for bits in CELLS]
    starts = (steps[0] / 2, 0, 0)
    axes = (np.arange(start, 1024, step) for start, step in zip(starts, steps, strict=True))
    y, cb, cr = (code.reshape(-1) for code in np.meshgrid(*axes, indexing="ij"))
    rgb = _shown(trc, _rgb(y, cb, cr, full_range, coefficients(matrix)))
    kr, kb = coefficients(BT709)
    luma = rgb @ (kr, 1 - kr - kb, kb)
    blue, red = (rgb[:, 2] - luma) / (2 - 2 * kb), (rgb[:, 0] - luma) / (2 - 2 * kr)
    added = 16 + 219 * luma - _luma(trc, full_range, y, coefficients(matrix))
    chroma = [np.clip(np.rint(128 + 224 * c), 0, 255).astype(np.uint8) for c in (blue, red)]
    return (
        np.rint(grey).astype(np.int16),
        (np.rint(added).astype(np.int16), chroma[0], chroma[1]),
    )


def _luma(trc: int, full_range: bool, codes: Floats, matrix: Coefficients) -> Floats:
    """Luma in video range of grey with those codes of 10 bits."""
    none = np.full_like(codes, 512.0)
    return 16 + 219 * _shown(trc, _rgb(codes, none, none, full_range, matrix))[:, 0]


def _rgb(y: Floats, cb: Floats, cr: Floats, full_range: bool, matrix: Coefficients) -> Floats:
    """Non-linear R, G, B from 0 to 1 ``[n, 3]`` of codes of 10 bits."""
    kr, kb = matrix
    if full_range:
        luma, blue, red = y / 1023, (cb - 512) / 1023, (cr - 512) / 1023
    else:
        luma, blue, red = (y - 64) / 876, (cb - 512) / 896, (cr - 512) / 896
    r, b = luma + (2 - 2 * kr) * red, luma + (2 - 2 * kb) * blue
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.stack([r, g, b], axis=1), 0, 1)


def _shown(trc: int, rgb: Floats) -> Floats:
    """R, G, B of BT.709 from 0 to 1 as they are shown, of non-linear ones in BT.2020."""
    light = _light(trc, rgb) @ TO_709.T
    light = np.maximum(light, 0)
    if trc in (PQ, HLG):
        # The strongest of the three decides for all, so that hues stay.
        strongest = np.maximum(light.max(axis=1, keepdims=True), 1e-9)
        light = light * (_rolled_off(strongest) / strongest)
    return np.clip(light, 0, 1) ** GAMMA


def _light(trc: int, rgb: Floats) -> Floats:
    """Linear light, 1 for reference white."""
    if trc == PQ:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = rgb ** (1 / m2)
        return 10_000 / REFERENCE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    if trc == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(rgb <= 0.5, rgb**2 / 3, (np.exp((rgb - c) / a) + b) / 12)
        luminance = scene @ (0.2627, 0.6780, 0.0593)
        # A screen of 1000 cd/m2 (system gamma 1.2).
        return PEAK / REFERENCE * scene * np.maximum(luminance, 1e-9)[:, None] ** 0.2
    return rgb ** (1 / GAMMA)


def _rolled_off(light: Floats) -> Floats:
    """As it is up to the knee, then ever flatter up to 1 at the peak; smooth at the knee."""
    reach = PEAK / REFERENCE - KNEE
    share = np.clip((light - KNEE) / reach, 0, 1)
    bend = (1 - KNEE) / (reach - (1 - KNEE))
    return np.where(light <= KNEE, light, KNEE + (1 - KNEE) * share * (1 + bend) / (share + bend))

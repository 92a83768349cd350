"""Pictures of high dynamic range, brought down to what screens and faces are used to.

Phones record PQ (SMPTE ST 2084) or HLG (ARIB STD-B67) with the primaries of BT.2020. Shown as they
are, they look grey. Here they become BT.709: light of 203 cd/m2, which both standards call
reference white (ITU-R BT.2408), lies just below full white, and highlights are rolled off above.

Programs that compute pictures leave light itself behind (linear transfer), which is far too dark as
it is, and goes the same way.

Luma goes through a curve of one dimension at full size. What colour adds to it, and chroma itself,
are computed at the size of chroma, a quarter of the pixels.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_batch.i420 import BT709, BT2020, Coefficients, coefficients, planes
from fer_batch.media.named_colours import UNSPECIFIED, reformatted
from fer_batch.media.transfer import GAMMA, HLG, LINEAR, PEAK, PQ, REFERENCE, light_of
from fer_batch.types import Image

WIDE = 9  # primaries of BT.2020
KNEE = 0.85  # of reference white: up to there light stays as it is
# A twentieth brighter, so that what is white stays so through roll-off, coding and palettes.
EXPOSURE = 1.05
ROWS = 256  # of a photo that are brought down at a time, so that copies stay small
# From BT.2020 to BT.709 in linear light (ITU-R BT.2087).
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
# From R, G, B from 0 to 1 to Y, Cb, Cr of BT.709 in 8 bits.
_KR, _KB = coefficients(BT709)
_LUMA = np.array([_KR, 1 - _KR - _KB, _KB])
_TO_CODES = np.array(
    [
        [*(219 * _LUMA), 16],
        [*(224 * (np.array([0, 0, 1]) - _LUMA) / (2 - 2 * _KB)), 128],
        [*(224 * (np.array([1, 0, 0]) - _LUMA) / (2 - 2 * _KR)), 128],
    ],
    np.float32,
)

Floats = NDArray[np.float32]


def is_wide(frame: Any) -> bool:
    """Whether an ``av.VideoFrame`` has to be brought down."""
    return named_wide(frame.color_primaries, frame.color_trc)


def named_wide(primaries: int, transfer: int) -> bool:
    """Whether a picture that names these has to be brought down: PQ, HLG, primaries of BT.2020; or
    up, since it is linear."""
    return transfer in (PQ, HLG, LINEAR) or primaries == WIDE


def _has_wide_colours(primaries: int, transfer: int) -> bool:
    """HDR has the primaries of BT.2020, whether they are named or not."""
    return transfer in (PQ, HLG) or primaries == WIDE


def to_709(frame: Any, width: int, height: int) -> Image:
    """I420 of 8 bits in BT.709, video range, of a wide frame; ``width`` and ``height`` even."""
    wide = _has_wide_colours(int(frame.color_primaries), int(frame.color_trc))
    usual = BT2020 if wide else BT709
    matrix = usual if frame.colorspace == UNSPECIFIED else int(frame.colorspace)
    deep = reformatted(frame, width, height, "yuv420p10le")
    kind = (int(frame.color_trc), frame.color_range == 2, coefficients(matrix))
    half = (height // 2, width // 2)
    luma, cb, cr = (
        np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)[:h, :w]
        for plane, (h, w) in zip(deep.planes, ((height, width), half, half), strict=True)
    )
    small = cv2.resize(np.ascontiguousarray(luma), half[::-1], interpolation=cv2.INTER_AREA)
    shown = _shown(kind[0], _rgb(cv2.merge([small, cb, cr]), *kind[1:]), wide)
    coded = cv2.transform(shown, _TO_CODES)
    grey = curve(*kind)
    image = np.empty((height * 3 // 2, width), np.uint8)
    target = planes(image)
    added = cv2.resize(coded[..., 0] - grey.take(small), (width, height))
    cv2.add(grey.take(luma), added, dst=target.luma, dtype=cv2.CV_8U)
    for plane, channel in ((target.cb, 1), (target.cr, 2)):
        cv2.convertScaleAbs(coded[..., channel], plane)
    return image


def photo_to_709(bgr: Image, primaries: int, transfer: int) -> Image:
    """``uint8[h, w, 3]`` BGR as screens show it, of one that names these (``named_wide``)."""
    result = np.empty_like(bgr)
    wide = _has_wide_colours(primaries, transfer)
    for top in range(0, len(bgr), ROWS):
        rgb: Floats = bgr[top : top + ROWS, :, ::-1].astype(np.float32) * np.float32(1 / 255)
        cv2.convertScaleAbs(_shown(transfer, rgb, wide)[..., ::-1], result[top : top + ROWS], 255)
    return result


@lru_cache(maxsize=4)
def curve(trc: int, full_range: bool, matrix: Coefficients) -> Floats:
    """Luma in video range ``float32[1024]`` of grey with each code of 10 bits."""
    codes = np.full((1024, 1, 3), 512, np.uint16)
    codes[:, 0, 0] = np.arange(1024)
    return 16 + 219 * _shown(trc, _rgb(codes, full_range, matrix), wide=False)[:, 0, 0]


def _rgb(codes: NDArray[np.uint16], full_range: bool, matrix: Coefficients) -> Floats:
    """Non-linear R, G, B from 0 to 1 ``[h, w, 3]`` of Y, Cb, Cr of 10 bits."""
    kr, kb = matrix
    kg = 1 - kr - kb
    luma, chroma, black = (1023, 1023, 0) if full_range else (876, 896, 64)
    red, blue = (2 - 2 * kr) / chroma, (2 - 2 * kb) / chroma
    factors = ((0.0, red), (-blue * kb / kg, -red * kr / kg), (blue, 0.0))
    rows = [[1 / luma, cb, cr, -black / luma - 512 * (cb + cr)] for cb, cr in factors]
    rgb = cv2.transform(codes.astype(np.float32), np.array(rows, np.float32))
    return np.clip(rgb, 0, 1, out=rgb)


def _shown(trc: int, rgb: Floats, wide: bool) -> Floats:
    """R, G, B of BT.709 from 0 to 1 as they are shown, of coded ones with primaries of BT.2020 or,
    where not ``wide``, of BT.709."""
    light = light_of(trc, rgb)
    light = cv2.transform(light, TO_709) if wide else light
    np.maximum(light, 0, out=light)
    if trc in (PQ, HLG):
        # The strongest of the three decides for all, so that hues stay.
        strongest = np.maximum(light.max(axis=2), 1e-9)
        light *= (_rolled_off(strongest) / strongest)[..., None]
    return cv2.pow(np.minimum(light, 1), GAMMA)


def _rolled_off(light: Floats) -> Floats:
    """As it is up to the knee, then ever flatter up to 1 at the peak; smooth at the knee."""
    light = light * EXPOSURE
    reach = EXPOSURE * PEAK / REFERENCE - KNEE
    share = np.clip((light - KNEE) / reach, 0, 1)
    bend = (1 - KNEE) / (reach - (1 - KNEE))
    return np.where(light <= KNEE, light, KNEE + (1 - KNEE) * share * (1 + bend) / (share + bend))

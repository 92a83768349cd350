"""Photos of high dynamic range, as cameras write them (HIF) and screens are shot, are no paler than
others."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest

from fer_batch.config import Limits
from fer_batch.media.image_decode import read_picture
from fer_batch.media.transfer import HLG, PQ
from tests.footage.oracle import ffmpeg

SIDE = 64
# Red, green, blue of BT.2020 for red of BT.709 (ITU-R BT.2087), in linear light.
RED = (0.6274, 0.0691, 0.0164)


def coded(light: float, transfer: int) -> int:
    """The number of 16 bits for light, where 1 is reference white (203 cd/m2; 75% in HLG)."""
    if transfer == PQ:
        power = (light * 203 / 10_000) ** 0.1593017578125
        value = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        scene = light * 0.265  # of 75% by ARIB STD-B67
        low = scene <= 1 / 12
        value = (3 * scene) ** 0.5 if low else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.5599
    return round(float(value) * 65535)


def halves(transfer: int) -> np.ndarray:
    """RGB ``uint16[SIDE, SIDE, 3]``: white on the left, red on the right."""
    picture = np.empty((SIDE, SIDE, 3), np.uint16)
    picture[:, : SIDE // 2] = coded(1.0, transfer)
    picture[:, SIDE // 2 :] = [coded(light, transfer) for light in RED]
    return picture


def heif(path: Path, transfer: int) -> Path:
    image = pillow_heif.from_bytes("RGB;16", (SIDE, SIDE), halves(transfer).tobytes())
    named = {"color_primaries": 9, "transfer_characteristics": transfer, "matrix_coefficients": 9}
    image.save(path, quality=95, **named)
    return path


def avif(path: Path, transfer: int) -> Path:
    raw = path.with_suffix(".raw")
    raw.write_bytes(halves(transfer).tobytes())
    name = {PQ: "smpte2084", HLG: "arib-std-b67"}[transfer]
    given = ("-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{SIDE}x{SIDE}", "-i", raw)
    planes = "scale=out_color_matrix=bt2020:out_range=pc,format=yuv444p10le"
    named = f"setparams=color_primaries=bt2020:color_trc={name}:colorspace=bt2020nc:range=pc"
    coded = ("-c:v", "libaom-av1", "-still-picture", "1", "-crf", "5", "-cpu-used", "8")
    ffmpeg(*given, "-vf", f"{planes},{named}", *coded, path)
    return path


def png(path: Path, transfer: int) -> Path:
    whole = cv2.imencode(".png", halves(transfer)[..., ::-1])[1].tobytes()
    chunk = b"cICP" + bytes([9, transfer, 0, 1])
    said = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(whole[:33] + said + whole[33:])
    return path


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize(("name", "write"), [("a.heic", heif), ("a.avif", avif), ("a.png", png)])
def test_white_is_white_and_red_is_red(
    name: str, write: Callable[[Path, int], Path], transfer: int, tmp_path: Path
) -> None:
    shown = read_picture(write(tmp_path / name, transfer), Limits()).bgr
    white, red = (shown[20:40, place : place + 8].reshape(-1, 3).mean(0) for place in (12, 44))
    assert white.min() >= 228
    assert red[2] >= 215 and red[:2].max() <= 40


def test_a_screenshot_without_hdr_stays(tmp_path: Path) -> None:
    whole = cv2.imencode(".png", np.full((8, 8, 3), 90, np.uint8))[1].tobytes()
    chunk = b"cICP" + bytes([1, 13, 0, 1])
    path = tmp_path / "plain.png"
    said = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(whole[:33] + said + whole[33:])
    assert (read_picture(path, Limits()).bgr == 90).all()

"""Pictures of plain quarters, saved as any kind of image, and what is read of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image as Pillow

from fer_batch.config import Limits
from fer_batch.media.image_decode import read_picture
from fer_batch.media.image_header import read_header
from fer_batch.types import Image

LIMITS = Limits()
WIDTH, HEIGHT = 96, 64
FORMATS = {
    "jpg": "JPEG",
    "jfif": "JPEG",
    "mpo": "MPO",
    "png": "PNG",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "ppm": "PPM",
    "heic": "HEIF",
}
pillow_heif.register_heif_opener()  # Pillow writes HEIF only so


def upright() -> Image:
    """RGB: four quarters of plain colours, none like another, the first bright."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    half_h, half_w = HEIGHT // 2, WIDTH // 2
    picture[:half_h, :half_w] = (230, 200, 190)
    picture[:half_h, half_w:] = (180, 40, 40)
    picture[half_h:, :half_w] = (30, 120, 50)
    picture[half_h:, half_w:] = (40, 50, 160)
    return picture


def quarters(rgb: Image) -> list[list[int]]:
    """Mean colour in the middle of each quarter."""
    h, w = rgb.shape[:2]
    spots = [(y, x) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]
    return [rgb[y - 4 : y + 4, x - 4 : x + 4].reshape(-1, 3).mean(0).tolist() for y, x in spots]


def read_rgb(path: Path) -> Image:
    return read_picture(path, LIMITS).bgr[..., ::-1]


def assert_shown(path: Path, wanted: Image, tolerance: float) -> None:
    header = read_header(path, LIMITS)
    shown = read_picture(path, LIMITS)
    assert (shown.width, shown.height) == header.upright == (WIDTH, HEIGHT)
    assert shown.bgr.shape == (HEIGHT, WIDTH, 3)
    assert np.allclose(quarters(shown.bgr[..., ::-1]), quarters(wanted), atol=tolerance)


def save(path: Path, image: Pillow.Image, **options: object) -> Path:
    image.save(path, FORMATS[path.suffix[1:]], **options)
    return path


def grey() -> Image:
    return cv2.cvtColor(cv2.cvtColor(upright(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)

"""What becomes of a face on its way into a video: light, blur, few pixels, noise, compression.

Training images are sharp, small portraits; a face out of a film is often none of it. A network that
has met both gives both the same answer. Each step is drawn by itself, in the order in which light,
lens, sensor and encoder follow each other; the last is to enlarge the face again, as the pipeline
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]
    FloatArray = NDArray[np.float32]

BLOCK = 8
SMALLEST = 14
"""Sides of faces in a video, in pixels, are drawn from here to the size of the training images."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How often each step is taken (a share of the images), and from what range it is drawn.

    ``blur`` and ``motion`` are a sigma and a length in pixels of the training image; ``noise`` a
    deviation in grey levels; ``gamma`` and ``light`` natural logarithms, either way; ``quality``
    JPEG's; ``quantiser`` H.264's QP.
    """

    small: float = 0.55
    light_share: float = 0.3
    light: float = 0.6
    gamma_share: float = 0.4
    gamma: float = 0.6
    motion_share: float = 0.12
    motion: tuple[float, float] = (2.0, 7.0)
    blur_share: float = 0.4
    blur: tuple[float, float] = (0.3, 1.8)
    noise_share: float = 0.3
    noise: tuple[float, float] = (2.0, 10.0)
    jpeg_share: float = 0.25
    quality: tuple[int, int] = (20, 90)
    video_share: float = 0.25
    quantiser: tuple[float, float] = (16.0, 36.0)


VIDEO = Ways()


def degrade(image: ByteArray, rng: np.random.Generator, ways: Ways = VIDEO) -> ByteArray:
    """A face ``image uint8[s, s]`` as it might come out of a video, of the same size."""
    import cv2

    size = image.shape[0]
    if rng.random() < ways.light_share:
        image = uneven_light(image, ways.light, rng)
    if rng.random() < ways.gamma_share:
        image = gamma(image, float(rng.uniform(-ways.gamma, ways.gamma)))
    if rng.random() < ways.motion_share:
        image = motion_blur(image, rng.uniform(*ways.motion), rng.uniform(0, 180))
    if rng.random() < ways.blur_share:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(*ways.blur))
    if rng.random() < ways.small:
        side = int(rng.integers(SMALLEST, size + 1))
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    if rng.random() < ways.noise_share:
        image = noisy(image, rng.uniform(*ways.noise), rng)
    way = rng.random()
    if way < ways.jpeg_share:
        image = jpeg(image, int(rng.integers(ways.quality[0], ways.quality[1] + 1)))
    elif way < ways.jpeg_share + ways.video_share:
        image = quantised_blocks(image, rng.uniform(*ways.quantiser), rng.integers(0, BLOCK, 2))
    return enlarge(image, size, rng)


def enlarge(image: ByteArray, size: int, rng: np.random.Generator) -> ByteArray:
    """``image`` at ``size`` again, by any interpolation; half of them bilinear, as the pipeline."""
    import cv2

    if image.shape[0] == size:
        return image
    others = (cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_NEAREST, cv2.INTER_LANCZOS4)
    interpolation = (
        cv2.INTER_LINEAR if rng.random() < 0.5 else others[int(rng.integers(len(others)))]
    )
    return cv2.resize(image, (size, size), interpolation=interpolation)


def uneven_light(image: ByteArray, most: float, rng: np.random.Generator) -> ByteArray:
    """Light from one side: up to e to ``most`` brighter from left to right, and from top down."""
    import numpy as np

    along = _ramp(image.shape[0])
    x, y = rng.uniform(-most / 2, most / 2, 2)
    light = np.exp(x * along[None, :] + y * along[:, None]).astype(np.float32)
    return _bytes(image * light)


def gamma(image: ByteArray, log_exponent: float) -> ByteArray:
    """Grey levels raised to e to ``log_exponent``, as cameras and films differ in their curves."""
    import cv2
    import numpy as np

    curve = 255 * (np.arange(256) / 255) ** np.exp(log_exponent)
    return cv2.LUT(image, _bytes(curve))


def motion_blur(image: ByteArray, length: float, angle: float) -> ByteArray:
    """The mean along a line of ``length`` pixels at ``angle`` degrees: a head that moves."""
    import cv2
    import numpy as np

    half = int(np.ceil(length / 2))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    turned = np.deg2rad(angle)
    step = np.array([np.cos(turned), np.sin(turned)]) * length / 2
    ends = np.rint((half + np.stack([-step, step])) * 16).astype(int)
    cv2.line(kernel, tuple(ends[0]), tuple(ends[1]), 1.0, 1, cv2.LINE_8, shift=4)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def noisy(image: ByteArray, deviation: float, rng: np.random.Generator) -> ByteArray:
    """With a sensor's noise of that ``deviation``, in grey levels."""
    import numpy as np

    return _bytes(image + rng.standard_normal(image.shape, np.float32) * np.float32(deviation))


def jpeg(image: ByteArray, quality: int) -> ByteArray:
    """Through a real JPEG encoder and back."""
    import cv2
    import numpy as np

    packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    again: ByteArray = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    return again


def quantised_blocks(image: ByteArray, quantiser: float, offset: NDArray[np.int64]) -> ByteArray:
    """Blocks of eight pixels whose frequencies are coarsely rounded, as in H.264 at that QP.

    Its step doubles with each six of QP (ITU-T H.264, table 8-15: 1 at QP 4); rounding favours
    zero, as encoders do; the edges of blocks are smoothed a little, as by its filter. The grid of
    blocks begins ``offset int[2]`` (rows, columns, under 8) before the face. Nothing is predicted:
    this is the look of it, not the codec.
    """
    import numpy as np

    rows, columns = image.shape
    top, left = int(offset[0]), int(offset[1])
    below, right = -(top + rows) % BLOCK, -(left + columns) % BLOCK
    padded = np.pad(image, ((top, below), (left, right)), mode="edge").astype(np.float32) - 128
    down, across = _cosines(padded.shape[0]), _cosines(padded.shape[1])
    step = np.float32(2 ** ((quantiser - 4) / 6))
    waves = down @ padded @ across.T
    kept = np.sign(waves) * np.floor(np.abs(waves) / step + np.float32(1 / 3)) * step
    blocks: FloatArray = (down.T @ kept @ across).astype(np.float32, copy=False)
    _deblock(blocks)
    _deblock(blocks.T)
    return _bytes(blocks[top : top + rows, left : left + columns] + 128)


def _deblock(blocks: FloatArray) -> None:
    """Draws the two rows at each edge between blocks towards each other, in place."""
    above, under = blocks[BLOCK - 1 : -1 : BLOCK], blocks[BLOCK::BLOCK]
    part = (under - above) / 4
    above += part
    under -= part


@cache
def _cosines(size: int) -> FloatArray:
    """The orthonormal cosine transform of each block of eight along ``size``, as one matrix."""
    import numpy as np

    k, n = np.arange(BLOCK)[:, None], np.arange(BLOCK)[None, :]
    one = np.sqrt(2 / BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK))
    one[0] /= np.sqrt(2)
    return np.kron(np.eye(size // BLOCK), one).astype(np.float32)


@cache
def _ramp(size: int) -> FloatArray:
    import numpy as np

    return np.linspace(-1, 1, size, dtype=np.float32)


def _bytes(values: NDArray[np.floating]) -> ByteArray:
    import numpy as np

    return np.clip(np.rint(values), 0, 255).astype(np.uint8)

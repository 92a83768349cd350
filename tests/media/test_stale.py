"""Parts that were never decoded are seen; what is healthy, still or flat is not taken for such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from fer_batch.media.stale import StaleParts

WIDTH, HEIGHT, LINE = 320, 240, 384
POOL = 5  # pieces of memory that pictures are put into in turn


class Memory(np.ndarray):
    """A plane as PyAV's: bytes at an address."""

    width, height, line_size = WIDTH, HEIGHT, LINE
    buffer_ptr = 0


@dataclass
class Picture:
    planes: list[Memory]


def shown(pictures: Iterator[tuple[np.ndarray, float]]) -> list[bool]:
    """What is said of pictures ``uint8[HEIGHT, WIDTH]``, each decoded down to a share of its rows,
    the rest as it was in memory."""
    pool = [np.zeros(LINE * HEIGHT, np.uint8).view(Memory) for _ in range(POOL)]
    for address, memory in enumerate(pool):
        memory.buffer_ptr = address
    found, looks = [], StaleParts()
    for number, (picture, share) in enumerate(pictures):
        memory = pool[number % POOL]
        rows = round(HEIGHT * share)
        memory.reshape(HEIGHT, LINE)[:rows, :WIDTH] = picture[:rows]
        found.append(looks.in_picture(Picture([memory])))
    return found


def noisy(count: int, strength: int = 4) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    scene = random.integers(40, 200, (HEIGHT, WIDTH))
    return [
        (scene + random.integers(-strength, strength + 1, scene.shape)).astype(np.uint8)
        for _ in range(count)
    ]


@pytest.mark.parametrize("share", [0.95, 0.7, 0.3, 0.0])
@pytest.mark.parametrize("which", [3, 9, 17])  # in new memory, and in such as is used again
def test_what_a_decoder_left_undone_is_seen(which: int, share: float) -> None:
    pictures = noisy(20)
    said = shown((one, share if n == which else 1.0) for n, one in enumerate(pictures))
    assert said[which] and not any(said[:which])


def test_noise_stillness_and_flat_bars_are_healthy() -> None:
    moving, (still,) = noisy(30), noisy(1)
    boxed = noisy(30)
    for one in boxed:
        one[:30] = one[-30:] = 16
    for pictures in (moving, [still] * 30, boxed, [np.full_like(still, 16)] * 30):
        assert not any(shown((one, 1.0) for one in pictures))


def test_a_cut_and_a_return_are_healthy() -> None:
    first, second = noisy(1)[0], noisy(2)[1][::-1].copy()
    assert not any(shown((one, 1.0) for one in [first] * 12 + [second] * 12 + noisy(12)))

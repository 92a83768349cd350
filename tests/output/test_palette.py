"""Colours can be told apart by everyone, on light and on dark ground."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from fer_batch.output.palette import DARK, EMOTION_COLOURS, colour, colours, rgb, yuv

# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(hex_colour: str) -> np.ndarray:
    values = np.array(rgb(hex_colour)) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(light: np.ndarray) -> np.ndarray:
    return TO_OKLAB @ np.cbrt(TO_LMS @ np.clip(light, 0, 1))


def contrast(a: str, b: str) -> float:
    weights = [0.2126, 0.7152, 0.0722]
    low, high = sorted(float(linear(c) @ weights) + 0.05 for c in (a, b))
    return high / low


@pytest.mark.parametrize("vision", VISION)
def test_any_two_emotions_differ(vision: str) -> None:
    seen = {k: oklab(np.array(VISION[vision]) @ linear(v)) for k, v in EMOTION_COLOURS.items()}
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) * 100 >= 7, (a, b)


@pytest.mark.parametrize("label", EMOTION_COLOURS)
def test_each_emotion_shows_on_white_and_on_dark(label: str) -> None:
    assert contrast(EMOTION_COLOURS[label], "#FFFFFF") >= 2.3
    assert contrast(EMOTION_COLOURS[label], DARK) >= 3


def test_unknown_labels_get_colours_of_their_own() -> None:
    found = colours(("bored", "happy", "keen", "calm"))
    assert len(set(found.values())) == 4
    assert found["happy"] == EMOTION_COLOURS["happy"] == colour("Happiness")


@pytest.mark.parametrize(
    ("hex_colour", "limited", "full"),
    [
        ("#000000", (16, 128, 128), (0, 128, 128)),
        ("#FFFFFF", (235, 128, 128), (255, 128, 128)),
        ("#FF0000", (81, 90, 240), (76, 85, 255)),
        ("#0000FF", (41, 240, 110), (29, 255, 107)),
    ],
)
def test_yuv_is_bt601(hex_colour: str, limited: tuple[int, ...], full: tuple[int, ...]) -> None:
    assert yuv(hex_colour) == limited
    assert yuv(hex_colour, full_range=True) == full

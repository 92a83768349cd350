"""The names of the emotions, once for the whole package, in the orders that data sets fixed."""

from __future__ import annotations

from typing import Literal

Annotation = Literal["fer2013", "ferplus"]
ANNOTATIONS: tuple[Annotation, ...] = ("fer2013", "ferplus")
"""Whose labels a model learns: FER2013's own, or the votes of FER+'s ten people."""

FER2013: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""Order of the numbers 0 to 6 in FER2013's ``emotion`` column (Goodfellow et al., 2013)."""

FERPLUS: tuple[str, ...] = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
)
"""Order of the vote columns of FER+ (Barsoum et al., 2016), without ``unknown`` and ``NF``."""

THREE: tuple[str, ...] = ("happy", "sad", "neutral")
"""The three classes of the default model."""

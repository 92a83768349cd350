"""The colours of expressions: the same in the annotated video, the plot and the report.

Chosen by search so that any two differ by at least 7 (OKLab distance x 100; about 2 is just
noticeable) for normal vision and under full protanopia, deuteranopia and tritanopia (Machado,
Oliveira and Fernandes 2009), and so that each has a contrast of at least 2.3:1 on white and 3:1 on
``DARK``. Colour is never the only sign: each mark also bears its label's name or position.
"""

from __future__ import annotations

from fer_batch.i420 import BT601, coefficients
from fer_batch.types import UNSURE as UNSURE_NAME

EMOTION_COLOURS: dict[str, str] = {
    "angry": "#D40F67",
    "disgust": "#087259",
    "fear": "#962CCA",
    "happy": "#DA8E0D",
    "sad": "#447DF9",
    "surprise": "#31B7C8",
    "neutral": "#8F9399",
    "contempt": "#A5480A",
}
SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}
# For labels that only a user's own model knows, in order of their place among the labels.
FALLBACK_COLOURS = ("#6A8E23", "#B0528F", "#5C6BC0", "#A67C52", "#4F8A8B", "#C0504D")
UNSURE = "#B4B8BE"
DARK = "#14171C"
LIGHT = "#FFFFFF"
MUTED = "#C9CED6"
NO_FACE_SHADE = "#9AA3AF"
ERROR_SHADE = "#E5484D"


def colour(label: str, position: int = 0) -> str:
    """Colour of ``label`` as ``#RRGGBB``; ``position`` picks one for labels we have no name for."""
    if label == UNSURE_NAME:
        return UNSURE
    known = EMOTION_COLOURS.get(SYNONYMS.get(label.lower(), label.lower()))
    return known or FALLBACK_COLOURS[position % len(FALLBACK_COLOURS)]


def colours(labels: tuple[str, ...]) -> dict[str, str]:
    """Colour of each label, unknown ones told apart, in the order of ``labels``."""
    unknown = [name for name in labels if SYNONYMS.get(name, name) not in EMOTION_COLOURS]
    return {
        label: colour(label, unknown.index(label) if label in unknown else 0) for label in labels
    }


def rgb(hex_colour: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as three values from 0 to 255."""
    value = int(hex_colour.removeprefix("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def yuv(hex_colour: str, full_range: bool = False, matrix: int = BT601) -> tuple[int, int, int]:
    """``#RRGGBB`` as Y, Cb, Cr by that matrix, in video range unless ``full_range``."""
    red, green, blue = (value / 255 for value in rgb(hex_colour))
    kr, kb = coefficients(matrix)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    if full_range:
        return round(luma * 255), min(round(cb * 255 + 128), 255), min(round(cr * 255 + 128), 255)
    return round(16 + luma * 219), round(128 + cb * 224), round(128 + cr * 224)

"""The demo clip's sound: a quiet chord, so that keeping the sound can be heard and tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 48_000
# An open A: hertz, and where the note stands between left (0) and right (1).
NOTES = ((220.0, 0.35), (329.63, 0.65), (440.0, 0.2), (554.37, 0.8))


def chord(seconds: float) -> NDArray[np.float32]:
    """A stereo chord that swells slowly: ``float32[2, samples]`` at 48 kHz, peak under 0.3."""
    import numpy as np

    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros((2, len(t)))
    for i, (hertz, side) in enumerate(NOTES):
        swell = 0.55 + 0.45 * np.sin(2 * np.pi * t / (3.1 + i) + 1.7 * i)
        note = 0.06 * swell * np.sin(2 * np.pi * hertz * t)
        sound += np.array([[1 - side], [side]]) * note
    # Fades keep the start and the end from clicking.
    fade = np.clip(np.minimum(t, seconds - t) / 0.25, 0, 1)
    return (sound * fade).astype(np.float32)

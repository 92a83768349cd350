"""Where the eyes, nose and mouth lie in FER2013's images, and how to bring a face there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_batch.training.data.faceset import SIZE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Matrices = NDArray[np.float64]


DEFAULT_TEMPLATE = ((14.32, 17.46), (32.68, 17.46), (23.5, 27.12), (16.11, 36.05), (30.89, 36.05))
"""``mean_template`` of FER2013's training images, for data that comes without landmarks."""


def mean_template(landmarks: FloatArray) -> NDArray[np.float64]:
    """The mean of all found faces' landmarks, made symmetric: ``float64[5, 2]`` in input pixels.

    Left and right are averaged, as training images are flipped at random. Pixel centres are whole
    numbers, so that the image's middle is 23.5.
    """
    import numpy as np

    found = np.asarray(landmarks, np.float64)[np.isfinite(landmarks).all(axis=(1, 2))]
    mean = found.mean(axis=0)
    mirrored = mean[[1, 0, 2, 4, 3]] * [-1, 1] + [SIZE - 1, 0]
    return np.asarray((mean + mirrored) / 2)


def aligning_maps(landmarks: FloatArray | None) -> Matrices | None:
    """Each image's warp to the mean template, the same that the pipeline gives to video faces.

    ``float64[n, 2, 3]`` for ``cv2.warpAffine``; NaN where no face was found or the fit is absurd.
    """
    import numpy as np

    from fer_batch.faces.align import similarity

    if landmarks is None or not np.isfinite(landmarks).any():
        return None
    template = mean_template(landmarks).astype(np.float32)
    maps = np.full((len(landmarks), 2, 3), np.nan)
    for row in np.flatnonzero(np.isfinite(landmarks).all(axis=(1, 2))):
        found = similarity(landmarks[row], template)
        if 0.6 < np.hypot(found[0, 0], found[1, 0]) < 1.7:
            maps[row] = found
    return maps

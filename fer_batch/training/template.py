"""Where the eyes, nose and mouth lie in FER2013's images, and how to bring a face there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_batch.training.faceset import SIZE

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


def similarity(points: Matrices, template: NDArray[np.float64]) -> Matrices:
    """Least-squares similarity transforms from ``points [n, 5, 2]`` to ``template [5, 2]``.

    Returns ``float64[n, 2, 3]`` for ``cv2.warpAffine``; rows with NaN stay NaN. In the plane the
    fit (Umeyama, 1991) has a closed form without a singular value decomposition.
    """
    import numpy as np

    points = np.asarray(points, np.float64)
    source_mean = points.mean(axis=1, keepdims=True)
    target_mean = template.mean(axis=0)
    source, target = points - source_mean, template - target_mean
    norm = (source**2).sum(axis=(1, 2))
    a = (source * target).sum(axis=(1, 2)) / norm
    b = (source[..., 0] * target[:, 1] - source[..., 1] * target[:, 0]).sum(axis=1) / norm
    linear = np.stack([np.stack([a, -b], axis=1), np.stack([b, a], axis=1)], axis=1)
    shift = target_mean - (linear @ source_mean.transpose(0, 2, 1))[..., 0]
    return np.concatenate([linear, shift[..., None]], axis=2)


def aligning_maps(landmarks: FloatArray | None) -> Matrices | None:
    """Each image's map to the mean template, NaN where no face was found or the fit is absurd."""
    import numpy as np

    if landmarks is None or not np.isfinite(landmarks).any():
        return None
    maps = similarity(landmarks.astype(np.float64), mean_template(landmarks))
    scale = np.hypot(maps[:, 0, 0], maps[:, 1, 0])
    maps[~((scale > 0.6) & (scale < 1.7))] = np.nan
    return maps

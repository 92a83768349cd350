"""Which way a head is turned, from its five landmarks.

The landmarks are laid on those of a rigid mean head, seen from far away (weak perspective: a
rotation, one scale and a shift), with the least squared error; DeMenthon and Davis, "Model-based
object pose in 25 lines of code" (1995), is this step. What it cannot know is the person's own
shape: a long nose looks like a raised head. The error is measured in docs/quality.md.
"""

from __future__ import annotations

import numpy as np

from fer_batch.types import FloatArray

# Millimetres: x to the picture's right, y down, z away from the camera. Round numbers for an adult
# head: eyes 63 mm apart, the mouth 70 mm below them, the tip of the nose 27 mm in front. Only their
# ratios count, and no single face has just these; the error is measured in docs/quality.md.
HEAD: FloatArray = np.array(
    [[-31.5, 0, 0], [31.5, 0, 0], [0, 38, -27], [-25, 70, -3], [25, 70, -3]], np.float32
)
_CENTRED = HEAD - HEAD.mean(axis=0)
_INVERSE = np.linalg.pinv(_CENTRED)  # float32[3, 5]


def pose(landmarks: FloatArray) -> FloatArray:
    """Yaw, pitch and roll of ``landmarks float32[n, 5, 2]``: ``float32[n, 3]`` in degrees.

    All are 0 for a face that looks straight at the camera. Yaw is above 0 where it looks to the
    picture's right, pitch where it looks up, roll where the head leans clockwise in the picture.
    NaN where a landmark is NaN or all lie in one point.
    """
    angles = np.full((len(landmarks), 3), np.nan, np.float32)
    points = landmarks - landmarks.mean(axis=1, keepdims=True)
    known = np.isfinite(points).all(axis=(1, 2)) & (np.abs(points).sum(axis=(1, 2)) > 1e-3)
    if not known.any():
        return angles
    # float64[k, 2, 3]: the first two rows of rotation times scale, and the nearest of such.
    affine = np.einsum("ij,njk->nki", _INVERSE, points[known].astype(np.float64))
    left, _, right = np.linalg.svd(affine, full_matrices=False)
    across, down = np.moveaxis(left @ right, 1, 0)
    ahead = np.cross(across, down)
    # Rotation = roll (in the picture) after pitch after yaw: its rows are across, down, ahead.
    yaw = np.arctan2(ahead[:, 0], ahead[:, 2])
    pitch = -np.arcsin(np.clip(ahead[:, 1], -1, 1))  # y points down
    roll = np.arctan2(-across[:, 1], down[:, 1])
    angles[known] = np.degrees(np.stack([yaw, pitch, roll], axis=1))
    return angles

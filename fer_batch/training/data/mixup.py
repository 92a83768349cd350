"""Images mixed in pairs, and with them what is to be learned ('mixup', Zhang et al., 2018).

Between two faces there are as many images as one likes, and none of them is ever shown twice: a
network that has learned its training images by heart finds nothing to remember there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]
    FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Each of ``n`` rows takes ``own float32[n]`` from itself, the rest from ``other int64[n]``."""

    own: FloatArray
    other: NDArray[np.int64]

    def images(self, images: ByteArray) -> ByteArray:
        """``uint8[n, s, s]``, mixed pixel by pixel."""
        import numpy as np

        own = self.own[:, None, None]
        mixed = own * images + (1 - own) * images[self.other]
        return np.rint(mixed).astype(np.uint8)

    def targets(self, targets: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distributions ``float32[n, labels]`` and weights ``float32[n]`` of the mixed rows.

        Each row speaks by its share and its own weight, so one without a label says nothing.
        """
        import numpy as np

        mine, theirs = self.own * weights, (1 - self.own) * weights[self.other]
        total = mine + theirs
        said = mine[:, None] * targets + theirs[:, None] * targets[self.other]
        mixed = np.where(total[:, None] > 0, said / np.maximum(total, 1e-12)[:, None], targets)
        return mixed.astype(np.float32), total.astype(np.float32)


def mixture(count: int, alpha: float, rng: np.random.Generator) -> Mixture:
    """Random pairs among ``count`` rows, with shares from Beta(``alpha``, ``alpha``)."""
    import numpy as np

    own = rng.beta(alpha, alpha, count)
    # The greater share is a row's own, so that no pair is there twice by another name.
    return Mixture(np.maximum(own, 1 - own).astype(np.float32), rng.permutation(count))

"""The one interface behind which every runtime of a model stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fer_batch.emotion.card import ModelCard

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Crops = NDArray[np.uint8]
    Probabilities = NDArray[np.float32]


class Classifier(Protocol):
    """Probabilities of emotions for face crops.

    May be called from several threads.
    """

    @property
    def card(self) -> ModelCard: ...

    @property
    def runtime(self) -> str:
        """``litert`` or ``keras``."""
        ...

    @property
    def batch_size(self) -> int:
        """How many crops go through the network at once; multiples of it waste nothing."""
        ...

    @property
    def concurrency(self) -> int:
        """How many calls of ``classify`` at once are worth making; more wait for one another."""
        ...

    def classify(self, crops: Crops) -> Probabilities:
        """``uint8[n, size, size]`` grey crops to ``float32[n, labels]`` whose rows sum to 1.

        ``n`` may be 0. A crop's result depends on that crop alone, bit for bit.
        """
        ...


def in_batches(
    crops: Crops,
    size: int,
    labels: int,
    batch_size: int,
    network: Callable[[Crops], Probabilities],
) -> Probabilities:
    """Runs ``network`` on batches of exactly ``batch_size``, the last one filled up with zeros.

    One fixed shape compiles once, and keeps a face's numbers free of how many faces came with it.
    """
    import numpy as np

    if crops.ndim != 3 or crops.shape[1:] != (size, size) or crops.dtype != np.uint8:
        raise ValueError(f"crops must be uint8[n, {size}, {size}], not {crops.dtype}{crops.shape}")
    result = np.empty((len(crops), labels), np.float32)
    for start in range(0, len(crops), batch_size):
        batch = crops[start : start + batch_size]
        count = len(batch)
        if count < batch_size:
            batch = np.concatenate([batch, np.zeros((batch_size - count, size, size), np.uint8)])
        result[start : start + count] = network(batch[..., None])[:count]
    return result

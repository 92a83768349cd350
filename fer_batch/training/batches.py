"""Batches for Keras: shuffled, augmented, and the same again for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fer_batch.training.data.augment import Augmentation, augment
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.mixup import mixture
from fer_batch.training.data.targets import Head, targets
from fer_batch.training.teachers.teacher import Lesson
from fer_batch.training.teachers.tutor import Tutors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def arrays(faces: FaceSet, heads: Sequence[Head]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Images ``uint8[n, 48, 48, 1]``, and by head name the targets and the weights of the rows."""
    pairs = {head.name: targets(faces, head) for head in heads}
    wanted = {name: pair[0] for name, pair in pairs.items()}
    weights = {name: pair[1] for name, pair in pairs.items()}
    return faces.images[..., None], wanted, weights


def without_unlabelled(faces: FaceSet, heads: Sequence[Head]) -> FaceSet:
    """Only the rows from which at least one head can learn."""
    import numpy as np

    weights = [targets(faces, head)[1] for head in heads]
    return faces.take(np.any([w > 0 for w in weights], axis=0))


def dataset(
    faces: FaceSet,
    heads: Sequence[Head],
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
    first_epoch: int = 0,
    aligning: NDArray[np.float64] | None = None,
    teaching: Lesson | Tutors | None = None,
) -> Any:
    """A ``keras.utils.PyDataset`` over ``faces``; batches are made in threads beside training.

    What a batch holds follows from ``seed``, epoch and place alone, so that a resumed training sees
    what an unbroken one would have seen. The last, smaller batch of an epoch is left out where
    there is a full one: each epoch draws another order.
    """
    import keras
    import numpy as np

    images, wanted, weights = arrays(faces, heads)
    if isinstance(teaching, Lesson):
        wanted = teaching.targets(wanted)
    if len(images) < batch_size:
        batch_size = len(images)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            # From two workers on Keras feeds TensorFlow without a thread that tunes the feeding:
            # at the end of an epoch that thread was waited for, as long as an epoch takes.
            super().__init__(workers=2, use_multiprocessing=False, max_queue_size=16)
            self.epoch = first_epoch

        def __len__(self) -> int:
            return len(images) // batch_size

        def __getitem__(self, place: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
            order = np.random.default_rng([seed, self.epoch]).permutation(len(images))
            rows = order[place * batch_size : (place + 1) * batch_size]
            rng = np.random.default_rng([seed, self.epoch, place])
            maps = None if aligning is None else aligning[rows]
            batch = augment(images[rows, ..., 0], augmentation, rng, maps)
            pick = {name: values[rows] for name, values in wanted.items()}
            weight = {name: values[rows] for name, values in weights.items()}
            if augmentation.mix:
                pairs = mixture(len(rows), augmentation.mix, rng)
                batch = pairs.images(batch)
                for name in pick:
                    pick[name], weight[name] = pairs.targets(pick[name], weight[name])
            if isinstance(teaching, Tutors):
                pick = teaching.targets(pick, batch, rng)
            return batch[..., None], pick, weight

        def on_epoch_end(self) -> None:
            self.epoch += 1

    return Batches()

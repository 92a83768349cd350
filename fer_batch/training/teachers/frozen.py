"""A teacher that learns on features that stay as they are.

Features of a network that knows faces from elsewhere carry over to faces in photos better than
those that learned from FER2013 alone, and lose that when they are trained on with it (figures in
docs/training.md). So only a small head learns, on features of all images and their mirror images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, hard_labels, targets
from fer_batch.training.metrics import accuracy, softmax
from fer_batch.training.network.optimizers import make_optimizer
from fer_batch.training.predict import predict
from fer_batch.training.teachers.answers import Answers, hashes
from fer_batch.training.teachers.teacher import agreed, both_sides

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Features = NDArray[np.float16]

NAME = "features that stay as they are"
CHUNK = 1024
# Below this deviation a feature is next to constant: it is not blown up.
LEAST_DEVIATION = 0.05


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the head learns; chosen on PublicTest and on the photos of the model card."""

    hidden: int = 512
    epochs: int = 9
    learning_rate: float = 4e-4
    weight_decay: float = 0.3
    batch_size: int = 256
    drop: float = 0.5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """``model``: the head, in Keras, from features of mean 0 and deviation 1 to logits by name.
    Features are made so with ``mean`` and ``deviation float32[d]``. ``sides``: those of all images
    that it learned from, and of their mirror images, ``float16[n, d]`` each."""

    model: Any
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    sides: Sequence[Features]


def teach(
    features: Any,
    faces: FaceSet,
    heads: Sequence[Head],
    log: Callable[[str], None],
    recipe: Recipe = Recipe(),
) -> Answers:
    """What a head that ``learn`` taught says of the images of the split Training, each image and
    its mirror image averaged."""
    learned = learn(features, faces, heads, log, recipe)
    said = [_said(learned.model, side) for side in learned.sides]
    answers = {head.name: agreed([s[head.name] for s in said]) for head in heads}
    labels = {head.name: tuple(head.labels) for head in heads}
    images = faces.of_split("Training").images
    return Answers(hashes(images), labels, answers, (f"{NAME} ({features.name})",))


def learn(
    features: Any,
    faces: FaceSet,
    heads: Sequence[Head],
    log: Callable[[str], None],
    recipe: Recipe = Recipe(),
) -> Learned:
    """A head that learned on ``features`` (a Keras model from images to ``float32[n, d]``) of the
    images of the split Training and their mirror images.

    The accuracy on PublicTest goes to ``log``.
    """
    import numpy as np

    train, held = faces.of_split("Training"), faces.of_split("PublicTest")
    log(f"features of {len(train)} images and their mirror images")
    known = _Scaled(features, train.images)
    sides = [known.of(side) for side in both_sides(train.images)]
    size = min(recipe.batch_size, 2 * len(train))  # few images are one batch
    steps = 2 * len(train) // size * recipe.epochs
    model = _head(sides[0].shape[1], heads, recipe, steps)
    rows = {head.name: targets(train, head) for head in heads}
    rng = np.random.default_rng(recipe.seed)
    for epoch in range(recipe.epochs):
        order, losses = rng.permutation(2 * len(train)), []
        for first in range(0, len(order) - size + 1, size):
            side, row = np.divmod(order[first : first + size], len(train))
            batch = np.stack([sides[s][r] for s, r in zip(side, row, strict=True)])
            losses.append(
                model.train_on_batch(
                    batch.astype(np.float32),
                    {name: wanted[row] for name, (wanted, _) in rows.items()},
                    {name: weight[row] for name, (_, weight) in rows.items()},
                )
            )
        loss = np.mean([np.ravel(values)[0] for values in losses])
        log(f"epoch {epoch + 1}/{recipe.epochs} loss {loss:.4f}")
    looks = [_said(model, known.of(side)) for side in both_sides(held.images)] if len(held) else []
    for head in heads if looks else ():
        label = hard_labels(held, head.labels, head.source)
        found = agreed([look[head.name] for look in looks])
        log(f"{head.name}: {accuracy(found[label >= 0], label[label >= 0]):.4f} of PublicTest")
    return Learned(model, known.mean, known.deviation, sides)


class _Scaled:
    """Features of mean 0 and deviation 1 over every fifth of the images it was made with."""

    def __init__(self, features: Any, images: NDArray[np.uint8]) -> None:
        self.features = features
        some = predict(features, images[::5])
        self.mean, self.deviation = some.mean(axis=0), some.std(axis=0) + LEAST_DEVIATION

    def of(self, images: NDArray[np.uint8]) -> Features:
        """``float16[n, d]`` of ``images uint8[n, 48, 48]``: all of FER2013's take 1.1 GB a side."""
        import numpy as np

        found = []
        for first in range(0, len(images), CHUNK):
            part = predict(self.features, images[first : first + CHUNK])
            found.append(((part - self.mean) / self.deviation).astype(np.float16))
        return np.concatenate(found)


def _head(width: int, heads: Sequence[Head], recipe: Recipe, steps: int) -> Any:
    """Its rate falls along half a cosine to nothing."""
    import keras

    keras.utils.set_random_seed(recipe.seed)
    given = keras.Input((width,), name="features")
    x = keras.layers.Dropout(recipe.drop)(given)
    x = keras.layers.Dense(recipe.hidden, activation="relu", name="hidden")(x)
    x = keras.layers.Dropout(recipe.drop)(x)
    logits = {head.name: keras.layers.Dense(len(head.labels), name=head.name)(x) for head in heads}
    model = keras.Model(given, logits, name="frozen")
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(steps, 1))
    model.compile(
        optimizer=make_optimizer("adamw", rate, recipe.weight_decay, 0.0),
        loss={h.name: keras.losses.CategoricalCrossentropy(from_logits=True) for h in heads},
        loss_weights={head.name: head.weight for head in heads},
        jit_compile=keras.backend.backend() == "jax",
    )
    return model


def _said(model: Any, features: Features) -> dict[str, Any]:
    """By head name probabilities ``float32[n, labels]``."""
    import numpy as np

    parts = [
        model.predict_on_batch(features[i : i + CHUNK].astype(np.float32))
        for i in range(0, len(features), CHUNK)
    ]
    return {name: softmax(np.concatenate([part[name] for part in parts])) for name in parts[0]}

"""A teacher that learns on features that stay as they are.

Features of a network that knows faces from elsewhere carry over to faces in photos better than
those that learned from FER2013 alone, and lose that when they are trained on with it (figures in
docs/training.md). So only small heads learn, on the main components of the features of all images
and their mirror images. Each head has units of its own: what one annotation gets wrong costs the
others nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, hard_labels, targets
from fer_batch.training.metrics import accuracy, softmax
from fer_batch.training.network.optimizers import make_optimizer
from fer_batch.training.predict import predict
from fer_batch.training.teachers.answers import Answers, hashes
from fer_batch.training.teachers.teacher import agreed, both_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

NAME = "features that stay as they are"
CHUNK = 1024
# Images that tell what main components there are; with their mirror images twice as many.
SAMPLE = 3500
# Below this deviation a feature is next to constant: it is not blown up.
LEAST_DEVIATION = 0.05


@dataclass(frozen=True, slots=True)
class Recipe:
    """How heads learn, chosen on PublicTest and on the photos of the model card: ``hidden`` units
    for each, on ``components`` of features of deviation 1, to which ``noise`` is added (deviation);
    ``drop`` is the share of units left out."""

    hidden: int = 256
    components: int = 1024
    epochs: int = 12
    learning_rate: float = 2e-3
    weight_decay: float = 0.3
    batch_size: int = 256
    noise: float = 0.7
    drop: float = 0.3
    seed: int = 0


class Features(Protocol):
    """What a network computes on its way, of ``uint8[n, 48, 48]``: ``float32[n, d]``."""

    name: str

    def __call__(self, images: NDArray[np.uint8]) -> FloatArray:
        """Those of ``images``."""
        ...


class KerasFeatures:
    """``Features`` by a Keras model of that input and output."""

    def __init__(self, model: Any) -> None:
        self.name, self._model = str(model.name), model

    def __call__(self, images: NDArray[np.uint8]) -> FloatArray:
        """See ``Features``."""
        return np.asarray(predict(self._model, images), np.float32)


@dataclass(frozen=True, slots=True)
class Learned:
    """``model``: the heads, in Keras, from what ``components`` makes of images to logits by name;
    the units of each are the layer ``units_of`` names. ``sides``: the components of all images
    that they learned from, and of their mirror images, ``float32[n, c]`` each."""

    model: Any
    components: Components
    sides: Sequence[FloatArray]


def units_of(head: Head) -> str:
    """The name of the layer of its units."""
    return f"{head.name}_units"


def teach(
    features: Features,
    faces: FaceSet,
    heads: Sequence[Head],
    log: Callable[[str], None],
    recipe: Recipe = Recipe(),
) -> Answers:
    """What heads that ``learn`` taught say of the images of the split Training, each image and
    its mirror image averaged."""
    learned = learn(features, faces, heads, log, recipe)
    said = [_said(learned.model, side) for side in learned.sides]
    answers = {head.name: agreed([s[head.name] for s in said]) for head in heads}
    labels = {head.name: tuple(head.labels) for head in heads}
    images = faces.of_split("Training").images
    return Answers(hashes(images), labels, answers, (f"{NAME} ({features.name})",))


def learn(
    features: Features,
    faces: FaceSet,
    heads: Sequence[Head],
    log: Callable[[str], None],
    recipe: Recipe = Recipe(),
) -> Learned:
    """Heads that learned on ``features`` of the images of the split Training and their mirror
    images.

    The accuracy on PublicTest goes to ``log``.
    """
    train, held = faces.of_split("Training"), faces.of_split("PublicTest")
    log(f"features of {len(train)} images and their mirror images")
    known = Components(features, train.images, recipe.components)
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
                    batch,
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
    return Learned(model, known, sides)


class Components:
    """The main components of ``features`` over some of the images it is made with, the largest
    first: ``mean`` and ``deviation float32[d]`` bring features to mean 0 and deviation 1, ``axes
    float32[d, c]`` are the directions in which those vary most (Pearson, 1901)."""

    def __init__(self, features: Features, images: NDArray[np.uint8], most: int) -> None:
        from scipy.linalg import eigh

        self._features = features
        some = images[:: max(1, len(images) // SAMPLE)]
        found = np.concatenate([features(side) for side in both_sides(some)])
        self.mean, self.deviation = found.mean(axis=0), found.std(axis=0) + LEAST_DEVIATION
        found = (found - self.mean) / self.deviation
        # Fewer rows than features: these have the axes of their products with one another.
        most = min(most, *found.shape)
        last = len(found) - 1
        sizes, rows = eigh(found @ found.T, subset_by_index=[last + 1 - most, last])
        rows = rows[:, ::-1] / np.sqrt(np.maximum(sizes[::-1], 1e-3))
        self.axes = (found.T @ rows).astype(np.float32)

    def of(self, images: NDArray[np.uint8]) -> FloatArray:
        """``float32[n, c]`` of ``images uint8[n, 48, 48]``."""
        found = []
        for first in range(0, len(images), CHUNK):
            part = self._features(images[first : first + CHUNK])
            found.append(((part - self.mean) / self.deviation) @ self.axes)
        return np.concatenate(found)


def _head(width: int, heads: Sequence[Head], recipe: Recipe, steps: int) -> Any:
    """Its rate falls along half a cosine to nothing."""
    import keras

    keras.utils.set_random_seed(recipe.seed)
    given = keras.Input((width,), name="components")
    noisy = keras.layers.GaussianNoise(recipe.noise)(given)
    logits = {}
    for head in heads:
        x = keras.layers.Dense(recipe.hidden, activation="relu", name=units_of(head))(noisy)
        x = keras.layers.Dropout(recipe.drop)(x)
        logits[head.name] = keras.layers.Dense(len(head.labels), name=head.name)(x)
    model = keras.Model(given, logits, name="frozen")
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, max(steps, 1))
    model.compile(
        optimizer=make_optimizer("adamw", rate, recipe.weight_decay, 0.0),
        loss={h.name: keras.losses.CategoricalCrossentropy(from_logits=True) for h in heads},
        loss_weights={head.name: head.weight for head in heads},
        jit_compile=keras.backend.backend() == "jax",
    )
    return model


def _said(model: Any, components: FloatArray) -> dict[str, Any]:
    """By head name probabilities ``float32[n, labels]``."""
    parts = [
        model.predict_on_batch(components[i : i + CHUNK]) for i in range(0, len(components), CHUNK)
    ]
    return {name: softmax(np.concatenate([part[name] for part in parts])) for name in parts[0]}

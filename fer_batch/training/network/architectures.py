"""The networks that can be trained. A new one is one function and one line in the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fer_batch.errors import UsageError
from fer_batch.training.data.augment import MILD, REFERENCE, Augmentation
from fer_batch.training.data.faceset import SIZE
from fer_batch.training.data.targets import Head

Trunk = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Architecture:
    """A trunk (grey levels ``[n, 48, 48, 1]`` to features ``[n, c]``) and its training recipe."""

    trunk: Trunk
    optimizer: str
    learning_rate: float
    weight_decay: float
    batch_size: int
    schedule: str
    augmentation: Augmentation
    ema: float = 0.0


def _dcnn(grey: Any) -> Any:
    """The reference: six convolutions with ELU, after each a batch normalisation."""
    from keras import layers

    x = layers.Rescaling(1 / 255, name="unit_range")(grey)
    for number, (kernel, channels, drop) in enumerate(((5, 64, 0.4), (3, 128, 0.4), (3, 256, 0.5))):
        for half in "ab":
            x = layers.Conv2D(
                channels,
                kernel,
                padding="same",
                activation="elu",
                kernel_initializer="he_normal",
                name=f"conv{number + 1}{half}",
            )(x)
            x = layers.BatchNormalization(name=f"norm{number + 1}{half}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{number + 1}")(x)
        x = layers.Dropout(drop, name=f"drop{number + 1}")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(128, activation="elu", kernel_initializer="he_normal", name="dense")(x)
    x = layers.BatchNormalization(name="norm_dense")(x)
    return layers.Dropout(0.6, name="drop_dense")(x)


def _standardised(grey: Any) -> Any:
    """Each image to mean 0 and deviation 1; a flat image (deviation under 2.55 levels) stays flat.

    Layer normalisation over all of an image is that, and every runtime can read it.
    """
    from keras import layers

    x = layers.Rescaling(1 / 255, dtype="float32", name="unit_range")(grey)
    return layers.LayerNormalization(
        axis=(1, 2, 3), center=False, scale=False, epsilon=1e-4, dtype="float32", name="standardise"
    )(x)


def _convolution(x: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
    from keras import layers

    x = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.95, epsilon=1e-3, name=f"{name}_norm")(x)


def _residual(
    x: Any, channels: int, stride: int, name: str, activation: str = "elu", bare: bool = False
) -> Any:
    """A basic block (He et al., 2016) with ELU; its shortcut is pooled, not strided ('ResNet-D',
    He et al., 2019), so that no pixel is dropped. A ``bare`` shortcut is not normalised."""
    from keras import layers

    y = _convolution(x, channels, 3, stride, f"{name}a")
    y = layers.Activation(activation, name=f"{name}a_{activation}")(y)
    y = _convolution(y, channels, 3, 1, f"{name}b")
    if stride > 1:
        x = layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)
    if x.shape[-1] != channels and bare:
        x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_short")(x)
    elif x.shape[-1] != channels:
        x = _convolution(x, channels, 1, 1, f"{name}_short")
    total = layers.Add(name=f"{name}_add")([x, y])
    return layers.Activation(activation, name=f"{name}_{activation}")(total)


def _stages(x: Any, stages: Sequence[tuple[int, int]], dropout: float, **block: Any) -> Any:
    """Blocks by (channels, how many); each stage but the first halves the size. Then the mean."""
    from keras import layers

    for number, (channels, blocks) in enumerate(stages):
        for place in range(blocks):
            stride = 2 if place == 0 and number > 0 else 1
            x = _residual(x, channels, stride, f"s{number + 1}b{place + 1}", **block)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return layers.Dropout(dropout, name="drop")(x)


def _resnet(grey: Any, stages: Sequence[tuple[int, int]], stem: int, dropout: float) -> Any:
    from keras import layers

    x = _convolution(_standardised(grey), stem, 5, 2, "stem")
    return _stages(layers.Activation("elu", name="stem_elu")(x), stages, dropout)


def _resnet_default(grey: Any) -> Any:
    """24, 12, 6 and 3 px; 1.6 M weights and 56 M multiplications, a ninth of the reference's.

    The stem already halves the size: at 48 px a layer costs most and its features are edges.
    """
    return _resnet(grey, ((32, 1), (64, 2), (128, 2), (256, 1)), stem=32, dropout=0.3)


def _resnet_wide(grey: Any) -> Any:
    """Half as wide again: 3.6 M weights and 126 M multiplications. A teacher, too dear to ship."""
    return _resnet(grey, ((48, 1), (96, 2), (192, 2), (384, 1)), stem=48, dropout=0.3)


def _resnet_face(grey: Any, times: int = 2) -> Any:
    """dlib's network for face recognition (King, 2017): a teacher, to begin from dlib's weights.

    ReLU, pooled shortcuts without a normalisation, and the image at twice its size, since these
    weights know faces of that size. 5.6 M weights, 140 M multiplications.
    """
    from keras import layers

    x = layers.UpSampling2D(times, interpolation="bilinear", name="enlarge")(_standardised(grey))
    x = _convolution(x, 32, 7, 2, "stem")
    x = layers.Activation("relu", name="stem_relu")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    stages = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
    return _stages(x, stages, 0.3, activation="relu", bare=True)


def _resnet_face_large(grey: Any) -> Any:
    """The same at three times the size, near that of dlib's own faces (150 px). Its features
    know more there (docs/training.md), at twice the cost."""
    return _resnet_face(grey, 3)


def _resnet_tiny(grey: Any) -> Any:
    """For tests and for trying things out: a few thousand weights."""
    return _resnet(grey, ((8, 1), (16, 1)), stem=8, dropout=0.0)


ARCHITECTURES: dict[str, Architecture] = {
    "dcnn": Architecture(_dcnn, "adam", 1e-3, 0.0, 32, "plateau", REFERENCE),
    "resnet": Architecture(_resnet_default, "adamw", 2e-3, 2e-3, 64, "stable", MILD, ema=0.998),
    "resnet-wide": Architecture(_resnet_wide, "adamw", 2e-3, 2e-3, 64, "stable", MILD, ema=0.998),
    "resnet-face": Architecture(_resnet_face, "adamw", 1e-3, 2e-2, 64, "stable", MILD, ema=0.998),
    "resnet-face-large": Architecture(
        _resnet_face_large, "adamw", 1e-3, 2e-2, 64, "stable", MILD, ema=0.998
    ),
    "tiny": Architecture(_resnet_tiny, "adamw", 2e-3, 1e-3, 64, "stable", MILD, ema=0.9),
}


def architecture(name: str) -> Architecture:
    """The registry's entry, or a clear error."""
    if name not in ARCHITECTURES:
        raise UsageError(f"unknown architecture {name!r}: there is {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]


def build(name: str, heads: Sequence[Head]) -> Any:
    """A Keras model from ``uint8[n, 48, 48, 1]`` to ``{head name: logits float32[n, labels]}``."""
    import keras

    grey = keras.Input((SIZE, SIZE, 1), dtype="uint8", name="grey")
    features = architecture(name).trunk(grey)
    logits = {
        head.name: keras.layers.Dense(len(head.labels), dtype="float32", name=head.name)(features)
        for head in heads
    }
    return keras.Model(grey, logits, name=name)

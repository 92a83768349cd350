"""The pages that say where things are name files that are there, and all of the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_layers import LAYERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# Where a name such as `jobs/item/relate` may begin, and how it may end.
BEGINNINGS = ("", "fer_batch", "fer_batch/jobs", "fer_batch/output")
ENDINGS = ("", ".py")


def is_there(name: str) -> bool:
    """Whether a file or folder is meant by ``name``."""
    places = (ROOT / beginning / f"{name}{end}" for beginning in BEGINNINGS for end in ENDINGS)
    return any(place.exists() for place in places)


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md", "docs/security.md"])
def test_files_that_are_named_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w.]+(?:/[\w.]+)+)/?`", text)}
    assert len(named) > 3
    assert sorted(name for name in named if not is_there(name)) == []


def test_the_tree_has_every_folder() -> None:
    tree = PAGE[PAGE.index("    fer_batch/\n") : PAGE.index("`jobs/item/failure.py` says")]
    drawn = set(re.findall(r"(\w+)/", tree))
    folders = {file.parent for file in (ROOT / "fer_batch").rglob("*.py")}
    held = {f.name for f in folders if not {"_vendor", "__pycache__"} & set(f.parts)}
    assert held - drawn == set()


def test_the_lowest_layer_is_listed_whole() -> None:
    (row,) = re.findall(r"^\| 0 \|.*$", PAGE, flags=re.MULTILINE)
    listed = set(re.findall(r"`(\w+)`", row))
    assert listed == {name for name, layer in LAYERS.items() if layer == 0}

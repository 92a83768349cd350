"""Scripts and styles: our own from ``static``, the charts from what the build brought along."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fer_batch.atomic import write_text
from fer_batch.errors import FerBatchError

if TYPE_CHECKING:
    from pathlib import Path

VENDORED = ("uPlot.iife.js", "uPlot.min.css", "LICENSE-uplot.txt")
# Corrections, in reports of films and in galleries of photos.
EDIT_SCRIPTS = ("edits-1-lines.js", "edits-2-saved.js")
REPORT_SCRIPTS = (
    "1-store.js",
    "2-data.js",
    "3-player.js",
    "4-marks.js",
    "5-panels.js",
    "6-now.js",
    *EDIT_SCRIPTS,
    "7-edits.js",
    "8-corrections.js",
    "9-controls.js",
)

GALLERY_SCRIPTS = (
    "gallery-1-data.js",
    "gallery-2-list.js",
    "gallery-3-grid.js",
    "gallery-4-viewer.js",
    *EDIT_SCRIPTS,
    "gallery-5-edits.js",
    "gallery-6-corrections.js",
    "gallery-7-controls.js",
)


@cache
def own(name: str) -> str:
    """The text of one of our scripts or styles."""
    return files("fer_batch.output.report").joinpath("static", name).read_text("utf-8")


@cache
def vendored(name: str) -> str:
    """The text of a file of the charts library.

    Raises:
        FerBatchError: the installation lacks it.
    """
    try:
        return files("fer_batch").joinpath("_vendor", name).read_text("utf-8")
    except OSError as error:
        raise FerBatchError(
            f"{name} is missing from this installation; install fer-batch again"
        ) from error


def write_assets(folder: Path) -> None:
    """Put into ``folder`` what a report loads: its own copy, so that a result can be moved alone.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    for name in VENDORED:
        write_text(folder / name, vendored(name))
    write_text(folder / "theme.js", own("theme.js"))
    write_text(folder / "app.js", "\n".join(own(name) for name in REPORT_SCRIPTS))
    write_text(folder / "app.css", own("base.css") + own("edits.css") + own("report.css"))


def write_gallery_assets(folder: Path) -> list[str]:
    """Put into ``folder`` what a gallery of photos loads; returns the names.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    texts = {
        "theme.js": own("theme.js"),
        "gallery.js": "\n".join(own(name) for name in GALLERY_SCRIPTS),
        "gallery.css": own("base.css") + own("edits.css") + own("gallery.css"),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return list(texts)

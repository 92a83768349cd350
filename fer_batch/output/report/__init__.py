"""The pages that people look at: ``report.html`` for one result, ``index.html`` for a batch."""

from __future__ import annotations

from fer_batch.output.report.index import write_index
from fer_batch.output.report.page import write_report
from fer_batch.output.report.rebuild import rebuild, rebuild_report
from fer_batch.output.report.thumbnails import Thumbnails, write_thumbnails

__all__ = [
    "Thumbnails",
    "rebuild",
    "rebuild_report",
    "write_index",
    "write_report",
    "write_thumbnails",
]

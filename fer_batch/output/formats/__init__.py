"""Files that researchers' tools open: episodes and people as CSV, WebVTT captions, ELAN tiers.

>>> write_format("intervals", folder, timeline)  # doctest: +SKIP
"""

from __future__ import annotations

from fer_batch.output.formats.combine import COMBINED, OpenTable, open_here, write_combined
from fer_batch.output.formats.write import FORMATS, write_format

__all__ = [
    "COMBINED",
    "FORMATS",
    "OpenTable",
    "open_here",
    "write_combined",
    "write_format",
]

"""Files that researchers' tools open: episodes and people as CSV, WebVTT captions, ELAN tiers.

>>> write_format("intervals", folder, timeline)  # doctest: +SKIP
"""

from __future__ import annotations

from fer_batch.output.formats.combine import COMBINED, write_combined
from fer_batch.output.formats.write import FORMATS, write_format

__all__ = ["COMBINED", "FORMATS", "write_combined", "write_format"]

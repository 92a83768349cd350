"""The types that travel between layers.

Arrays are structures of arrays: one row a face, parallel fields, checked once at construction by
a list of columns (``FACES``, ``TIMELINE``). An array more is a field and a line in such a list.
Boxes are ``x, y, w, h`` in pixels of the upright frame. Frames count from 0 in presentation order.
"""

from fer_batch.types.arrays import BoolArray, FloatArray, HalfArray, Image, IntArray
from fer_batch.types.faces import FACES, Detections, Faces, Views
from fer_batch.types.source import Frame, Segment, SourceInfo, SourceKind
from fer_batch.types.status import UNSURE, UNUSABLE, FrameStatus
from fer_batch.types.timeline import TIMELINE, Timeline, is_unsure

__all__ = [
    "FACES",
    "TIMELINE",
    "UNSURE",
    "UNUSABLE",
    "BoolArray",
    "Detections",
    "Faces",
    "FloatArray",
    "Frame",
    "FrameStatus",
    "HalfArray",
    "Image",
    "IntArray",
    "Segment",
    "SourceInfo",
    "SourceKind",
    "Timeline",
    "Views",
    "is_unsure",
]

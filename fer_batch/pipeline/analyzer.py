"""The seam behind which faces are found and classified: `grid` on CPUs, elsewhere otherwise."""

from __future__ import annotations

from typing import Protocol

from fer_batch.media.source import FrameSource
from fer_batch.pipeline.progress import Report, ShouldCancel, Timings, never, unreported
from fer_batch.types import Faces, Segment


class FaceAnalyzer(Protocol):
    """Frames of a segment in, faces with boxes, landmarks, appearance and probabilities out.

    Made for one set of ``AnalyzeSettings`` by ``build``. Stateless: what it finds in a segment
    depends on the pixels of its frames and of the next frame on the detection grid, so that a
    source may be cut anywhere on that grid.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the columns of probabilities."""
        ...

    def analyze(
        self,
        source: FrameSource,
        segment: Segment,
        timings: Timings,
        report: Report = unreported,
        should_cancel: ShouldCancel = never,
    ) -> Faces:
        """All faces of a segment; a status for each of its frames.

        ``report`` is told of frames as they are done, and seconds by stage go to ``timings``.

        Raises:
            Cancelled: ``should_cancel`` said so; nothing is kept of this segment.
        """
        ...

"""What the queue and a local run have in common, held together by tests."""

from __future__ import annotations

from fer_batch.config import OUTPUTS
from fer_batch.jobs.download import OUTPUT_FILES
from fer_batch.output.formats.write import FORMATS


def test_every_output_can_be_downloaded_alone() -> None:
    assert set(OUTPUT_FILES) == set(OUTPUTS)
    assert all(file in OUTPUT_FILES[name] for name, file in FORMATS.items())

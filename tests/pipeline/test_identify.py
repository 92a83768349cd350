"""Who is recognised by what: each picture of a face is unpacked once for both looks at it."""

from __future__ import annotations

import numpy as np
import pytest

from fer_batch.faces.chips import from_jpeg, to_jpeg
from fer_batch.faces.dlib_network import SIDE
from fer_batch.pipeline import identify
from fer_batch.types import FloatArray, Image


class LeftBrightness:
    """Recognises pictures by how bright their left half is."""

    name, runtime, sha256 = "left", "none", ""

    def embed(self, chips: Image) -> FloatArray:
        bright = chips[:, :, : SIDE // 2].mean(axis=(1, 2, 3), dtype=np.float32)
        return np.repeat(bright[:, None], 128, axis=1)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_picture_that_is_looked_at_twice_is_unpacked_once(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = np.zeros((SIDE, SIDE, 3), np.uint8)
    half[:, : SIDE // 2] = 200
    unpacked = []

    def counted(data: bytes) -> Image:
        unpacked.append(data)
        return from_jpeg(data)

    monkeypatch.setattr(identify, "from_jpeg", counted)
    found = identify.embedding(LeftBrightness(), [to_jpeg(half)] * count)
    assert len(unpacked) == count
    mirrored = min(count, 5 - count)
    assert found == pytest.approx(200 * count / (count + mirrored), abs=3)

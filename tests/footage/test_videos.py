import os
import sys
from pathlib import Path

import pytest

from tests.footage import pictures, videos


@pytest.mark.skipif(sys.platform != "linux", reason="priorities are read as Linux has them")
@pytest.mark.parametrize("codec", sorted(videos.ENCODERS))
def test_writing_leaves_the_priority_as_it_was(tmp_path: Path, codec: str) -> None:
    frames = [pictures.numbered(i) for i in range(3)]
    videos.write(tmp_path / "a.mkv", frames, videos.Recipe(codec=codec))
    assert os.sched_getscheduler(0) == os.SCHED_OTHER

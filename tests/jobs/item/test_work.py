"""What is kept of an item between steps, and under which names."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import UnreadableError
from fer_batch.jobs.item.work import FORMAT, ItemPlan, ItemSpec, WorkFolder
from fer_batch.outputs import OUTPUTS
from fer_batch.types import Segment, SourceInfo

# Names come from file systems: they may hold bytes that are no Unicode.
names = st.text(st.characters(exclude_characters="\0"), max_size=12)
specs = st.builds(
    ItemSpec,
    input=names,
    name=names,
    analyze=st.builds(AnalyzeSettings, model=names, every=st.integers(1, 9)),
    render=st.builds(RenderSettings, labels=st.lists(names, max_size=3).map(tuple)),
    outputs=st.sets(st.sampled_from(OUTPUTS)).map(tuple),
)
infos = st.builds(
    SourceInfo,
    path=names,
    name=names,
    kind=st.sampled_from(["video", "frames", "photos"]),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    rotation=st.sampled_from([0, 90, 180, 270]),
    time_base=st.fractions(Fraction(1, 10**9), 1),
    pts=st.lists(st.integers(-(2**40), 2**62), max_size=9).map(lambda p: np.array(p, np.int64)),
    has_audio=st.booleans(),
    codec=names,
    colour=st.tuples(*[st.integers(0, 99)] * 4),
    seekable=st.booleans(),
    files=st.lists(names, max_size=3).map(tuple),
    warnings=st.lists(names, max_size=3).map(tuple),
)
segments = st.lists(st.builds(Segment, *[st.integers(0, 10**7)] * 3), max_size=4).map(tuple)
plans = st.builds(
    ItemPlan,
    info=infos,
    segments=segments,
    input_sha256=names,
    analysis_key=names,
    render_key=names,
)
FIELDS = [name for name in SourceInfo.__slots__ if name != "pts"]


@given(specs)
def test_an_item_comes_back_from_json(spec: ItemSpec) -> None:
    assert ItemSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@given(plan=plans)
def test_a_plan_comes_back_from_its_file(
    plan: ItemPlan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = WorkFolder(tmp_path_factory.mktemp("work") / ".work", Path("out"))
    work.write_plan(plan)
    back = work.read_plan()
    for name in FIELDS:
        assert getattr(back.info, name) == getattr(plan.info, name), name
    assert back.info.pts.dtype == np.int64 and back.info.pts.tolist() == plan.info.pts.tolist()
    for name in ("segments", "input_sha256", "analysis_key", "render_key"):
        assert getattr(back, name) == getattr(plan, name)
    assert [p.name for p in work.path.iterdir()] == ["source.json"]


def test_each_segment_has_files_of_its_own(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path / ".work", tmp_path)
    paths = [f(i) for i in (0, 1, 99_999, 100_000) for f in (work.shard, work.part, work.kept)] + [
        work.plan,
        work.timeline,
        work.timings("probe"),
    ]
    assert len(set(paths)) == len(paths)
    keys = [work.relative(path) for path in paths]
    assert "shards/00001.npz" in keys and "parts/00001.mp4" in keys
    # In order of segments, as a listing has them.
    assert sorted(map(str, (work.shard(2), work.shard(10)))) == [
        str(work.shard(2)),
        str(work.shard(10)),
    ]
    with pytest.raises(ValueError, match="not in the subpath"):
        work.relative(Path("/etc/passwd"))


OURS = f'{{"format": {FORMAT}}}'


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"x"', "{}", OURS, OURS[:-1] + ', "info": {}}'],
)
def test_a_plan_that_is_damaged_is_said_in_one_line(text: str, tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, tmp_path)
    with pytest.raises(
        UnreadableError, match=r"source\.json: is damaged; `fer-batch run --overwrite`"
    ):
        work.read_plan()
    work.plan.write_text(text)
    with pytest.raises(
        UnreadableError, match=r"source\.json: is damaged; `fer-batch run --overwrite`"
    ):
        work.read_plan()


def test_a_plan_of_another_version(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path, tmp_path)
    work.plan.write_text('{"format": 99}')
    with pytest.raises(UnreadableError, match="another version"):
        work.read_plan()


def test_removing_leaves_the_results(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path / "out" / ".work", tmp_path / "out")
    work.shard(3).parent.mkdir(parents=True)
    work.shard(3).touch()
    (work.out / "timeline.csv").touch()
    work.remove()
    work.remove()
    assert [p.name for p in work.out.iterdir()] == ["timeline.csv"]

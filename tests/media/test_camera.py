"""Cards of cameras: each recording is an input once, whatever lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.media.discover import discover
from fer_batch.media.walk import PassedOver


def found(root: Path, *files: str, searched: str = "") -> tuple[list[str], list[str]]:
    """Names of the inputs where ``files`` lie, and what is said of the others."""
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0")
    passed = PassedOver()
    inputs = [one.name for one in discover([root / searched], passed=passed)]
    return inputs, passed.lines()


@pytest.mark.parametrize(
    ("copy", "recording"),
    [
        ("DCIM/100GOPRO/GL010001.LRV", "DCIM/100GOPRO/GH010001.MP4"),
        ("DCIM/100GOPRO/GL020001.LRV", "DCIM/100GOPRO/GX020001.MP4"),
        ("DCIM/100GOPRO/GOPR0001.LRV", "DCIM/100GOPRO/GOPR0001.MP4"),
        ("LRV_20260101_120000_11_001.lrv", "VID_20260101_120000_00_001.insv"),
        ("LRV_20260101_120000_01_001.insv", "VID_20260101_120000_10_001.insv"),
        ("PRIVATE/M4ROOT/SUB/C0001S03.MP4", "PRIVATE/M4ROOT/CLIP/C0001.MP4"),
        ("XDROOT/Sub/C0001S01.MP4", "XDROOT/Clip/C0001.MXF"),
        ("CONTENTS/PROXY/0001AB.MP4", "CONTENTS/VIDEO/0001AB.MXF"),
        ("day/Proxy/A001.mov", "day/A001.mov"),
        ("CONTENTS/AUDIO/0001AB00.MXF", "CONTENTS/VIDEO/0001AB.MXF"),
    ],
)
def test_a_copy_is_an_input_only_where_its_recording_is_not(
    copy: str, recording: str, tmp_path: Path
) -> None:
    other = str(Path(recording).with_stem("other"))
    inputs, said = found(tmp_path, copy, other)
    assert len(inputs) == 2 and said == []
    inputs, said = found(tmp_path, recording)
    assert [Path(name).name for name in inputs] == sorted([Path(recording).stem, "other"])
    kind = "its sound" if "AUDIO" in copy else "small copy"
    assert said == [f"1 file beside a recording passed over: {kind} 1"]
    # Who names it wants it.
    assert len(found(tmp_path, searched=copy)[0]) == 1


def test_a_card_of_copies_alone_is_analysed(tmp_path: Path) -> None:
    inputs, said = found(tmp_path, "M4ROOT/SUB/C0001S03.MP4", "M4ROOT/CLIP/C0001.MP4", searched="")
    assert len(inputs) == 1
    inputs, said = found(tmp_path, "GL010001.LRV", "GL020001.LRV", "GL010002.LRV")
    assert len(inputs) == 4 and len(said) == 1


def test_parts_of_one_recording_are_inputs_with_their_own_names(tmp_path: Path) -> None:
    chapters = ("GH010001.MP4", "GH020001.MP4", "GH010002.MP4")
    streams = ("00000.MTS", "00001.MTS", "00002.m2ts")
    inputs, said = found(
        tmp_path,
        *(f"DCIM/100GOPRO/{name}" for name in chapters),
        *(f"PRIVATE/AVCHD/BDMV/STREAM/{name}" for name in streams),
        "PRIVATE/AVCHD/BDMV/PLAYLIST/00000.MPL",
        "PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI",
    )
    assert sorted(name.rpartition("/")[2] for name in inputs) == sorted(
        Path(name).stem for name in (*chapters, *streams)
    )
    assert said == ["2 files were not videos or images: .cpi 1, .mpl 1"]

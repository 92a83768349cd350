"""The workbook of a batch's tables, read back from its XML."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fer_batch.errors import OutputPathError
from fer_batch.output.formats import workbook
from fer_batch.output.formats.combine import write_combined
from fer_batch.output.formats.dialect import DIALECTS
from fer_batch.output.formats.workbook import write_workbook
from fer_batch.output.stored import Stored
from fer_batch.output.table import write_csv
from fer_batch.output.write import write_output
from fer_batch.outputs import output_called
from tests.output.timelines import timeline

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets(path: Path) -> dict[str, list[list[str | float]]]:
    """The rows of each sheet; no cell may hold a formula."""
    with zipfile.ZipFile(path) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [str(sheet.get("name")) for sheet in book.iter(f"{MAIN}sheet")]
        found = {}
        for number, name in enumerate(names, start=1):
            text = archive.read(f"xl/worksheets/sheet{number}.xml")
            assert b"<f>" not in text
            root = ElementTree.fromstring(text)
            found[name] = [[_value(c) for c in row] for row in root.iter(f"{MAIN}row")]
    return found


def _value(cell: ElementTree.Element) -> str | float:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    return float("".join(cell.itertext()))


@pytest.mark.parametrize("dialect", ["plain", "excel"])
def test_a_sheet_a_table_with_numbers_as_numbers(dialect: str, tmp_path: Path) -> None:
    folder = tmp_path / "007"
    folder.mkdir()
    made = timeline("hhs", "nn.")
    write_csv(made, folder / "timeline.csv")
    for name in ("people", "intervals"):
        write_output(output_called(name), folder, made)
    result = Stored(folder.name, folder, {"model": {"name": "1.5"}})
    tables = write_combined(tmp_path, [result], dialect=DIALECTS[dialect])
    write_workbook(tables, tmp_path / "results.xlsx")
    found = sheets(tmp_path / "results.xlsx")
    assert list(found) == ["people", "intervals", "frames"]
    header, *rows = found["frames"]
    assert header[:5] == ["input", "model", "frame", "time_s", "status"]
    assert rows[0][:5] == ["007", "1.5", 0.0, 0.0, "ok"]
    assert rows[0][header.index("happy")] == 0.8
    assert len(rows) == 5 and len(found["people"]) == 3
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_text_stays_text(tmp_path: Path) -> None:
    table = tmp_path / "summary.csv"
    table.write_text('input,happy\n=1+1,"=2"\nhttp://x.y,-1.5\n{=1},nan\n')
    write_workbook([table], tmp_path / "results.xlsx")
    assert sheets(tmp_path / "results.xlsx")["summary"] == [
        ["input", "happy"],
        ["=1+1", "=2"],
        ["http://x.y", -1.5],
        ["{=1}", "nan"],
    ]


def test_a_table_too_long_for_a_sheet_goes_on_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    table = tmp_path / "frames.csv"
    table.write_text("frame\n0\n1\n2\n3\n")
    write_workbook([table], tmp_path / "results.xlsx")
    assert sheets(tmp_path / "results.xlsx") == {
        "frames": [["frame"], [0.0], [1.0]],
        "frames 2": [["frame"], [2.0], [3.0]],
    }


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputPathError, match=re.escape(str(tmp_path))):
        write_workbook([], tmp_path / "file" / "results.xlsx")

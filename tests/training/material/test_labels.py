"""labels.csv: what is read, and one clear line for each thing that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.errors import TrainingDataError
from fer_batch.training.material.labels import is_material, read_material


def folder_of(root: Path, table: str, files: tuple[str, ...] = ("a.jpg", "in/b.png")) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"not looked at here")
    (root / "labels.csv").write_text(table, encoding="utf-8")
    return root


def test_files_labels_and_further_columns(tmp_path: Path) -> None:
    table = "\ufefflabel, file ,person\nHappiness,a.jpg,ann\nsad,b.png,\n"
    material = read_material(folder_of(tmp_path, table))
    assert is_material(tmp_path) and not is_material(tmp_path / "in")
    assert material.files == (tmp_path / "a.jpg", tmp_path / "in" / "b.png")
    assert material.labels == ("happy", "sad")
    assert material.columns == {"person": ("ann", "")} and len(material) == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("front", ["", "\ufeff"])
def test_as_spreadsheets_of_any_country_write_it(
    separator: str, end: str, front: str, tmp_path: Path
) -> None:
    lines = ["File,LABEL,group", '"a.jpg",happy,x1', "", "in\\b.png,Sad,2"]
    table = end.join(lines).replace(",", separator)
    (folder_of(tmp_path, "") / "labels.csv").write_bytes(f"{front}{table}{end}".encode())
    material = read_material(tmp_path)
    assert material.files == (tmp_path / "a.jpg", tmp_path / "in" / "b.png")
    assert material.labels == ("happy", "sad")
    assert material.columns == {"group": ("x1", "2")}


def test_names_in_another_form_of_unicode(tmp_path: Path) -> None:
    files = ("Zoe\u0308.jpg", "in/Z\u00eb.jpg")
    table = "file,label\nZo\u00eb.jpg,sad\nin/Ze\u0308.jpg,happy\n"
    material = read_material(folder_of(tmp_path, table, files))
    assert material.files == tuple(tmp_path / name for name in files)


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    table = 'file,label,note\n\na.jpg,sad,"two\nlines"\nc.jpg,sad,x\n'
    with pytest.raises(TrainingDataError, match="line 5: there is no photo"):
        read_material(folder_of(tmp_path, table))


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("photo;emotion\na.jpg;sad\n", "column file, label is missing; the first line names 'pho"),
        ("", "column file, label is missing; the first line names nothing"),
        ("file,label,Label\na.jpg,sad,sad\n", "there are two columns 'label'"),
        ("file,label,x,x\na.jpg,sad,1,2\n", "there are two columns 'x'"),
        ("file,emotion\na.jpg,sad\n", "column label is missing"),
        ("file,label\n", "holds no rows"),
        ("file,label\na.jpg,sad\nc.jpg,sad\n", "line 3: there is no photo 'c.jpg'"),
        ("file,label\na.jpg,sad\na.jpg,happy\n", "line 3: a.jpg stands in line 2 already"),
        ("file,label\na.jpg,\n", "line 2: a.jpg has no label"),
        ("file,label\na.jpg\n", "line 2: does not have 2 values"),
        ("file,label\na.jpg,sad,more\n", "line 2: does not have 2 values"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, table: str, wrong: str) -> None:
    with pytest.raises(TrainingDataError, match=wrong) as raised:
        read_material(folder_of(tmp_path, table))
    assert "labels.csv" in str(raised.value) and "\n" not in str(raised.value)


def test_a_name_that_is_there_twice_wants_its_path(tmp_path: Path) -> None:
    files = ("one/a.jpg", "two/a.jpg")
    with pytest.raises(TrainingDataError, match=r"line 2: a\.jpg is in .*one and .*two"):
        read_material(folder_of(tmp_path, "file,label\na.jpg,sad\n", files))
    material = read_material(folder_of(tmp_path, "file,label\ntwo/a.jpg,sad\n", files))
    assert material.files == (tmp_path / "two" / "a.jpg",)


def test_no_table_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no such table"):
        read_material(tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"file,label\n\xff\xfe,sad\n")
    with pytest.raises(TrainingDataError, match="cannot be read as csv in UTF-8"):
        read_material(tmp_path)

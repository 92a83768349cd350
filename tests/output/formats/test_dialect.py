"""The dialects of the tables beside the folders."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.output.formats.dialect import DIALECTS, TableWriter, dialect_name

NUMBERS = st.decimals(-1000, 1000, places=6).map(str)


def test_excel_wants_a_mark_semicolons_and_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding=DIALECTS["excel"].encoding, newline="") as file:
        writer = TableWriter(file, ["input", "happy", "frame"], DIALECTS["excel"])
        writer.writerows([["1.5", "0.250000", "3"], ["a;b ü", "", "-1.5"]])
    text = '\ufeffinput;happy;frame\n1.5;0,250000;3\n"a;b ü";;-1,5\n'
    assert path.read_bytes() == text.encode()
    assert dialect_name(path) == "excel"
    assert dialect_name(tmp_path / "none.csv") == "plain"


def test_a_pipe_in_a_strangers_folder_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "summary.csv"
    os.mkfifo(pipe)
    both_ends = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # whoever reads it finds something
    os.write(both_ends, b"\xef\xbb\xbf")
    assert dialect_name(pipe) == "plain"
    os.close(both_ends)


@given(st.lists(st.tuples(st.text("a;,.\"'1"), NUMBERS)))
def test_both_dialects_say_the_same(rows: list[tuple[str, str]]) -> None:
    read = {}
    for name, dialect in DIALECTS.items():
        file = io.StringIO()
        TableWriter(file, ["file", "happy"], dialect).writerows(rows)
        cells = csv.reader(io.StringIO(file.getvalue()), delimiter=dialect.delimiter)
        next(cells)
        read[name] = [(text, float(number.replace(dialect.decimal, "."))) for text, number in cells]
    assert read["plain"] == read["excel"] == [(text, float(number)) for text, number in rows]

"""The registry of outputs: each entry is whole, and everything that lists outputs follows it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import UsageError
from fer_batch.output.write import write_output
from fer_batch.outputs import (
    OUTPUTS,
    REGISTRY,
    TAKEN,
    Output,
    file_of,
    outputs_for,
    parse_outputs,
)
from tests.output.timelines import timeline

ROOT = Path(__file__).parents[1]
PARAMETERS = {"timeline": 3, "pixels": 6, "batch": 2}
WRITTEN = [output for output in REGISTRY if output.writer]


@given(st.lists(st.sampled_from(OUTPUTS), min_size=1))
def test_outputs_come_in_one_order_and_once(names: list[str]) -> None:
    found = parse_outputs(" , ".join(names))
    assert set(found) == set(names)
    assert list(found) == sorted(found, key=OUTPUTS.index)


@pytest.mark.parametrize("text", ["", ",", "csv,film", "CSV"])
def test_what_is_no_output(text: str) -> None:
    with pytest.raises(UsageError, match="--outputs"):
        parse_outputs(text)


def test_a_message_names_the_option_and_what_there_is() -> None:
    with pytest.raises(UsageError) as error:
        parse_outputs("csv,film", "--only")
    assert str(error.value) == (f"--only: unknown output 'film'; choose from {', '.join(OUTPUTS)}")


def test_no_two_outputs_share_a_name_or_file() -> None:
    for values in (OUTPUTS, [o.file for o in REGISTRY], [o.title for o in REGISTRY]):
        assert len(set(values)) == len(values)
    joined = [o.joined for o in REGISTRY if o.joined]
    assert len(set(joined)) == len(joined)
    assert {
        "results.xlsx",
        "index.html",
        "summary.csv",
        "frames.csv",
        "people.csv",
        "intervals.csv",
    } <= set(TAKEN)


@pytest.mark.parametrize("output", WRITTEN, ids=lambda o: o.name)
def test_every_writer_is_there_and_takes_what_it_is_given(output: Output) -> None:
    assert len(inspect.signature(output.load()).parameters) == PARAMETERS[output.needs]


@pytest.mark.parametrize(
    "output", [o for o in WRITTEN if o.needs == "timeline"], ids=lambda o: o.name
)
def test_what_needs_a_timeline_alone_is_made_of_one(output: Output, tmp_path: Path) -> None:
    path = write_output(output, tmp_path, timeline("hhs.s", "nnnnn"))
    assert path == tmp_path / output.file and path.stat().st_size > 20
    assert [p.name for p in tmp_path.iterdir()] == [output.file]


@pytest.mark.parametrize("output", REGISTRY, ids=lambda o: o.name)
def test_every_output_is_in_the_docs(output: Output) -> None:
    assert f"`{output.file}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    table = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"| `{output.name}` | `{output.file}` | {output.text} |" in table, "run `make docs`"


def test_an_output_brings_those_that_it_is_made_of() -> None:
    assert outputs_for("video", ("xlsx",)) == ("csv", "intervals", "people", "xlsx")
    assert outputs_for("photos", ("xlsx",)) == ("csv", "xlsx")
    assert "xlsx" not in outputs_for("video")


def test_files_of_names() -> None:
    assert file_of("csv") == "timeline.csv"

"""Counts in words come from one place: nothing says "1 frames"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.output.report.html import count
from fer_batch.plural import first_of, plural

ROOT = Path(__file__).parents[1]
# What is counted anywhere, as it is called where there are several.
WORDS = (
    "frames|photos|faces|people|persons|videos|files|images|inputs|folders|units|"
    "jobs|minutes|hours|seconds|days|episodes|shots|moments|workers|rows|tracks|"
    "pictures|labels|times|results|cuts|changes|points|cores|threads|epochs|models|"
    "bytes|attempts|tries|uploads|processes|columns|tables|outputs|lines|warnings|"
    "errors|spans|keys|copies|participants"
)
NOUN = rf"(?: (?:more|other|such))? (?:{WORDS})\b(?!/)"
# By file, what stands before the word: numbers that are never one, and why.
NEVER_ONE = {
    "fer_batch/jobs/queue/client.py": ["len(found)"],  # one would be the job that is meant
    "fer_batch/jobs/item/who.py": ["MOST_PHOTOS"],
    "fer_batch/door.py": ["most"],
    "fer_batch/pipeline/timeline.py": ["frames"],  # a defect's message, of a whole film
    "fer_batch/pipeline/known_faces.py": ["len(large)"],  # one is what is wanted
    "fer_batch/media/packets.py": ["limits.frames", "restarts"],  # one is "once"
    "fer_batch/media/image_sets.py": ["count"],  # of a set
    "fer_batch/media/images.py": ["limits.frames"],
    "fer_batch/media/counted.py": ["limits.frames"],
    "fer_batch/media/probe.py": ["stream.frames", "seconds / 3600"],  # more than the limit
    "fer_batch/emotion/models.py": ["len(cards)"],  # one needs no name
    "fer_batch/types/timeline.py": ["len(self.files)", "len(self.status)"],  # a defect's message
    "fer_batch/cli/train/calibrate.py": ["len(faces)"],  # a data set
    "fer_batch/output/report/static/5-panels.js": ["grid.size", "people.length"],  # of many
    "fer_batch/output/report/static/gallery-3-grid.js": ["more"],  # shown where there are more
    "fer_batch/output/report/static/index.js": ["all"],  # where some of them are shown
    "fer_batch/output/report/static/people.js": ["all"],
}


def in_python(file: Path) -> Iterator[tuple[int, str]]:
    """Line and expression of each number that stands before a word of several."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for value, after in pairwise(node.values):
                if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
                    continue
                if re.match(NOUN, str(after.value)):
                    yield node.lineno, ast.unparse(value.value)


def in_text(file: Path) -> Iterator[tuple[int, str]]:
    """As ``in_python``, in templates and scripts of pages."""
    pattern = re.compile(rf"(?:\$\{{([^{{}}]*)\}}|\{{\{{ *([^{{}}]*?) *\}}\}}){NOUN}")
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        for found in pattern.finditer(line):
            yield number, found[1] or found[2]


PAGES = [
    file
    for suffix in ("js", "j2", "html")
    for file in (ROOT / "fer_batch").rglob(f"*.{suffix}")
    if "_vendor" not in file.parts
]
PYTHON = [
    file
    for folder in ("fer_batch", "workers")
    for file in (ROOT / folder).rglob("*.py")
    if "training" not in file.parts  # tables of figures for who trains
]


@pytest.mark.parametrize("file", [*PYTHON, *PAGES], ids=lambda file: str(file.relative_to(ROOT)))
def test_counts_in_words_come_from_one_place(file: Path) -> None:
    allowed = NEVER_ONE.get(file.relative_to(ROOT).as_posix(), [])
    told = list(in_python(file) if file.suffix == ".py" else in_text(file))
    assert [place for place in told if place[1] not in allowed] == []


def test_every_exception_is_still_one() -> None:
    for name, allowed in NEVER_ONE.items():
        file = ROOT / name
        told = in_python(file) if file.suffix == ".py" else in_text(file)
        assert set(allowed) <= {expression for _, expression in told}, name


def test_what_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('print(f"{n} frames, {k:.0f} more people, {rate} frames/s, {path} frames_")')
    assert [expression for _, expression in in_python(file)] == ["n", "k"]
    file.write_text("`${n} faces` {{ k }} photos")
    assert [expression for _, expression in in_text(file)] == ["n", "k"]


@pytest.mark.parametrize(
    ("number", "one", "many", "words"),
    [
        (1, "frame", "", "1 frame"),
        (0, "frame", "", "0 frames"),
        (2, "person", "", "2 people"),
        (1, "person", "", "1 person"),
        (3, "more person", "", "3 more people"),
        (2, "damaged image", "", "2 damaged images"),
        (2, "change of emotion", "changes of emotion", "2 changes of emotion"),
    ],
)
def test_words(number: int, one: str, many: str, words: str) -> None:
    assert plural(number, one, many) == words == count(number, one, many)


@pytest.mark.parametrize(
    ("names", "most", "said"),
    [((), 2, ""), (("a",), 1, "a"), (("a", "b"), 1, "a and 1 more"), (("a", "b"), 3, "a, b")],
)
def test_the_first_of_some_names_and_how_many_are_left(
    names: tuple[str, ...], most: int, said: str
) -> None:
    assert first_of(names, most) == said


@given(st.integers(0, 10**9))
def test_pages_set_thousands_apart(number: int) -> None:
    assert count(number, "frame").replace("\u2009", "") == plural(number, "frame")

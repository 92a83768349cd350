"""Words for numbers, addresses of strange names, and the policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from fer_batch.output.report.html import (
    address,
    clock,
    count,
    environment,
    length,
    percent,
    policy,
    printable,
    size,
    source_hash,
)


@given(st.lists(st.text(st.characters(exclude_characters="/\0")).filter(bool), min_size=1))
def test_an_address_names_that_file_and_stays_below_the_page(parts: list[str]) -> None:
    if any(part in (".", "..") for part in parts):
        return
    try:
        names = [os.fsencode(part) for part in parts]
    except UnicodeEncodeError:
        return  # no file can have that name
    url = urlsplit(urljoin("file:///results/index.html", address(*parts)))
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("file", "", "", "")
    assert unquote_to_bytes(url.path) == b"/results/" + b"/".join(names)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.001, "< 1"), (0.126, "13"), (0.997, "> 99"), (1, "100")],
)
def test_percent_never_overstates(value: float, text: str) -> None:
    assert percent(value).replace("\u00a0", " ") == f"{text} %"


def test_times_in_words() -> None:
    assert [clock(0), clock(75.26, 1), clock(59.96, 1), clock(3661)] == [
        "0:00",
        "1:15.3",
        "1:00.0",
        "1:01:01",
    ]
    assert [length(4.21), length(59.97), length(200), length(4350)] == [
        "4.2 s",
        "1:00 min",
        "3:20 min",
        "1:12:30 h",
    ]


def test_counts_and_sizes(tmp_path: Path) -> None:
    assert [count(1, "person", "people"), count(12_345, "change")] == [
        "1 person",
        "12\u2009345 changes",
    ]
    for number, text in ((12, "12 B"), (1500, "1.5 kB"), (25_000, "25 kB")):
        (tmp_path / "f").write_bytes(bytes(number))
        assert size(tmp_path / "f") == text
    assert size(tmp_path / "none") == ""


def test_templates_escape_everything_and_survive_any_name() -> None:
    template = environment().from_string("<p title='{{ x }}'>{{ x }}</p>")
    text = template.render(x="<b>'\"&\udcff")
    assert text == "<p title='&lt;b&gt;&#39;&#34;&amp;?'>&lt;b&gt;&#39;&#34;&amp;?</p>"
    assert printable(7) == 7


def test_the_policy_allows_nothing_it_does_not_name() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy(source_hash("x")).split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE='"
    assert not any("unsafe" in value or "http" in value for value in rules.values())


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, in a process that has compiled nothing yet."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "fer-batch" / "templates"


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Loads a page in a new environment; which templates were compiled for it."""
    seen: list[str] = []
    compile_template = Environment.compile

    def counted(self: Environment, source: str, name: str, *rest: Any) -> object:
        seen.append(name)
        return compile_template(self, source, name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Environment, "compile", counted)
        environment.__wrapped__().get_template("index.html.j2")
    return seen


def test_templates_are_compiled_once_a_user(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled(monkeypatch) == ["index.html.j2"]
    assert compiled(monkeypatch) == []
    (kept,) = fresh.iterdir()
    kept.write_bytes(kept.read_bytes()[:-100])
    assert compiled(monkeypatch) == ["index.html.j2"]
    assert compiled(monkeypatch) == []
    assert fresh.stat().st_mode & 0o077 == 0


def test_templates_work_without_a_place_to_keep_them(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.parent.write_text("a file where the folder should be")
    assert compiled(monkeypatch) == compiled(monkeypatch) == ["index.html.j2"]
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: "~/.cache")
    monkeypatch.chdir(fresh.parent.parent)
    assert compiled(monkeypatch) == ["index.html.j2"]
    assert not Path("~").exists()

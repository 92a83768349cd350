"""What parts the cells of a table is told from its first line."""

from __future__ import annotations

import pytest

from fer_batch.separator import separator_of


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("file,label", ","),
        ("file;label", ";"),
        ("file\tlabel\tage", "\t"),
        ('"file" ;"LABEL";a,b,c', ";"),
        ("file,label;x;y;z", ","),
        ("label", ","),
        ("", ","),
        ("a;b", ","),
        ("file;" + "x" * 200_000, ","),
    ],
)
def test_the_names_that_are_known_decide(header: str, found: str) -> None:
    assert separator_of(header, ("file", "label")) == found

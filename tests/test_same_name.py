from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.same_name import folded


def test_case_and_forms_do_not_count() -> None:
    assert folded("Zo\u00eb") == folded("Zoe\u0308") == folded("ZOE\u0308") == folded("ZO\u00cb")
    assert folded("Straße") == folded("STRASSE")
    assert folded("Zoe") != folded("Zoë")


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)

"""Strangers' texts as one line that a table or a terminal can show."""

from __future__ import annotations


def one_line(name: str) -> str:
    """A file name that cannot break the table: what is not text stands as an escape.

    Names come from strangers: they may hold line breaks, and bytes that are no Unicode.
    """
    return "".join(
        c if c >= " " and not "\x7f" <= c <= "\x9f" and not "\ud800" <= c <= "\udfff"
        else f"\\u{ord(c):04x}"
        for c in name
    )  # fmt: skip

"""Which names are one: to people, and to file systems that do not tell them apart."""

from __future__ import annotations

from unicodedata import normalize


def folded(name: str) -> str:
    """Equal for names that differ by case alone, or by Unicode's forms alone: an ``ë`` may be one
    character or two (as Macs name files) and looks the same."""
    return normalize("NFC", normalize("NFC", name).casefold())

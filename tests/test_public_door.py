"""Tests use what a file offers. Ruff's SLF001 sees `thing._name`; here: imports and patches.

A private that is worth a test of its own deserves a public name, perhaps in a file of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PATCHES = ("setattr", "delattr", "getattr", "patch", "object")


def is_private(name: object) -> bool:
    """Whether a name, perhaps with dots, leads to something private."""
    if not isinstance(name, str):
        return False
    return any(p.startswith("_") and not p.startswith("__") for p in name.split("."))


def privates(code: str) -> Iterator[tuple[int, str]]:
    """Line and name of each private that ``code`` imports, or names as text where it patches."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            names: list[object] = [node.module, *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            given = node.args[:2] if called in PATCHES else []
            names = [part.value for part in given if isinstance(part, ast.Constant)]
        else:
            continue
        yield from ((node.lineno, str(name)) for name in names if is_private(name))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from fer_batch.x import _y, z", ["_y"]),
        ("from fer_batch._x import y", ["fer_batch._x"]),
        ("import fer_batch._x", ["fer_batch._x"]),
        ("monkeypatch.setattr(thing, '_name', 1)", ["_name"]),
        ("monkeypatch.setattr('a.b._name', 1)", ["a.b._name"]),
        ("getattr(thing, '_name')", ["_name"]),
        ("from __future__ import annotations\nsetattr(a, 'name', '_b c')\nf('_x')", []),
    ],
)
def test_the_probe_sees_them(code: str, found: list[str]) -> None:
    assert [name for _, name in privates(code)] == found


def test_no_test_goes_through_the_back_door() -> None:
    found = [
        f"{file.relative_to(TESTS.parent)}:{line}: {name}"
        for file in sorted(TESTS.rglob("*.py"))
        for line, name in privates(file.read_text(encoding="utf-8"))
    ]
    assert not found, found

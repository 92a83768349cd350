"""Prints what pyproject.toml requires, one requirement a line, without installing the project.

    python scripts/requirements.py            what the base needs
    python scripts/requirements.py s3 gpu     and these extras
    python scripts/requirements.py --build    what building the wheel needs

The image installs these in a layer of its own, so that a change of the source does not install
them again. Needs nothing but Python 3.11.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def requirements(extras: list[str], pyproject: Path = PYPROJECT) -> list[str]:
    """The base's requirements and those of ``extras``, in order, each once."""
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    found: list[str] = []
    for requirement in [*project["dependencies"], *_of(project, extras)]:
        if requirement not in found:
            found.append(requirement)
    return found


def _of(project: dict[str, dict[str, list[str]]], extras: list[str]) -> list[str]:
    """What ``extras`` require, those that name others of our own resolved."""
    found: list[str] = []
    for extra in extras:
        for requirement in project["optional-dependencies"][extra]:
            ours = re.fullmatch(rf"{project['name']}\[([^]]+)\]", requirement)
            if ours:
                found += _of(project, [name.strip() for name in ours[1].split(",")])
            else:
                found.append(requirement)
    return found


def build_requirements(pyproject: Path = PYPROJECT) -> list[str]:
    """What the build system needs."""
    found: list[str] = tomllib.loads(pyproject.read_text("utf-8"))["build-system"]["requires"]
    return found


if __name__ == "__main__":
    given = sys.argv[1:]
    print(*(build_requirements() if given == ["--build"] else requirements(given)), sep="\n")

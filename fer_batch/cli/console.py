"""The one way by which commands print: nobody's file name reaches the terminal as a code."""

from __future__ import annotations

import typer

from fer_batch.printable import one_line


def echo(line: str = "", err: bool = False) -> None:
    """Print ``line``, whatever it holds, as one line."""
    typer.echo(one_line(line), err=err)


def echo_lines(text: str) -> None:
    """Print a table or report of several lines."""
    for line in text.split("\n"):
        echo(line)


def styled(text: str, **style: object) -> str:
    """``text`` in a colour, for ``echo_parts``; what is no printable character is escaped."""
    return typer.style(one_line(text), **style)  # type: ignore[arg-type]


def echo_parts(*parts: str) -> None:
    """Print parts that are either ``styled`` or made printable by ``one_line``, joined."""
    typer.echo("".join(parts))


def echo_data(json_text: str) -> None:
    """Print JSON, which escapes all but ASCII by itself."""
    typer.echo(json_text if json_text.isascii() else json_text.encode("ascii", "replace").decode())

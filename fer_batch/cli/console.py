"""The one way by which commands print: nobody's file name reaches the terminal as a code."""

from __future__ import annotations

import typer

from fer_batch.printable import one_line

LEAST_ROOM = 24  # cells that a text beside something takes at least
INDENT = 4  # cells before it where that is not there, and it begins below


def echo(line: str = "", err: bool = False) -> None:
    """Print ``line``, whatever it holds, as one line."""
    typer.echo(one_line(line), err=err)


def echo_lines(text: str, err: bool = False) -> None:
    """Print a table or report of several lines."""
    for line in text.split("\n"):
        echo(line, err)


def styled(text: str, **style: object) -> str:
    """``text`` in a colour, for ``echo_parts``; what is no printable character is escaped."""
    return typer.style(one_line(text), **style)  # type: ignore[arg-type]


def echo_parts(*parts: str) -> None:
    """Print parts that are either ``styled`` or made printable by ``one_line``, joined."""
    typer.echo("".join(parts))


def echo_beside(head: str, indent: int, text: str, **style: object) -> None:
    """Print ``text`` beside ``head``, which is ``styled`` or made printable and takes ``indent``
    cells. In a terminal what does not fit goes on below, under its beginning or, where that leaves
    little room, under ``head``; elsewhere it is one line."""
    from fer_batch.cli.cells import terminal_columns, width, wrapped

    line, columns = one_line(text), terminal_columns()
    room = columns - indent
    if not columns or width(line) <= room:
        return echo_parts(head, styled(line, **style))
    if room < LEAST_ROOM:
        indent = min(INDENT, columns // 4)
        room = max(columns - indent, 2)
        for part in [head] if "\x1b" in head else wrapped(head.rstrip(), columns):
            echo_parts(part)
        head = " " * indent
    first, *more = wrapped(line, room)
    echo_parts(head, styled(first, **style))
    for rest in more:
        echo_parts(" " * indent, styled(rest, **style))
    return None


def echo_data(json_text: str) -> None:
    """Print JSON, which escapes all but ASCII by itself."""
    typer.echo(json_text if json_text.isascii() else json_text.encode("ascii", "replace").decode())

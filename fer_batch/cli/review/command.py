"""``fer-batch review``: pages of results on this machine, with corrections by mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo


def review(
    folder: Annotated[Path, typer.Argument(help="A folder of results, of one input or all.")],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0: any that is free.")
    ] = 0,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the address instead of opening it.")
    ] = False,
) -> None:
    """Correct who is who, and labels, in the browser.

    Serves the pages on this machine alone, until Ctrl-C. People are merged, split, named and left
    out, labels corrected, times not counted. That is saved in edits.csv beside the results;
    nothing else is written until you draw again. The address opens once.
    """
    from fer_batch.cli.options import stop_on_signal
    from fer_batch.cli.review.server import ReviewServer
    from fer_batch.cli.review.session import Session

    session = Session(folder)
    with stop_on_signal() as stop, ReviewServer(session, port) as server:
        echo(server.entrance)
        echo("stop with Ctrl-C", err=True)
        if not only_print:
            import webbrowser

            webbrowser.open(server.entrance)
        while not stop.wait(0.5):
            pass
        session.stop()

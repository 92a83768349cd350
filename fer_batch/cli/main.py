"""The command line: the program itself; what it can do is listed in ``commands.py``."""

from __future__ import annotations

import errno
import gc
import os
import sys

import typer

from fer_batch.cli.commands import needed, register
from fer_batch.cli.console import echo
from fer_batch.cli.groups import GroupedCommands
from fer_batch.cli.options import report_error
from fer_batch.errors import FerBatchError

# What shells set when they ask for the rest of a word (Click).
COMPLETING = "_FER_BATCH_COMPLETE"

app = typer.Typer(
    name="fer-batch",
    cls=GroupedCommands,
    help="Batch annotation of facial expressions in video: folders in, annotated videos, GIFs, "
    "timelines and reports out.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich takes half of the time that --help has
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from fer_batch.version import installed_version

        echo(installed_version())
        raise typer.Exit


def main() -> None:
    """Entry point. Known errors become one line on stderr; exit status by their kind."""
    register(app, needed(sys.argv[1:], completing=COMPLETING in os.environ))
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:  # a full disk behind `>`, or nobody at the other end of a pipe
        # What is left in the buffer cannot be written either, and must not be tried at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            report_error(f"what was to be printed: {(error.strerror or 'not written').lower()}")
        sys.exit(1)
    except FerBatchError as error:
        report_error(str(error))
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        report_error("stopped")
        sys.exit(130)
    finally:
        # All of it goes with the process; looking it through for rings first takes 0.2 s.
        gc.freeze()


if __name__ == "__main__":
    main()

"""The command line: names of commands and nothing else; each is imported when it is called."""

from __future__ import annotations

import errno
import gc
import os
import sys

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.groups import ANALYSE, RESULTS, SYSTEM, GroupedCommands
from fer_batch.cli.options import report_error
from fer_batch.errors import FerBatchError

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


def register() -> None:
    """Give ``app`` its commands."""
    from fer_batch.cli import demo, models, render, report, run
    from fer_batch.cli.doctor import doctor
    from fer_batch.cli.queue import commands as queue
    from fer_batch.cli.review import command as review
    from fer_batch.cli.train import commands as training

    app.command("run", rich_help_panel=ANALYSE)(run.run)
    app.command("demo", rich_help_panel=ANALYSE)(demo.demo)
    app.command("render", rich_help_panel=RESULTS)(render.render)
    app.command("review", rich_help_panel=RESULTS)(review.review)
    app.command("report", rich_help_panel=RESULTS)(report.report)
    app.command("open", rich_help_panel=RESULTS)(report.open_page)
    app.command("models", rich_help_panel=SYSTEM)(models.models)
    app.command("doctor", rich_help_panel=SYSTEM)(doctor.doctor)
    queue.register(app)
    training.register(app)


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
    register()
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

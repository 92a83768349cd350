"""The command line: the program itself; what it can do is listed in ``commands.py``."""

from __future__ import annotations

import errno
import gc
import os
import re
import sys

import typer

from fer_batch.cli.commands import needed, register
from fer_batch.cli.console import echo, echo_lines
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


# What typer's numbers say of themselves, and plainer words for it.
PLAINER = {
    r"Input should be greater than or equal to (\S+)": r"it must be \1 or more",
    r"Input should be less than or equal to (\S+)": r"it must be \1 or less",
    r"Input should be a valid integer.*": "it must be a whole number",
    r"Input should be a valid number.*": "it must be a number",
}


def say_mistake(error: typer.TyperException) -> None:
    """Say what is wrong with the words of a command line, in one line that ends with where help is;
    all of the help where there are no words."""
    words, context = error.format_message(), getattr(error, "ctx", None)
    if "\n" in words:
        echo_lines(words, err=True)
        return
    words = re.sub(r"^Invalid value for '(.*?)'", r"\1", words)
    for theirs, ours in PLAINER.items():
        words = re.sub(theirs, ours, words)
    words = words[:1].lower() + words[1:].rstrip(".")
    help_of = context.command_path if context is not None else "fer-batch"
    report_error(f"{words}{' ' if words.endswith('?') else '; '}see `{help_of} -h`")


def main() -> None:
    """Entry point. Known errors become one line on stderr; exit status by their kind."""
    register(app, needed(sys.argv[1:], completing=COMPLETING in os.environ))
    try:
        try:
            status = app(standalone_mode=False)
        finally:
            sys.stdout.flush()
        sys.exit(status if isinstance(status, int) else 0)
    except typer.TyperException as error:
        say_mistake(error)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk behind `>`, or nobody at the other end of a pipe
        if error.filename is not None:  # or it is about a file, and nothing was to be printed
            reason = (error.strerror or "cannot be used").lower()
            report_error(f"{os.fsdecode(error.filename)}: {reason}")
            sys.exit(1)
        # What is left in the buffer cannot be written either, and must not be tried at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            report_error(f"what was to be printed: {(error.strerror or 'not written').lower()}")
        sys.exit(1)
    except FerBatchError as error:
        report_error(str(error))
        sys.exit(error.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        report_error("stopped")
        sys.exit(130)
    finally:
        # All of it goes with the process; looking it through for rings first takes 0.2 s.
        gc.freeze()


if __name__ == "__main__":
    main()

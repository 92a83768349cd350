"""What commands share: options that mean the same everywhere, and how they talk."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.errors import FerBatchError, UsageError
from fer_batch.output.formats.dialect import DIALECTS
from fer_batch.outputs import OUTPUTS


def a_path(text: str) -> Path:
    """A path; an empty one, as of a variable that is not set, is not the folder here.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        raise typer.BadParameter("is empty; give a path")
    return Path(text)


def a_dialect(text: str) -> str:
    """The name of a dialect of CSV tables; "" stays so.

    Raises:
        typer.BadParameter: there is no such dialect.
    """
    if text and text not in DIALECTS:
        raise typer.BadParameter(f"{text!r} is unknown; choose from {', '.join(DIALECTS)}")
    return text


def complete_outputs(incomplete: str) -> list[str]:
    """How the last name of a comma-separated list of outputs may end, for shells."""
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    return [
        before + comma + name for name in OUTPUTS if name.startswith(last) and name not in taken
    ]


Paths = Annotated[
    list[Path],
    typer.Argument(
        parser=a_path,
        help="Videos, images, or folders of them (searched recursively).",
    ),
]
Out = Annotated[Path, typer.Option("-o", "--out", parser=a_path, help="Folder for the results.")]
Outputs = Annotated[
    str,
    typer.Option(
        help=f"Outputs to make: {', '.join(OUTPUTS)}.",
        show_default="what suits each input",
        autocompletion=complete_outputs,
    ),
]
CsvDialect = Annotated[
    str,
    typer.Option(
        parser=a_dialect,
        metavar="DIALECT",
        help="How the tables beside the inputs' folders are written (summary.csv, frames.csv, "
        "people.csv, intervals.csv): plain, or excel (UTF-8 with a byte order mark, "
        "semicolons and decimal commas). The tables within the folders are always plain.",
        show_default="as the tables there, else plain",
        autocompletion=lambda: list(DIALECTS),
    ),
]
Who = Annotated[
    Path | None,
    typer.Option(
        "--who",
        metavar="FOLDER",
        help="Photos of people who are known by name: FOLDER/Anna.jpg, FOLDER/Anna-2.jpg, "
        "FOLDER/Ben/*.jpg. Whoever is recognised has that name instead of a number; implies "
        "--identity batch.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON on stdout.")]


def check_labels(labels: tuple[str, ...], known: tuple[str, ...], model: str) -> None:
    """Refuse labels that the model does not have.

    Raises:
        UsageError: names the first such label.
    """
    for label in labels:
        if label not in known:
            raise UsageError(f"--labels: {model} has no label {label!r}; it has {', '.join(known)}")


def is_missing(path: Path) -> bool:
    """Whether nothing lies at ``path``."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:  # there, perhaps; its own line will say what is wrong
        return False
    return False


def check_out(out: Path) -> None:
    """Refuse an output folder that cannot be one.

    Raises:
        OutputPathError: a file, or not writable.
    """
    import tempfile

    from fer_batch.atomic import write_error
    from fer_batch.errors import OutputPathError

    try:
        if out.exists() and not out.is_dir():
            raise OutputPathError(f"{out}: is a file; choose a folder with -o")
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except FileNotFoundError as error:  # as in /proc
        raise OutputPathError(f"{out}: cannot be made; choose another place with -o") from error
    except OSError as error:
        raise write_error(error, out) from error


def report_error(line: str) -> None:
    """One line on stderr."""
    echo(f"fer-batch: {line}", err=True)


def end_with(errors: Sequence[FerBatchError]) -> None:
    """Say what hindered some of several things, in a line each; the last one by raising it.

    Raises:
        FerBatchError: the last of ``errors``, if there are any.
    """
    for error in errors[:-1]:
        report_error(str(error))
    if errors:
        raise errors[-1]


def refuse(error: FerBatchError) -> None:
    """Raise ``error``: where nothing goes on after what cannot be done."""
    raise error


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def handler(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if sys.stderr.isatty():
            report_error("stopping; what is finished is kept (Ctrl-C again to stop at once)")

    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)

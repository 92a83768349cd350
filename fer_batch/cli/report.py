"""``fer-batch open`` and ``fer-batch report``: the pages of results."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.options import end_with
from fer_batch.errors import FerBatchError, NotFoundError

PAGES = ("index.html", "report.html")


def open_page(
    target: Annotated[
        str, typer.Argument(help="A folder of results, or a job's id or its first letters.")
    ] = "fer-batch-out",
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the page's path instead of opening it.")
    ] = False,
) -> None:
    """Open the report of a folder or of a job in the browser.

    The results of a job are brought to this machine first, unless they are here already.
    """
    folder = Path(target)
    page = find_page(folder if folder.is_dir() else job_folder(target))
    echo(str(page))
    if not only_print:
        show(page)


def report(
    folders: Annotated[
        list[Path], typer.Argument(help="Result folders of `fer-batch run`, one input's or all.")
    ],
) -> None:
    """Build report.html and index.html again from stored results.

    Exit status: 0 all are built, 1 some could not be: a line says why, the others are there.
    """
    from fer_batch.jobs.item.batch import write_again
    from fer_batch.output.report.rebuild import rebuild

    refused: list[FerBatchError] = []
    for folder in folders:
        try:
            pages = rebuild(folder, refused.append)
        except NotFoundError as error:
            refused.append(error)
            continue
        if not (folder / "summary.json").is_file():
            write_again(folder, page=True)
            pages = [folder / "index.html", *pages]
        for page in pages:
            echo(str(page))
    end_with(refused)


def say_how_to_look(out: Path) -> None:
    """A line on how to look at the results in ``out``, where they have a page."""
    if any((out / page).is_file() for page in PAGES):
        echo(f"look at the results: fer-batch open {shlex.quote(str(out))}")


def find_page(folder: Path) -> Path:
    """The page to open first in a folder of results.

    Raises:
        NotFoundError: it holds none.
    """
    for name in PAGES:
        if (folder / name).is_file():
            return (folder / name).resolve()
    raise NotFoundError(
        f"{folder}: holds no report; make one with `fer-batch report {folder}`"
        if any(folder.glob("**/summary.json"))
        else f"{folder}: holds no results; give a folder that `fer-batch run` wrote, or a job"
    )


def job_folder(text: str) -> Path:
    """Where the results of a job lie on this machine, after all that is finished was fetched.

    Raises:
        NotFoundError: there is no such folder and no such job.
        JobError: nothing of it is finished yet.
        BrokerError, StorageError: the queue does not answer.
    """
    from fer_batch.cli.queue.access import note, open_queue
    from fer_batch.errors import JobError
    from fer_batch.jobs.item.batch import write_again
    from fer_batch.jobs.settings import load_settings
    from fer_batch.jobs.stack.embedded import is_stopped

    if "/" in text or "." in text or text == "fer-batch-out":
        raise NotFoundError(f"{text}: there is no such folder")
    settings = load_settings()
    if settings.embedded and is_stopped(settings):
        raise NotFoundError(
            f"{text}: there is no such folder, and no queue runs here that could know such a job"
        )
    with open_queue() as queue:
        try:
            job = queue.resolve(text)
        except JobError as error:
            raise NotFoundError(f"{text}: there is no such folder, and {error}") from error
        folder = settings.cache_dir / "opened" / job
        files, kept = queue.download(job, folder, frozenset())
        for name in kept:  # by `review` or `render` of that folder
            note(
                f"{folder / name}: was corrected or drawn again and stays as it is; "
                f"`fer-batch download {job[:6]} -o FOLDER` brings the job's own"
            )
        if not files and not folder.is_dir():
            raise JobError(f"job {job}: nothing is finished yet; see `fer-batch status {job}`")
        final = queue.status(job).final
    if not final:
        # The job writes its index when all is done; until then, one of what is here.
        note(f"job {job} still runs; open it again for the rest")
        write_again(folder, page=True)
    return folder


def show(page: Path) -> None:
    """Open a page in the reader's browser; a line on stderr where there is none."""
    import webbrowser

    if not webbrowser.open(page.as_uri()):
        echo("no browser was found here; open the file above yourself", err=True)

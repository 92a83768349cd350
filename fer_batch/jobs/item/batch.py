"""What lies beside the results of inputs: ``summary.csv``, joined tables, ``index.html``.

They are made of all results that lie in the folder, whichever run made them, so that no run erases
what another one has added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.atomic import write_error
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.twice import held_twice
from fer_batch.output.stored import (
    Failure,
    Stored,
    read_failures,
    read_record,
    stored_results,
    write_failures,
)
from fer_batch.outputs import REGISTRY
from fer_batch.plural import first_of
from fer_batch.printable import about

if TYPE_CHECKING:
    from fer_batch.output.formats.combine import OpenTable


def write_batch(results: list[ItemResult], out: Path, dialect: str = "") -> list[str]:
    """Write what belongs to all results in ``out``, after a run that had ``results``.

    Returns what the user should know of the folder as a whole, a line each. ``dialect``: see
    ``write_tables``.

    Raises:
        NoSpaceError, OutputPathError: the folder cannot be written to.
    """
    wanted = {name for result in results for name in result.item.outputs}
    with one_at_a_time(out):
        stored = stored_results(out)
        failures = _failures(results, stored, out)
        write_failures(out, failures)
        write_tables(out, stored, failures, wanted, dialect=dialect)
    made = [
        (result.item.input, Stored(result.item.name, result.out, result.summary))
        for result in results
        if result.state in ("done", "reused")
    ]
    return [*held_twice(made, stored), *_mixed(stored, out)]


def _mixed(stored: Sequence[Stored], out: Path) -> list[str]:
    lines = []
    models = sorted({result.model for result in stored if result.model})
    if len(models) > 1:
        names = ", ".join(models)
        lines.append(f"{out} holds results of several models ({names}); do not mix their numbers")
    asked = [result.name for result in stored if result.asked_second]
    alone = [result.name for result in stored if not result.asked_second]
    if asked and alone:
        lines.append(
            f"{out} holds results with a second opinion ({first_of(asked, 1)}) and without "
            f"({first_of(alone, 1)}); do not mix their numbers, or run all of them again"
        )
    return lines


def write_again(out: Path, page: bool = False, outputs: Sequence[str] = ()) -> None:
    """Write the same after results in ``out`` have changed or gone, or came from elsewhere.

    ``page``: the page of all results too, where there is none yet. ``outputs``: others that are
    wanted.

    Raises:
        NoSpaceError, OutputPathError: the folder cannot be written to.
    """
    with one_at_a_time(out):
        wanted = {*outputs, *(["report"] if page else [])}
        write_tables(out, stored_results(out), read_failures(out), wanted)


def add_downloaded(
    out: Path, inputs: Mapping[str, str], failures: Sequence[Failure], dialect: str = ""
) -> list[str]:
    """Write the same after results of a job were added to those in ``out``; returns what the user
    should know: what each result warns of, and as ``write_batch``. ``inputs``: names of results,
    each with its input.

    Raises:
        NoSpaceError, OutputPathError: the folder cannot be written to.
    """
    with one_at_a_time(out):
        stored = stored_results(out)
        if not stored:  # only some outputs were wanted, without the summaries
            return []
        kept = _without_result([*read_failures(out), *failures], stored, out)
        write_failures(out, kept)
        write_tables(out, stored, kept, set(), dialect=dialect)
    read = {result.name: result.summary for result in stored}
    made = [
        (path, Stored(name, out / name, summary))
        for name, path in inputs.items()
        # What has the content of another one is not among those that were read.
        if (summary := read.get(name) or read_record(out / name))
    ]
    warnings = [
        about(path, line) for path, result in made for line in result.summary.get("warnings", ())
    ]
    return [*warnings, *held_twice(made, stored), *_mixed(stored, out)]


def write_tables(
    out: Path,
    stored: Sequence[Stored],
    failures: Sequence[Failure],
    wanted: set[str],
    here: bool = True,
    open_table: OpenTable | None = None,
    dialect: str = "",
) -> None:
    """Tables and, with reports among ``wanted`` or a page there already, the page of all.

    ``here``: the inputs lie on this machine, so that their paths can be told as seen from ``out``.
    ``open_table``: how to read a table of a result that does not lie in ``out``.
    ``dialect``: a name of ``DIALECTS``; "" for that of the tables that lie there already.
    """
    from fer_batch.output.formats.combine import open_here, write_combined
    from fer_batch.output.formats.dialect import DIALECTS, dialect_name
    from fer_batch.output.summary_table import done_row, failed_row, write_batch_csv

    rows = [
        done_row(r.summary, name=r.name, path=_beside(r.path, out) if here else r.path)
        for r in stored
    ]
    rows += [
        failed_row(
            name=f.name,
            error=f.error,
            status=f.status,
            path=_beside(f.path, out) if here else f.path,
        )
        for f in failures
    ]
    spoken = DIALECTS[dialect or dialect_name(out / "summary.csv")]
    write_batch_csv(rows, out / "summary.csv", spoken)
    tables = [
        out / "summary.csv",
        *write_combined(out, stored, open_table or open_here, spoken),
    ]
    for output in REGISTRY:
        # What an earlier run was asked for tells of all results too, or it would be out of date.
        there = output.needs == "batch" and (out / output.file).is_file()
        if output.needs == "batch" and (there or output.name in wanted):
            output.load()(tables, out / output.file)
    if "report" in wanted or (out / "index.html").is_file():
        from fer_batch.output.report.index import write_index
        from fer_batch.output.report.people import write_people_page

        write_people_page(out, stored)
        write_index(out, stored, failures)


def _failures(results: Sequence[ItemResult], stored: Sequence[Stored], out: Path) -> list[Failure]:
    """Those of earlier runs and of this one, but for inputs that have a result by now."""
    looked_at = {result.item.input for result in results}
    earlier = [failure for failure in read_failures(out) if failure.path not in looked_at]
    new = [
        Failure(result.item.name, result.error, result.item.input, result.state)
        for result in results
        if result.state in ("failed", "cancelled")
    ]
    return _without_result([*earlier, *new], stored, out)


def _without_result(
    failures: Sequence[Failure], stored: Sequence[Stored], out: Path
) -> list[Failure]:
    """The last failure of each input, where no result of its name is there, be it one that does
    not stand in the tables since another has the same content."""
    done = {result.name for result in stored}
    last = {failure.path: failure for failure in failures}
    return [
        failure
        for failure in last.values()
        if failure.name not in done and not read_record(out / failure.name)
    ]


def _beside(path: str, out: Path) -> str:
    """An input's path as seen from the results, so that both can be moved together."""
    if not path:
        return ""
    with suppress(ValueError):  # another drive
        return Path(os.path.relpath(path, out.absolute())).as_posix()
    return path


@contextmanager
def one_at_a_time(out: Path) -> Iterator[None]:
    """Wait until no other run writes what belongs to all results in ``out``.

    Raises:
        OutputPathError: the folder cannot be opened.
    """
    try:
        import fcntl

        held = os.open(out, os.O_RDONLY)
    except ImportError:  # Windows: no locks on folders
        yield
        return
    except OSError as error:
        raise write_error(error, out) from error
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)

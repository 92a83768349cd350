"""What a batch leaves beside its inputs' folders: ``summary.csv``, ``index.html``, tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.outputs import REGISTRY

if TYPE_CHECKING:
    from fer_batch.output.formats.combine import OpenTable


def write_batch(results: list[ItemResult], out: Path, open_table: OpenTable | None = None) -> None:
    """Write ``summary.csv``, a row an input; with reports also ``index.html`` and joined tables.

    ``open_table``: how to read a table of a result that does not lie in ``out``.

    Raises:
        NoSpaceError, OutputPathError: the folder cannot be written to.
    """
    from fer_batch.output.summary import done_row, failed_row, write_batch_csv

    rows = []
    for result in results:
        if result.state in ("done", "reused"):
            rows.append(done_row(result.summary, name=result.item.input, folder=result.item.name))
        else:
            rows.append(failed_row(name=result.item.input, error=result.error, status=result.state))
    write_batch_csv(rows, out / "summary.csv")
    wanted = {name for result in results for name in result.item.outputs}
    for output in REGISTRY:
        if output.needs == "batch" and output.name in wanted:
            output.load()([r.out for r in results if r.summary], out / output.file)
    if "report" in wanted:
        write_gallery(out, open_table)


def write_gallery(out: Path, open_table: OpenTable | None = None) -> None:
    """Write ``index.html`` and the joined tables of all results that lie in ``out``.

    Raises:
        NoSpaceError, OutputPathError: the folder cannot be written to.
    """
    from fer_batch.output.formats.combine import open_here
    from fer_batch.output.report.index import write_index
    from fer_batch.output.report.rebuild import stored_batch

    write_index(out, *stored_batch(out), open_table=open_table or open_here)

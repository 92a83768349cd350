"""The bar of what goes to the storage or comes from there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDE = 80  # columns of a terminal that has room for the speed and a long bar


@contextmanager
def transfer(word: str) -> Iterator[Callable[[int, int], None]]:
    """A bar called ``word`` on a terminal, nothing elsewhere; it is told bytes: done, and all."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    wide = console.width >= WIDE
    columns: list[ProgressColumn] = [TextColumn(word), BarColumn(28 if wide else 10)]
    columns += [DownloadColumn(), *([TransferSpeedColumn()] if wide else [])]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(word, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)

"""The folder of one input's results: who works in it, what it holds, and clearing it.

What is there is known by the summary that was written last of all, never by the presence of files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fer_batch import timeline_file
from fer_batch.atomic import OTHER_PLACE, write_error, write_text
from fer_batch.errors import OutputPathError
from fer_batch.output.foreign import has_content, own_file
from fer_batch.outputs import RECORD, RECORDS, REGISTRY

# What fer-batch writes into folders of its own; others may have put theirs beside it.
SUFFIXES = frozenset(
    ".csv .mp4 .jpg .png .gif .json .html .vtt .eaf .js .css .npz .ico .svg .txt .tsv".split()  # noqa: SIM905
)
OURS = [pattern for output in REGISTRY for pattern in output.files]
OURS += timeline_file.KEPT


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold ``folder``, which is made if need be, against other processes that would write to it.

    Raises:
        OutputPathError: another one is at work there, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        import fcntl

        held = os.open(folder, os.O_RDONLY)
    except ImportError:  # Windows: no locks on folders
        yield
        return
    except OSError as error:
        raise write_error(error, folder) from error
    try:
        with suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputPathError(
                    f"{folder}: another fer-batch is writing there; wait for it, or {OTHER_PLACE}"
                ) from None
        yield
    finally:
        os.close(held)


def keep_record(folder: Path, summary: dict[str, Any]) -> None:
    """Keep what the results are known by, where no ``summary.json`` was wanted."""
    write_text(folder / RECORD, json.dumps(summary))


def outputs_intact(folder: Path, summary: dict[str, Any]) -> bool:
    """Whether every output that a summary lists is there with the content it had."""
    outputs = summary.get("outputs", {})
    return all(has_content(folder, name, facts["sha256"]) for name, facts in outputs.items())


def remove_outputs(folder: Path, summary: dict[str, Any]) -> None:
    """Take away the outputs of an earlier run, so that none stays beside newer ones: those that its
    summary lists; where there is none, those of a run that stopped before it had written one.

    Links are removed themselves, never what they lead to."""
    for name in RECORDS:
        (folder / name).unlink(missing_ok=True)
    names = set(summary.get("outputs", {}))
    if not names:
        found = [path for pattern in OURS for path in folder.glob(pattern)]
        names = {p.relative_to(folder).as_posix() for p in found if p.suffix in SUFFIXES}
    for name in names:
        path = own_file(folder, name)
        if path is not None and (path.is_file() or path.is_symlink()):
            path.unlink(missing_ok=True)

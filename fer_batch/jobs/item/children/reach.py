"""Which files the children of a run need, and the folder for passing files that they share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fer_batch.jobs.item.children import landlock
from fer_batch.jobs.item.work import ItemSpec

SCRATCH = "fer-batch-"


@contextmanager
def reached(items: list[ItemSpec], out: Path) -> Iterator[dict[str, Any]]:
    """What children are told of files, for as long as they live: ``readable`` (empty where they
    are not to be bounded), ``scratch``, and the models that they will load."""
    models = sorted({item.analyze.model for item in items})
    if not landlock.usable():
        yield {"readable": [], "scratch": "", "models": models}
        return
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        made = _made(out)  # what is not there cannot be allowed
        try:
            yield {"readable": readable(items), "scratch": scratch, "models": models}
        finally:
            for folder in made:
                with suppress(OSError):  # nothing came of any input
                    folder.rmdir()


def readable(items: list[ItemSpec]) -> list[str]:
    """Files and folders that the inputs consist of, and what their settings name."""
    found: dict[str, None] = {}
    for item in items:
        whole = Path(item.input)
        named = (item.input, item.who, item.analyze.detector_model, item.analyze.model)
        found.update(dict.fromkeys(str(Path(name).absolute()) for name in named if name))
        model = Path(item.analyze.model)
        if len(model.parts) > 1:  # a card lies beside its weights
            found[str(model.absolute().parent)] = None
        # Of a folder some may be links, or lie in folders that are.
        for folder in {str(Path(name).parent) for name in item.files} - {"."}:
            found[str((whole / folder).absolute())] = None
        for name in item.files:
            if (whole / name).is_symlink():
                found[str((whole / name).absolute())] = None
    return list(found)


def _made(out: Path) -> list[Path]:
    """Make the results folder; what of it was not there, the innermost first."""
    missing = [place for place in (out, *out.parents) if not place.exists()]
    with suppress(OSError):  # the first input says so
        out.mkdir(parents=True, exist_ok=True)
    return missing

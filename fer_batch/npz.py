"""Named arrays and a few plain values in one ``.npz`` file: no pickles, whole or not at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import atomic_path
from fer_batch.errors import UnreadableError

if TYPE_CHECKING:
    from fer_batch.columns import Arrays

META = "meta"
# Also where `render`, `report` and `review` read, none of which makes numbers.
MADE_ANEW = "`fer-batch run --overwrite` makes it anew"
# A file may come from anywhere: what it claims to hold is looked at before it is unpacked.
MOST_BYTES = 16 << 30


def write_npz(path: Path, meta: Mapping[str, Any], arrays: Arrays, *, packed: bool = False) -> None:
    """Write ``arrays`` and ``meta`` (JSON). Equal content gives equal bytes.

    ``packed``: deflated, a third of the size for ten times the time.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    import numpy as np

    text = json.dumps(meta, separators=(",", ":"), sort_keys=True)
    whole: dict[str, Any] = {META: np.frombuffer(text.encode("ascii"), np.uint8), **arrays}
    save = np.savez_compressed if packed else np.savez
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        save(file, allow_pickle=False, **whole)


def read_npz(
    path: Path, version: int, names: Collection[str] | None = None
) -> tuple[dict[str, Any], Arrays]:
    """``meta`` and the arrays called ``names`` (all where None) of a file of ``write_npz``.

    ``version`` is what its meta must hold as ``format``. Names that are not there are left out.

    Raises:
        UnreadableError: missing, damaged, too large, or of another version.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise UnreadableError(f"{path}: claims to hold {size >> 20} MB; it is not read")
        with np.load(path, allow_pickle=False) as data:
            meta: dict[str, Any] = json.loads(data[META].tobytes())
            if meta["format"] != version:
                raise UnreadableError(f"{path}: is of another version; {MADE_ANEW}")
            wanted = [n for n in data.files if n != META and (names is None or n in names)]
            return meta, {name: data[name] for name in wanted}
    except UnreadableError:
        raise
    except Exception as error:  # whatever damaged bytes make of the parsers
        raise UnreadableError(f"{path}: is damaged; {MADE_ANEW}") from error

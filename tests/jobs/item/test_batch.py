"""What a batch leaves beside its inputs' folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.jobs.item import batch
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.outputs import Output

NAMES = Output(
    "names", "names.txt", "Names", "Of all", needs="batch", writer=f"{__name__}:write_names"
)


def write_names(folders: list[Path], path: Path) -> None:
    path.write_text(" ".join(folder.name for folder in folders))


@pytest.mark.parametrize("outputs", [("names",), ()])
def test_an_output_of_a_whole_batch_is_written_where_it_is_wanted(
    outputs: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "load", lambda self: write_names)
    monkeypatch.setattr(batch, "REGISTRY", (NAMES,))
    results = [
        ItemResult(
            ItemSpec(name, name, outputs=outputs), tmp_path / name, "failed", summary=summary
        )
        for name, summary in (("a", {"frames": {}}), ("b", {}))
    ]
    batch.write_batch(results, tmp_path)
    assert (tmp_path / "summary.csv").is_file()
    written = tmp_path / "names.txt"
    assert written.read_text() == "a" if outputs else not written.exists()

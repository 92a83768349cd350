"""Interpreters that we start import nothing from the folder where a command is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.own_python import SAFE_PATH, own_python, safe_path

ROOT = Path(__file__).parents[1]
STARTS = {
    "a child of run": """
        from fer_batch.config import RunSettings
        from fer_batch.jobs.item.children import process
        process.can_fork = lambda: False
        child = process.Child((), {"run": RunSettings().to_json(), "models": []})
        child.pipe.poll(20)
        child._process.kill()
        """,
    "a look at pictures": """
        from fer_batch.config import Limits
        from fer_batch.jobs.item.children import glance
        from fer_batch.media.image_sets import Sample
        glance.can_fork = lambda: False
        glance.looks_like_film_apart(Sample({}, ()), Limits())
        """,
}


@pytest.mark.parametrize("starting", STARTS.values(), ids=STARTS)
def test_files_of_our_librarys_names_lie_there(starting: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("multiprocessing", "signal", "random", "numpy"):
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'struck')!r}, 'a').write('!')")
    script = tmp_path / "script.py"  # its own folder is first on its path, as a program's is
    lines = "\n".join("    " + line.strip() for line in starting.splitlines())
    script.write_text(f"if __name__ == '__main__':\n{lines}\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (tmp_path / "struck").exists(), done.stderr
    assert done.returncode == 0, done.stderr


def test_the_variable_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SAFE_PATH, raising=False)
    with safe_path():
        assert os.environ[SAFE_PATH] == "1"
    assert SAFE_PATH not in os.environ
    monkeypatch.setenv(SAFE_PATH, "yes")
    with safe_path():
        pass
    assert os.environ[SAFE_PATH] == "yes"
    assert own_python("-m", "x") == [sys.executable, "-P", "-m", "x"]

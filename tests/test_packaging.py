"""What is installed: no TensorFlow unless asked for, and never two that overwrite one another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from fer_batch.cli.doctor.checks import OPTIONAL, PACKAGES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
# Distributions that unpack into one folder, site-packages/tensorflow.
ONE_FOLDER = re.compile(r"tensorflow|tensorflow-(cpu|gpu|intel|rocm|macos)|tf-nightly.*")


def names(requirements: list[str]) -> set[str]:
    """Distributions named, those of our own extras included."""
    found: set[str] = set()
    for requirement in requirements:
        match = re.match(r"([\w.-]+)(?:\[([^]]*)\])?", requirement)
        assert match, requirement
        if match[1] == PROJECT["name"]:
            for extra in match[2].split(","):
                found |= names(EXTRAS[extra.strip()])
        else:
            found.add(match[1].lower().replace("_", "-"))
    return found


def test_tensorflow_and_keras_come_only_with_extras() -> None:
    assert not names(PROJECT["dependencies"]) & {"keras", "tensorflow", "tensorflow-cpu"}
    for extra in ("tensorflow", "train", "gpu", "dev"):
        assert {"keras", "tensorflow"} <= names(EXTRAS[extra]), extra
    assert not names(EXTRAS["s3"]) & {"keras", "tensorflow"}


def test_all_extras_together_name_one_tensorflow() -> None:
    everything = names([*PROJECT["dependencies"], *chain(*EXTRAS.values())])
    assert [name for name in everything if ONE_FOLDER.fullmatch(name)] == ["tensorflow"]


def test_scipy_comes_only_with_what_trains() -> None:
    assert "scipy" not in names(PROJECT["dependencies"])
    assert all("scipy" in names(EXTRAS[extra]) for extra in ("train", "gpu"))


@pytest.mark.parametrize("name", [*PACKAGES, *OPTIONAL])
def test_doctor_asks_for_what_is_declared(name: str) -> None:
    where = PROJECT["dependencies"] if name in PACKAGES else EXTRAS["train"]
    assert name in names(where)


# Read by every Python that is started, those that a run starts for its inputs too.
SITE = """
import importlib.util
import os
import sys

missing = os.environ["TEST_MISSING"].split(",")


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in missing:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)


real = importlib.util.find_spec
importlib.util.find_spec = lambda n, p=None: None if n in missing else real(n, p)
sys.meta_path.insert(0, Missing())
"""


def without(missing: tuple[str, ...], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command where ``missing`` cannot be imported, by it or by what it starts."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(SITE)
        environment = {
            **os.environ,
            "TEST_MISSING": ",".join(missing),
            "PYTHONPATH": os.pathsep.join([folder, str(ROOT)]),
        }
        command = [sys.executable, "-m", "fer_batch.cli.main", *(str(a) for a in arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "no.csv", "-o", "out"),
        ("export", "no", "no.csv", "-o", "out"),
        ("quantise", "fer3", "no.csv", "-o", "out"),
        ("narrow", "fer3", "no.csv", "--emotions", "happy,sad", "-o", "out"),
        ("worker", "--device", "gpu"),
        ("run", "{clip}", "-o", "{out}", "--model", "fer3", "--device", "gpu"),
        ("run", "{clip}", "-o", "{out}", "--model", "fer3", "--runtime", "keras"),
    ],
    ids=lambda a: " ".join(a[:1] + a[-2:]),
)
@pytest.mark.parametrize("missing", [("keras", "tensorflow"), ("tensorflow",)], ids="+".join)
def test_what_needs_tensorflow_says_in_one_line_how_to_get_it(
    arguments: tuple[str, ...],
    missing: tuple[str, ...],
    face_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://127.0.0.1:1/0")
    filled = [a.format(clip=face_clip, out=tmp_path / "out") for a in arguments]
    done = without(missing, *filled)
    assert done.returncode in (1, 2)
    lines = [line for line in done.stderr.splitlines() if "needs" in line]
    assert len(lines) == 1 and "pip install 'fer-batch[train]'" in lines[0], done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["train", "export", "narrow"])
def test_what_calibrates_says_before_it_begins_that_it_needs_scipy(command: str) -> None:
    more = {"train": (), "export": ("no",), "narrow": ("fer3",)}[command]
    emotions = ("--emotions", "happy,sad") if command == "narrow" else ()
    done = without(("scipy",), command, *more, "no.csv", *emotions, "-o", "out")
    assert done.returncode == 2
    assert f"fer-batch {command} needs scipy, not installed here" in done.stderr


def test_a_run_needs_neither(face_clip: Path, tmp_path: Path) -> None:
    missing = ("keras", "tensorflow", "scipy")
    done = without(missing, "run", face_clip, "-o", tmp_path, "--outputs", "csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / face_clip.stem / "timeline.csv").stat().st_size


def test_doctor_is_content_without_it() -> None:
    done = without(("keras", "tensorflow"), "doctor", "--json")
    assert '"ok": true' in done.stdout, done.stdout


def test_another_backend_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    done = without(("jax",), "train", "no.csv", "-o", "out")
    assert "fer-batch train needs jax" in done.stderr and "pip install jax" in done.stderr

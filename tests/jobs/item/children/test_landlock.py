"""What the kernel forbids a child; each in a process of its own, which stays bounded for good."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.jobs.item.children import landlock

pytestmark = pytest.mark.skipif(not landlock.usable(), reason="this kernel has no Landlock")

ROOT = Path(__file__).parents[4]
PROGRAM = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from fer_batch.jobs.item.children.confine import confine
from fer_batch.jobs.item.children.landlock import restrict

given = json.loads(sys.argv[1])
private, inputs, out = (Path(given[name]) for name in ("private", "inputs", "out"))
found = {}

def refused(work):
    try:
        work()
    except PermissionError:
        return True
    return False

def connect():
    with socket.socket() as one:
        one.settimeout(5)
        one.connect(("127.0.0.1", given["port"]))

def bounded():
    assert restrict([inputs / "a.mp4", inputs / "photos"], [out])
    link = out / "link"
    link.symlink_to(private / "key")
    (out / "made" / "inner").mkdir(parents=True)
    (out / "made" / "one").write_text("1")
    os.rename(out / "made" / "one", out / "made" / "inner" / "one")
    os.link(out / "made" / "inner" / "one", out / "two")
    found.update({
        "reads an input": not refused((inputs / "a.mp4").read_bytes),
        "reads below a folder": not refused((inputs / "photos" / "b.jpg").read_bytes),
        "writes results": (out / "two").read_text() == "1",
        "runs programs": subprocess.run(["/usr/bin/env", "true"], check=False).returncode == 0,
        "imports": __import__("wave") is not None,
        "private file": refused((private / "key").read_bytes),
        "private file by a link": refused(link.read_bytes),
        "private folder": refused(lambda: list(private.iterdir())),
        "another's input": refused((inputs / "c.mp4").read_bytes),
        "writing into an input": refused(lambda: (inputs / "a.mp4").write_bytes(b"x")),
        "emptying an input": refused(lambda: os.truncate(inputs / "a.mp4", 0)),
        "writing outside": refused(lambda: (private / "new").write_bytes(b"x")),
        "writing into code": refused(lambda: Path(given["code"]).open("ab")),
        "moving outside": refused(lambda: os.rename(out / "two", private / "two")),
        "removing": refused((private / "key").unlink),
        "by a program": subprocess.run(["/bin/cat", private / "key"], check=False,
                                       capture_output=True).returncode != 0,
    })
    if given["version"] >= 4:
        found["network"] = refused(connect)
    if given["version"] >= 6:
        found["signals"] = refused(lambda: os.kill(os.getppid(), 0))

# A thread alone is bounded: what measures the tests' coverage writes its file afterwards.
confine(os.getppid(), 1 << 30)
thread = threading.Thread(target=bounded)
thread.start()
thread.join()
print(json.dumps(found))
"""


def test_a_child_touches_nothing_but_its_files(tmp_path: Path) -> None:
    for name in ("private", "inputs/photos", "out"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "private" / "key").write_text("secret")
    for name in ("a.mp4", "c.mp4", "photos/b.jpg"):
        (tmp_path / "inputs" / name).write_text("pictures")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = ("private", "inputs", "out")
        given: dict[str, object] = {name: str(tmp_path / name) for name in names}
        given |= {"port": server.getsockname()[1], "version": landlock.version()}
        given["code"] = landlock.__file__
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(given)],
            capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert len(found) >= 16
    assert [name for name, holds in found.items() if not holds] == []
    assert (tmp_path / "private" / "key").read_text() == "secret"
    assert (tmp_path / "inputs" / "a.mp4").read_text() == "pictures"


def test_the_home_is_no_program_folder(tmp_path: Path) -> None:
    """Who runs ``python -m`` has the folder he works in on the path."""
    script = "from fer_batch.jobs.item.children import landlock as l; print(l.program_folders())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert str(tmp_path) not in done.stdout
    assert str(ROOT) in done.stdout

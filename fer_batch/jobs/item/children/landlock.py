"""Which files a child may touch: Landlock, the Linux kernel's sandbox for anybody (6.2 and later).

A child may read its inputs and what programs need to run, and write into the results folder and a
folder for passing files. It may open no TCP connection and signal no process of others. There is
only a development release of a package for this, and it is three system calls: made here by hand.
Numbers and structures: ``linux/landlock.h``, https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# The same on every architecture, as all system calls of recent kernels.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE = 1 << 13, 1 << 14
EVERY_FILE_RIGHT = (1 << 15) - 1  # of version 3
FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE  # what a rule for a single file may name
READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = EVERY_FILE_RIGHT & ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK)
TCP_BIND, TCP_CONNECT = 1, 2  # version 4
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2  # version 6

# Version 3 is the first that bounds truncation, and moving files between folders can be allowed.
LEAST_VERSION = 3
# What libraries look for beside the interpreter and its packages.
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/opt", "/nix/store", "/proc", "/sys")
SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/etc/timezone", "/etc/os-release",
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
NOTHING = "/dev/null"
TURNED_OFF = "FER_BATCH_LANDLOCK"


def version() -> int:
    """The version of Landlock that this kernel offers to this process; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    with suppress(OSError, AttributeError):
        return max(_call(CREATE_RULESET, None, 0, ASK_VERSION), 0)
    return 0


def usable() -> bool:
    """Whether ``restrict`` does anything here."""
    return version() >= LEAST_VERSION and os.environ.get(TURNED_OFF, "").lower() != "no"


def restrict(readable: Iterable[str | Path], writable: Iterable[str | Path]) -> bool:
    """Let this thread, and what it starts, touch no other files from now on; for good.

    Whoever calls it must have set ``no_new_privs``. Files that are open stay so. Returns whether
    it holds; where the kernel cannot, all stays as it was.
    """
    if not usable():
        return False
    try:
        rules = _ruleset(version())
    except OSError:
        return False
    try:
        for folder in (*SYSTEM, *program_folders()):
            _allow(rules, folder, RUN)
        for file in SYSTEM_FILES:
            _allow(rules, file, READ_FILE)
        _allow(rules, NOTHING, READ_FILE | WRITE_FILE | TRUNCATE)
        for path in readable:
            _allow(rules, path, READ)
        for path in writable:
            _allow(rules, path, WRITE)
        return _call(RESTRICT_SELF, rules, 0) == 0
    except OSError:
        return False
    finally:
        os.close(rules)


def program_folders() -> list[str]:
    """Where the interpreter, its packages and fer-batch itself lie."""
    own = str(Path(__file__).resolve().parents[4])
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, own]
    # The folder one works in is on the path of ``python -m``; it may be a home.
    here = {"", str(Path.cwd())} - {own}
    return [place for place in dict.fromkeys(places) if place not in here]


def _ruleset(offered: int) -> int:
    """A descriptor of an empty set of rules, which forbids all that it knows of."""
    files = EVERY_FILE_RIGHT
    network = TCP_BIND | TCP_CONNECT if offered >= 4 else 0
    scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if offered >= 6 else 0
    # Kernels refuse a structure that is longer than theirs, unless the rest is zero.
    attributes = struct.pack("=QQQ", files, network, scoped)[
        : 8 * (1 + (offered >= 4) + (offered >= 6))
    ]
    return _call(CREATE_RULESET, attributes, len(attributes), 0)


def _allow(rules: int, path: str | Path, rights: int) -> None:
    """Allow ``rights`` at a path and below; one that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= FOR_FILES
        _call(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: int | bytes | None) -> int:
    """A system call.

    Raises:
        OSError: the kernel refused it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    passed = [
        ctypes.c_char_p(value)
        if isinstance(value, bytes) or value is None
        else ctypes.c_long(value)
        for value in arguments
    ]
    result = int(libc.syscall(ctypes.c_long(number), *passed))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result

"""Memory stays flat in long videos: garbage goes between segments."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from fer_batch.pipeline.native import COLLECT_EVERY, give_back_memory

# Blocks of the size of small frames, in threads as stages are, and what of them stays resident.
THREADS_THAT_END = """
import ctypes
import threading
from pathlib import Path
from fer_batch.pipeline.native import give_back_memory, share_arenas

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def stage():
    blocks = [malloc(300_000) for _ in range(100)]
    for block in blocks:
        ctypes.memset(block, 1, 300_000)
    ready.wait()
    full.append(resident())
    ready.wait()
    for block in blocks:
        free(block)

share_arenas()
libc = ctypes.CDLL(None)
malloc, free = libc.malloc, libc.free
malloc.restype, free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
free(malloc(30 << 20))  # from now on glibc takes blocks up to this size from heaps
ready, full, before = threading.Barrier(4), [], resident()
threads = [threading.Thread(target=stage) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
give_back_memory()
print(max(full) - before, resident() - before)
"""


class Decoder:
    """Refers to itself, as PyAV's containers and streams do."""

    def __init__(self) -> None:
        self.stream = self


@pytest.fixture
def no_collection_by_itself() -> Iterator[None]:
    give_back_memory(COLLECT_EVERY)  # whatever ran before, counting starts anew
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection_by_itself")
def test_closed_decoders_go_after_so_many_frames() -> None:
    decoder = weakref.ref(Decoder())
    give_back_memory()
    give_back_memory(COLLECT_EVERY - 1)
    assert decoder() is not None
    give_back_memory(1)
    assert decoder() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="heaps of glibc")
def test_what_threads_held_is_given_back() -> None:
    command = [sys.executable, "-c", THREADS_THAT_END]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    held, kept = map(int, said.split())
    assert held > 100_000_000
    assert kept < 10_000_000

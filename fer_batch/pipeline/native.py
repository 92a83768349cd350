"""What native libraries may do in this process: one heap, no threads of their own beside ours."""

from __future__ import annotations

import ctypes
import gc
import os
import sys

M_ARENA_MAX = -8
ARENAS = 1
# What Keras' backends read when they load. Products of full precision, also where a GPU has a
# quicker kind; and memory as it is needed: all of a GPU's taken at once leaves its decoder none.
OF_BACKENDS = {
    "NVIDIA_TF32_OVERRIDE": "0",
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
COLLECT_EVERY = 1000  # most segments of a local run are longer; it takes some 50 ms


def share_arenas() -> None:
    """Let all threads of this process share one heap, where the C library is glibc.

    Each segment starts threads anew, glibc gives them up to eight heaps a core, and each keeps the
    frames' pages that it once held. With two heaps the second still does: ``give_back_memory`` has
    no way to the end of any but the first. Call it before there are threads; elsewhere it does
    nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):  # another C library
        return


_seen = {"frames": 0}


def give_back_memory(frames: int = 0) -> None:
    """Return pages that nothing uses to the system, where the C library is glibc.

    Frames of one segment leave holes in the heaps that the next one's do not quite fill.

    ``frames``: how many of a long source have just been gone through. After each ``COLLECT_EVERY``
    of them garbage is collected as well: PyAV's containers and streams refer to one another, so
    that a decoder with its pictures would live on for some segments.
    """
    _seen["frames"] += frames
    if _seen["frames"] >= COLLECT_EVERY:
        _seen["frames"] = 0
        gc.collect()
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return


def prepare_backends() -> None:
    """Set ``OF_BACKENDS``, where nobody has set them to something else."""
    for name, value in OF_BACKENDS.items():
        os.environ.setdefault(name, value)


def one_thread_a_call() -> None:
    """Keep OpenCV from splitting single calls among threads.

    Stages and batches already run side by side; YuNet on two threads takes three quarters of the
    time for one and a half times the work.
    """
    import cv2

    cv2.setNumThreads(1)

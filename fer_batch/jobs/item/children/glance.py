"""A look at pictures before anything runs, in a child: are they photos, or frames of a film?

Images are strangers' files here, too: whatever one of them makes of a decoder ends the child, not
the run, and the set is then taken for photos, each of which answers for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fer_batch.config import Limits
from fer_batch.jobs.item.children.confine import bound_cpu, confine, resident_bytes
from fer_batch.jobs.item.children.landlock import restrict
from fer_batch.jobs.item.children.messages import receive, send
from fer_batch.jobs.item.children.process import can_fork
from fer_batch.jobs.item.children.share import LEAST_MB
from fer_batch.jobs.item.children.sieve import sift_stderr
from fer_batch.media.image_sets import Sample, looks_like_film
from fer_batch.own_python import safe_path

LOOK_EVERY_S = 0.1
# Three dozen pictures at most, the largest of which take some seconds each.
MOST_S, MOST_CPU_S = 600.0, 180.0


def looks_like_film_apart(sample: Sample, limits: Limits) -> bool:
    """As ``looks_like_film``, in a process of its own with bounded memory and time, which reads
    these files alone where the kernel can see to that. False where it crashes or is ended."""
    context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
    ours, theirs = context.Pipe(duplex=False)
    given = (theirs, os.getpid(), sample, limits)
    process = context.Process(target=_serve, args=given, daemon=True)
    with safe_path():
        process.start()
    theirs.close()
    until = time.monotonic() + MOST_S
    try:
        while not ours.poll(LOOK_EVERY_S):
            if resident_bytes(process.pid) > LEAST_MB << 20 or time.monotonic() > until:
                return False
        return receive(ours).get("film") is True
    except EOFError:  # it crashed
        return False
    finally:
        process.kill()
        process.join()
        ours.close()


def _serve(pipe: Connection, parent: int, sample: Sample, limits: Limits) -> None:
    confine(parent, LEAST_MB << 20)
    bound_cpu(MOST_CPU_S)
    restrict([str(path) for path in _files(sample)], [])
    all_is_said = sift_stderr()
    film = False
    with suppress(MemoryError):
        film = looks_like_film(sample, limits)
    all_is_said()
    send(pipe, "look", film=film)
    os._exit(0)


def _files(sample: Sample) -> set[Path]:
    return {*sample.sizes, *(path for three in sample.near for path in three)}

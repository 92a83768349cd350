"""The fork server's own life: load what all children need, then fork each when it is asked for.

It never reads an input: all it loads are modules of this program and the networks that come with
it. It has one thread, or it forks nobody. What it forks confines itself (``child``), as every
child does.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fer_batch import turns
from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.door import parse_json
from fer_batch.errors import FerBatchError
from fer_batch.jobs.item.children import fork_server, process
from fer_batch.jobs.item.children.child import on_keras
from fer_batch.jobs.item.children.confine import confine

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine

# Each with what it imports, in the order in which a run needs them.
MODULES = (
    "numpy", "numpy.ma", "cv2", "av", "fer_batch.jobs.item.local", "ai_edge_litert.interpreter",
    "fer_batch.pipeline.grid", "fer_batch.pipeline.opinions", "fer_batch.pipeline.identify",
    "fer_batch.pipeline.finish", "fer_batch.pipeline.timeline", "fer_batch.pipeline.shard",
    "fer_batch.pipeline.people_file", "fer_batch.output.summary", "fer_batch.output.formats.tables",
    "fer_batch.output.table", "fer_batch.faces.yunet", "fer_batch.emotion.litert",
    "fer_batch.faces.recogniser",
)  # fmt: skip
OF_OUTPUTS = {
    "report": ("fer_batch.output.report.page",),
    "video": ("fer_batch.pipeline.render", "fer_batch.output.draw.canvas", "PIL.ImageFont"),
    "plot": ("fer_batch.output.plot", "PIL.ImageFont"),
    "gif": ("fer_batch.pipeline.preview", "fer_batch.output.draw.canvas", "PIL.ImageFont"),
}
# Else OpenBLAS, numpy's and OpenCV's, starts threads as soon as it is loaded.
THREADS_OF_BLAS = "OPENBLAS_NUM_THREADS"


def begin() -> None:
    """Fork the fork server of this process, where that is safe and it has none yet."""
    if process.can_fork():
        fork_server.begin(_live)


def expect(run: RunSettings, analyze: AnalyzeSettings | None) -> None:
    """Begin to load what children with these settings need; without ``analyze`` modules alone.

    Where Keras or a GPU is to run there is no fork server: their libraries do not survive a fork.
    """
    models = [analyze.model] if analyze is not None else []
    if run.uses_gpu or run.analyzer == "batched" or on_keras(models, run):
        fork_server.end()
        return
    begin()
    there = fork_server.current()
    if there is not None and analyze is not None and _ships(analyze):
        settings = {"run": _whatever_frames(run).to_json(), "analyze": analyze.to_json()}
        there.tell("networks", **settings)


@contextmanager
def begun() -> Iterator[None]:
    """As ``begin``; the fork server is ended when this is left, unless it was there before."""
    before = fork_server.current()
    begin()
    try:
        yield
    finally:
        if before is None:
            fork_server.end()


@contextmanager
def at_hand(run: RunSettings, items: Sequence[ItemSpec], infer: bool) -> Iterator[None]:
    """The fork server for a run over ``items``, that of the command line or one of its own; without
    ``infer`` no network is needed."""
    with begun():
        expect(run, items[0].analyze if infer and items else None)
        there = fork_server.current()
        if there is not None and len(items) > 1:  # an only child loads the rest as it works
            there.tell("outputs", names=sorted({name for item in items for name in item.outputs}))
        yield


def _ships(analyze: AnalyzeSettings) -> bool:
    """Whether the networks come with fer-batch. Those of users are parsed by children alone."""
    return not analyze.detector_model and len(Path(analyze.model).parts) == 1


def _whatever_frames(run: RunSettings) -> RunSettings:
    """The settings without what does not touch what is loaded."""
    return replace(run, frames_mb=0, parallel=0, memory_mb=0)


def _live(parent: socket.socket, pid: int) -> None:
    """Load, then do as is asked until the parent is gone."""
    confine(pid, 0)
    os.environ[THREADS_OF_BLAS] = "1"
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # the terminal is the parent's
    os.close(nothing)
    with suppress(OSError):  # children then do at once what takes memory
        turns.share()
    _load_modules(MODULES)
    loaded = _Loaded()
    while True:
        try:
            said, given, _, _ = socket.recv_fds(parent, fork_server.LONGEST_BYTES, 1)
        except OSError:
            return
        if not said:
            return
        asked = parse_json(said, fork_server.LONGEST_BYTES)
        if asked["kind"] == "networks":
            loaded.networks(asked)
        elif asked["kind"] == "outputs":
            _load_outputs(asked["names"])
        else:
            parent.send(json.dumps(_fork(parent, given[0], asked["task"], pid, loaded)).encode())
            os.close(given[0])


def _load_modules(names: Iterable[str]) -> None:
    for name in names:
        with suppress(ImportError):  # a child says which, if it needs it
            import_module(name)


def _load_outputs(names: Sequence[str]) -> None:
    _load_modules(module for name in names for module in OF_OUTPUTS.get(name, ()))
    if "gif" in names:
        from fer_batch.output.gif import prepare

        with suppress(Exception):  # the GIF's own error says what is missing
            prepare()


class _Loaded:
    """The engine whose networks are loaded, None before, and what settings these are for."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def networks(self, asked: dict[str, Any]) -> None:
        from fer_batch.pipeline.build import Engine
        from fer_batch.pipeline.native import give_back_memory

        engine = Engine(RunSettings.from_json(asked["run"]))
        with suppress(FerBatchError):  # the child that cannot load it says so
            engine.load(AnalyzeSettings.from_json(asked["analyze"]))
            self._engine = engine
        gc.collect()
        give_back_memory()  # what only loading needed would lie in each child

    def engine(self, run: RunSettings) -> Engine | None:
        """The engine, if it does for a run with these settings."""
        engine = self._engine
        return engine if engine is not None and engine.run == _whatever_frames(run) else None


def _fork(parent: socket.socket, pipe: int, task: str, pid: int, loaded: _Loaded) -> dict[str, Any]:
    """Fork a child of the process ``pid``: it is a grandchild whose parent ends at once."""
    if not process.can_fork():
        return {"no": "it has threads"}
    gc.freeze()  # what is here stays: looking at it would copy its pages
    told, telling = os.pipe()
    if (between := os.fork()) == 0:
        try:
            if (child := os.fork()) == 0:
                parent.close()
                os.close(told)
                os.close(telling)
                _do(TASKS[task], Connection(pipe), pid, loaded)
            os.write(telling, str(child).encode())
        finally:
            os._exit(0)
    os.close(telling)
    os.waitpid(between, 0)
    with os.fdopen(told) as file:
        forked = file.read()
    return {"pid": int(forked)} if forked else {"no": "it cannot fork"}


def _do(work: Callable[..., None], pipe: Connection, parent: int, loaded: _Loaded) -> NoReturn:
    status = 1
    try:
        work(pipe, parent, loaded)
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _serve(pipe: Connection, parent: int, loaded: _Loaded) -> None:
    process.serve(pipe, (), parent, loaded.engine)


TASKS: dict[str, Callable[..., None]] = {"serve": _serve}

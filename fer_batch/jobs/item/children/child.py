"""A child's life: take inputs one after another, say how far each is and what became of it."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.config import RunSettings
from fer_batch.errors import FerBatchError
from fer_batch.gpus import pin
from fer_batch.jobs.item.children.confine import bound_cpu, confine
from fer_batch.jobs.item.children.landlock import restrict
from fer_batch.jobs.item.children.messages import receive, send
from fer_batch.jobs.item.children.sieve import sift_stderr

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine

# Reading what a container says takes seconds of processor time; an hour's worth is an attack.
PROBE_CPU_S = 900.0

logger = logging.getLogger(__name__)


Ready = Callable[[RunSettings], "Engine | None"]
"""An engine with networks loaded already, where there is one for these settings."""


def _nothing_ready(run: RunSettings) -> None:
    """As of a process that begins from nothing."""


def serve(
    pipe: Connection,
    inherited: tuple[Connection, ...],
    parent: int,
    ready: Ready = _nothing_ready,
) -> None:
    """Work on inputs that arrive through ``pipe`` until it closes.

    ``inherited``: ends of other pipes that a forked process has and must not keep open.
    """
    for other in inherited:
        other.close()
    try:
        hello = receive(pipe)
    except EOFError:
        return
    on_gpu = RunSettings.from_json(hello["run"]).uses_gpu
    if on_gpu:
        pin(hello["chair"])
    # A GPU's driver reserves far more than it touches: there only the parent bounds memory.
    confine(parent, 0 if on_gpu else hello["memory_bytes"])
    if hello["readable"]:
        _touch_only(hello)
    all_is_said = sift_stderr()
    _Child(pipe, hello, ready).work()
    all_is_said()
    # Threads of native libraries are not waited for: all files are closed by now.
    os._exit(0)


def _touch_only(hello: dict[str, Any]) -> None:
    """Nothing but this run's files, where the kernel can see to that."""
    settings = RunSettings.from_json(hello["run"])
    if settings.uses_gpu or on_keras(hello["models"], settings):
        return  # drivers and Keras' backends read and write in many places
    os.environ["TMPDIR"] = tempfile.tempdir = hello["scratch"]
    held = restrict(hello["readable"], [hello["out"], hello["scratch"]])
    logger.debug("files and network %s by Landlock", "bounded" if held else "not bounded")


def on_keras(models: list[str], settings: RunSettings) -> bool:
    """Whether any input needs Keras."""
    from fer_batch.emotion.load import runs_on
    from fer_batch.emotion.models import find_model

    if settings.runtime == "keras":
        return True
    for model in models:
        with suppress(FerBatchError):  # said where it is loaded
            if runs_on(find_model(model), settings.runtime, settings.device) == "keras":
                return True
    return False


class _Remarks(logging.Handler):
    """Leaves warnings to the parent, who says once what several children say."""

    def __init__(self, send: Callable[..., None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = send

    def install(self) -> None:
        ours = logging.getLogger("fer_batch")
        ours.addHandler(self)
        ours.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self._tell("remark", words=record.getMessage())


class _Child:
    """Its own engine, warm from the first input on."""

    def __init__(self, pipe: Connection, hello: dict[str, Any], ready: Ready) -> None:
        self._pipe, self._ready = pipe, ready
        self._out = Path(hello["out"])
        self._existing = hello["existing"]
        self._infer, self._children = bool(hello["infer"]), int(hello["children"])
        self._settings = RunSettings.from_json(hello["run"])
        self._stop = threading.Event()
        self._sending = threading.Lock()
        self._messages: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self._number = 0

    def work(self) -> None:
        _Remarks(self._send).install()
        threading.Thread(target=self._listen, name="parent", daemon=True).start()
        engine: Any = None
        while message := self._next():
            from fer_batch.jobs.item.across import photos_by_name
            from fer_batch.jobs.item.work import ItemSpec

            if message["kind"] == "relate":
                items = [ItemSpec.from_json(data) for data in message["items"]]
                engine = engine or self._engine(items[0])
                self._send("related", failures=self._relate(items, engine))
                continue
            item = ItemSpec.from_json(message["item"])
            try:
                engine = engine or self._engine(item)
                if message["kind"] == "known":
                    photos_by_name([item], engine)
                    self._send("known")
                    continue
                self._number = message["number"]
                from fer_batch.jobs.item.local import run_item

                result = run_item(
                    self._number, item, self._out / item.name, engine, self._existing, self,
                    self._stop.is_set, self._infer, message["phase"],
                )  # fmt: skip
            except FerBatchError as error:  # nothing can run at all
                self._send("fatal", code=error.code, words=str(error))
                return
            self._send("ended", number=self._number, result=result.to_json())

    def _relate(self, items: list[Any], engine: Any) -> list[dict[str, Any] | None]:
        """Relate inputs that are analyzed; for each the result if that has failed, else None."""
        from fer_batch.jobs.item.local import relate_items
        from fer_batch.jobs.item.outcome import ItemResult

        analyzed = {
            n: ItemResult(item, self._out / item.name, "analyzed") for n, item in enumerate(items)
        }
        failed = relate_items(items, analyzed, self._out, engine)
        return [failed[n].to_json() if n in failed else None for n in analyzed]

    def _engine(self, item: Any) -> Any:
        from fer_batch.pipeline.build import Engine

        engine = self._ready(self._settings) or Engine(self._settings)
        engine.serve(self._settings, self._children)
        if self._infer:
            engine.warm_up(item.analyze)
            # A detector that cannot be loaded is one line, not one for each input.
            engine.detector(item.analyze)
        return engine

    def stage(self, number: int, name: str, frames: int) -> None:
        """See ``Observer``. Probing alone is bounded by processor time: films may be long."""
        bound_cpu(PROBE_CPU_S if name == "probe" else 0)
        self._send("stage", number=number, name=name, frames=frames)

    def advance(self, number: int, frames: int) -> None:
        """See ``Observer``."""
        self._send("advance", number=number, frames=frames)

    def item_started(self, number: int, item: Any) -> None:
        """See ``Observer``; the parent knows."""

    def item_ended(self, number: int, result: Any) -> None:
        """See ``Observer``; the parent is told by ``ended``."""

    def _send(self, kind: str, **values: Any) -> None:
        with self._sending:
            send(self._pipe, kind, **values)

    def _listen(self) -> None:
        """In a thread, so that a wish to stop is heard during work."""
        while True:
            try:
                message = receive(self._pipe)
            except EOFError:  # the parent is gone or has no more for us
                message = {}
                self._stop.set()
            if message.get("kind") == "stop":
                self._stop.set()
                continue
            with self._arrived:
                self._messages.append(message)
                self._arrived.notify()
            if not message:
                return

    def _next(self) -> dict[str, Any]:
        with self._arrived:
            while not self._messages:
                self._arrived.wait()
            return self._messages.pop(0)

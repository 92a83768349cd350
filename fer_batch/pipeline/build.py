"""The only file that names concrete adapters: what a machine loads once and uses for every item."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.cores import usable_cores
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.errors import FerBatchError, UsageError
from fer_batch.faces.detector import Detector
from fer_batch.faces.recogniser import Recogniser
from fer_batch.media.hardware import refusal
from fer_batch.media.kept import KeptFrames
from fer_batch.media.source import FrameSource, open_source
from fer_batch.pipeline.analyzer import FaceAnalyzer
from fer_batch.pipeline.native import one_thread_a_call, prepare_backends, share_arenas
from fer_batch.pipeline.plan import tells_people
from fer_batch.timeline_file import LatestTimeline
from fer_batch.types import SourceInfo
from fer_batch.version import library

if TYPE_CHECKING:
    from fer_batch.pipeline.device import Device
    from fer_batch.pipeline.opinions import SecondOpinions
    from fer_batch.types import FloatArray

logger = logging.getLogger(__name__)
Facts = dict[str, str]


class Engine:
    """Detector and classifier, loaded when first needed and kept; one a process."""

    def __init__(self, run: RunSettings) -> None:
        share_arenas()
        one_thread_a_call()
        if run.device == "gpu" or run.analyzer == "batched":
            prepare_backends()
        self.run, self._cores = run, usable_cores()
        self.decodes_on_gpu = run.decodes_on_gpu and _gpu_decodes()
        self.load_s = 0.0
        self.timelines = LatestTimeline()
        self.kept = KeptFrames(run.frames_mb << 20)
        # What people are recognised by whose photos have been looked at; only ever in memory.
        self.photos: dict[tuple[object, ...], FloatArray] = {}
        self._detectors: dict[tuple[object, ...], Detector] = {}
        self._classifiers: dict[str, Classifier] = {}
        self._seconds: dict[str, SecondOpinions] = {}
        self._recogniser: Recogniser | None = None
        self._devices: dict[tuple[object, ...], Device] = {}
        self._loading, self._loading_second = threading.Lock(), threading.Lock()

    def warm_up(self, settings: AnalyzeSettings) -> None:
        """Begin to load in the background; errors come when the model is asked for."""

        def load() -> None:
            with suppress(FerBatchError):
                self.classifier(settings)
                self._second(settings)

        threading.Thread(target=load, daemon=True).start()

    def load(self, settings: AnalyzeSettings) -> None:
        """Load now, in this thread, all that inputs with these settings may ask for.

        Raises:
            UnknownModelError, ModelFileError: it cannot be loaded.
        """
        self.detector(settings)
        self.classifier(settings)
        self._second(settings)
        if settings.identity != "off":
            self.recogniser()

    def serve(self, run: RunSettings, processes: int) -> None:
        """Work for a run as one of so many processes, which share the cores. Its settings must not
        differ in what is loaded already."""
        self.run, self._cores = run, max(1, -(-usable_cores() // processes))
        self.kept = KeptFrames(run.frames_mb << 20)
        for classifier in self._classifiers.values():
            self._bound(classifier)

    def _bound(self, classifier: Classifier) -> None:
        from fer_batch.emotion.litert import LiteRtClassifier

        if not self.run.threads and isinstance(classifier, LiteRtClassifier):
            classifier.at_most(self._cores)

    def detector(self, settings: AnalyzeSettings) -> Detector:
        """The face detector that the settings name. Not for two threads at once.

        Raises:
            UnknownModelError, ModelFileError: it cannot be loaded.
        """
        from fer_batch.faces.detector import open_detector

        key = (
            settings.detector,
            settings.detector_model,
            settings.min_confidence,
            settings.min_face,
            settings.rotations,
        )
        if key not in self._detectors:
            begin = time.perf_counter()
            self._detectors[key] = open_detector(*key)  # type: ignore[arg-type]
            self.load_s += time.perf_counter() - begin
        return self._detectors[key]

    def classifier(self, settings: AnalyzeSettings) -> Classifier:
        """The expression classifier that the settings name.

        Raises:
            UnknownModelError, ModelFileError: it cannot be loaded.
        """
        from fer_batch.emotion.load import open_classifier

        with self._loading:
            if settings.model not in self._classifiers:
                begin = time.perf_counter()
                self._classifiers[settings.model] = open_classifier(
                    settings.model,
                    runtime=self.run.runtime,
                    device=self.run.device,
                    batch_size=self.run.batch_size,
                    threads=self.run.threads or None,
                )
                self._bound(self._classifiers[settings.model])
                self.load_s += time.perf_counter() - begin
        return self._classifiers[settings.model]

    def recogniser(self) -> Recogniser:
        """What tells people apart. Not for two threads at once.

        Raises:
            ModelFileError: its weights are missing or damaged.
        """
        from fer_batch.faces.recogniser import open_recogniser

        if self._recogniser is None:
            begin, run = time.perf_counter(), self.run
            if self._recognises_by_keras():
                from fer_batch.emotion.keras_runtime import device_for

                self._recogniser = open_recogniser("keras", device_for(run.device))
            else:
                self._recogniser = open_recogniser()
            self.load_s += time.perf_counter() - begin
        return self._recogniser

    def _recognises_by_keras(self) -> bool:
        return self.run.device == "gpu" or self.run.runtime == "keras"

    def _second(self, settings: AnalyzeSettings) -> SecondOpinions | None:
        """The second network beside the model, where it is asked."""
        if not self.asks_second(settings):
            return None
        from fer_batch.pipeline.opinions import SecondOpinions

        first = self.classifier(settings)
        with self._loading_second:
            if settings.model not in self._seconds:
                begin = time.perf_counter()
                self._seconds[settings.model] = SecondOpinions(first)
                self.load_s += time.perf_counter() - begin
        return self._seconds[settings.model]

    def asks_second(self, settings: AnalyzeSettings) -> bool:
        """Whether a second network is asked, too.

        Raises:
            UsageError: it is asked for, and the model names none.
        """
        card = self.card(settings)
        if card.second is None and settings.second_opinion == "on":
            raise UsageError(f"--second-opinion on: {card.name} names no second network")
        return card.second is not None and settings.second_opinion != "off"

    def analyzer(self, settings: AnalyzeSettings) -> FaceAnalyzer:
        """What finds and classifies faces on this machine. Not for two threads at once.

        Raises:
            UnknownModelError, ModelFileError: the settings name what cannot be loaded.
        """
        if self.batched(settings):
            from fer_batch.pipeline.batched import BatchedAnalyzer

            return BatchedAnalyzer(settings, self.device(settings), self._second(settings))
        from fer_batch.pipeline.grid import GridAnalyzer

        parts = (self.detector(settings), self.classifier(settings))
        return GridAnalyzer(settings, *parts, self._second(settings))

    def batched(self, settings: AnalyzeSettings) -> bool:
        """Whether frames are searched in batches with Keras: on GPUs, or where that is asked for.

        Raises:
            UsageError: it is asked for, and detector or model are not for Keras.
        """
        from fer_batch.emotion.load import runs_on

        run = self.run
        if run.analyzer == "grid" or (run.analyzer != "batched" and run.device != "gpu"):
            return False
        able = (
            settings.detector == "yunet"
            and not settings.rotations  # pictures are turned one by one, by the grid's detector
            and runs_on(self.card(settings), run.runtime, run.device) == "keras"
        )
        if run.analyzer == "batched" and not able:
            raise UsageError(
                "--analyzer batched needs the detector yunet without --rotations, and Keras: add "
                "--runtime keras, and a --model that has weights for it"
            )
        return able

    def device(self, settings: AnalyzeSettings) -> Device:
        """Detector and classifier on the device of Keras. Not for two threads at once.

        Raises:
            UnknownModelError, ModelFileError: the settings name what cannot be loaded.
        """
        from fer_batch.pipeline.device import Device

        classifier, detector = self.classifier(settings), self.detector(settings)
        key = (id(classifier), id(detector))
        if key not in self._devices:
            begin, run = time.perf_counter(), self.run
            parts: Any = (detector, classifier, run.frame_batch, run.precision)
            self._devices[key] = Device(*parts)
            self.load_s += time.perf_counter() - begin
        return self._devices[key]

    def facts(self, settings: AnalyzeSettings) -> Facts:
        """What the numbers of faces depend on beside settings and weights, as plain words by name.

        Shards name it; with ``people_facts`` timelines, results and their keys do. Asking loads the
        detector, and Keras where that is to run, but not LiteRT's network.

        Raises:
            UnknownModelError, ModelFileError: the settings name what cannot be loaded.
        """
        from fer_batch.emotion.load import named, weights_for

        run, asked = self.run, self.card(settings)
        card, runtime = weights_for(asked, run.runtime, run.device)
        also = {"decoder": "nvdec"} if self.decodes_on_gpu else {}
        if card != asked:
            also["weights"] = named(card)
        if runtime == "keras":
            build = str(getattr(self.classifier(settings), "build", "keras"))
        else:
            build = f"litert {library('ai-edge-litert')}"
        if self.batched(settings):
            return {
                **also,
                "analyzer": f"batched {run.precision}",
                "batch_size": f"{run.frame_batch or 'auto'}, {run.batch_size}",
                "classifier": build,
                "detector": build,
            }
        return {
            **also,
            "analyzer": "grid",
            "batch_size": str(run.batch_size),
            "classifier": build,
            "detector": self.detector(settings).runtime,
        }

    def people_facts(self, kind: str, settings: AnalyzeSettings) -> Facts:
        """What it depends on who is who in an input of that kind; empty where nobody is recognised.

        Recognition happens once, when all segments are there, and perhaps on another machine: so it
        is no part of ``facts``.
        """
        if not tells_people(kind, settings):
            return {}
        if self._recognises_by_keras():
            from fer_batch.emotion.keras_runtime import build_on, device_for

            return {"recogniser": build_on(device_for(self.run.device))}
        return {"recogniser": f"litert {library('ai-edge-litert')}"}

    def card(self, settings: AnalyzeSettings) -> ModelCard:
        """The model's card, without loading weights."""
        from fer_batch.emotion.models import find_model

        return find_model(settings.model)

    def source(self, info: SourceInfo) -> FrameSource:
        """A reader for a probed source."""
        run = self.run
        # A GPU that finds faces leaves the cores to the decoder.
        threads = run.threads or (usable_cores() if run.device == "gpu" else 0)
        return open_source(info, run.limits, threads, self.decodes_on_gpu)


def _gpu_decodes() -> bool:
    """Whether a GPU decodes here; a line says why it does not."""
    if why := refusal():
        logger.warning("videos are decoded by the CPU, not by a GPU: %s", why)
    return not why

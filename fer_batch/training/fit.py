"""The training loop: fit, validate with averaged weights, checkpoint, resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import find_model
from fer_batch.errors import TrainingDataError, UsageError
from fer_batch.plural import plural
from fer_batch.printable import show
from fer_batch.training import checkpoint
from fer_batch.training.batches import dataset, without_unlabelled
from fer_batch.training.data.augment import NONE, Augmentation
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import Head, hard_labels, targets
from fer_batch.training.data.template import aligning_maps
from fer_batch.training.history import write_history
from fer_batch.training.metrics import accuracy, log_loss, softmax
from fer_batch.training.network import face_recognition
from fer_batch.training.network.architectures import build
from fer_batch.training.network.compiled import compiled
from fer_batch.training.network.plateau import Plateau
from fer_batch.training.network.schedule import Clock, Stable, follow
from fer_batch.training.network.start import resting_size, start_from
from fer_batch.training.predict import predict
from fer_batch.training.settings import TrainSettings
from fer_batch.training.teachers.answers import is_answers, read_answers
from fer_batch.training.teachers.teacher import Lesson, lesson
from fer_batch.training.teachers.tutor import Tutors, tutors

NORM_IMAGES = 8192


def renew_normalisation(model: Any, batches: Sequence[Any]) -> None:
    """Sets the moments in the batch normalisations anew for the model's present weights.

    Averaged weights never saw the moments that the training weights left behind (Izmailov et al.,
    2018, on SWA). Moments of images as they are, a share of them warped and worn as in video, are
    those that the model will meet, not of images shifted and hidden as in training: on PublicTest
    that alone was worth half a point and more.
    """
    for batch in batches:
        model(batch, training=True)


def validate(model: Any, faces: FaceSet, heads: Sequence[Head]) -> dict[str, float]:
    """Loss and accuracy of each head on hard labels: ``val_<head>_accuracy`` and so on."""
    logs: dict[str, float] = {}
    logits = predict(model, faces.images)
    for head in heads:
        label = hard_labels(faces, head.labels, head.source)
        rows = label >= 0
        probabilities = softmax(logits[head.name][rows])
        logs[f"val_{head.name}_accuracy"] = accuracy(probabilities, label[rows])
        logs[f"val_{head.name}_loss"] = log_loss(probabilities, label[rows])
    logs["val_accuracy"] = logs[f"val_{heads[0].name}_accuracy"]
    return logs


class Training:
    """One training in one directory; ``run`` returns the model to keep, with averaged weights."""

    def __init__(self, settings: TrainSettings, faces: FaceSet, directory: Path) -> None:
        self.settings, self.directory = settings, directory
        self.train = without_unlabelled(faces.of_split("Training"), settings.heads)
        self.held = without_unlabelled(faces.of_split("PublicTest"), settings.heads)
        self.aligning = aligning_maps(self.train.landmarks)
        self.teaching: Lesson | Tutors | None = None
        self.shares = [float(targets(self.train, head)[1].mean()) for head in settings.heads]
        self.steps = max(1, len(self.train) // settings.batch_size)
        self.history: list[dict[str, float]] = []
        self.plateau = Plateau(settings.learning_rate)
        self.best: list[Any] | None = None
        self.clock: Clock | None = None

    def run(self, resume: bool, log: Callable[[str], None] = show) -> Any:
        """Trains to ``settings.epochs``, from the last checkpoint where ``resume``."""
        self.directory.mkdir(parents=True, exist_ok=True)
        model = compiled(self.settings)
        self.probe = build(self.settings.arch, self.settings.heads)
        first = self._resume(model) if resume else 0
        if not first and self.settings.start_from:
            self.start(model, log)
        self._ask_teachers(log)
        if self.settings.finish_minutes:
            self.clock = Clock(time.monotonic(), self.settings.finish_minutes * 60)
        for epoch in range(first, self.settings.epochs):
            self._epoch(model, epoch)
            log(self._line(epoch))
            if self.settings.schedule == "plateau" and self.plateau.finished:
                log(f"no improvement for {self.plateau.stop_patience} epochs: stopped")
                break
            if self.clock and not self.clock.room(time.monotonic(), self.history[-1]["seconds"]):
                log(f"{self.settings.finish_minutes:g} minutes are over: finished")
                break
        return self._result(model)

    def result(self, start_share: float = 0.0, log: Callable[[str], None] = show) -> Any:
        """The model to keep as of the last checkpoint, without training on.

        ``start_share`` of each weight is that of the model it began with: somewhere between a
        network and what it was trained on to there often is a better one than both (Wortsman et
        al., 2022).

        Raises:
            UsageError: a share of a beginning with random weights.
            TrainingDataError: there is no checkpoint.
        """
        model = compiled(self.settings)
        self.probe = build(self.settings.arch, self.settings.heads)
        began: Any = None
        if start_share:
            if not self.settings.start_from:
                raise UsageError("--start-share: this training began with random weights")
            self.start(model, log)
            began = model.get_weights()
        if not self._resume(model):
            raise TrainingDataError(f"{self.directory}: holds no checkpoint")
        return self._result(model, began, start_share)

    def _result(self, model: Any, began: Any = None, start_share: float = 0.0) -> Any:
        weights = checkpoint.averaged_weights(model)
        if began is not None:
            pairs = zip(began, weights, strict=True)
            weights = [start_share * old + (1 - start_share) * new for old, new in pairs]
        self.probe.set_weights(weights)
        if self.best is not None:
            self.probe.set_weights(self.best)
        elif self.settings.ema:
            seen = self.settings.augmentation
            still = replace(NONE, flip=seen.flip, align=seen.align, degrade=seen.degrade)
            renew_normalisation(self.probe, self._some_images(still))
        return self.probe

    def _some_images(self, augmentation: Augmentation | None = None) -> list[Any]:
        """Batches from which normalisations take their moments: as training sees them, or with
        another ``augmentation``."""
        batches = self._batches(0, augmentation=augmentation)
        count = min(NORM_IMAGES // self.settings.batch_size + 1, len(batches))
        return [batches[place][0] for place in range(count)]

    def _rate(self, epoch: int) -> Stable:
        settings = self.settings
        if settings.schedule == "plateau":
            return Stable(self.plateau.rate, 0)
        start = None
        if settings.cooldown_epochs:
            start = max(0, settings.epochs - settings.cooldown_epochs) * self.steps
        return Stable(
            settings.learning_rate,
            round(settings.warmup_epochs * self.steps),
            start,
            settings.cooldown_epochs * self.steps,
        )

    def start(self, model: Any, log: Callable[[str], None] = show) -> None:
        """Give ``model`` the weights that ``settings.start_from`` names.

        Raises:
            UsageError: they are of another network, or do not go together.
            ModelFileError: a model without weights for Keras, or with damaged ones.
        """
        size = resting_size(self.settings.learning_rate, model.optimizer.weight_decay)
        if face_recognition.NAME in self.settings.start_from:
            if len(self.settings.start_from) > 1:
                raise UsageError(
                    f"--start-from {face_recognition.NAME}: cannot be combined with another model"
                )
            face_recognition.start_from_faces(model, self._some_images(), size)
            log("started from a network for face recognition, with fresh heads")
            return
        cards = [find_model(name) for name in self.settings.start_from]
        heads = start_from(cards, model, self.settings.heads, self._some_images(), size)
        known = f"heads {', '.join(heads)}" if heads else "fresh heads"
        log(f"started from {', '.join(card.name for card in cards)}, with {known}")

    def _ask_teachers(self, log: Callable[[str], None]) -> None:
        settings = self.settings
        if not settings.teachers:
            return
        several = plural(len(settings.teachers), "teacher")
        files = [name for name in settings.teachers if is_answers(name)]
        if settings.teachers_see == "variants":
            if files:
                raise UsageError(f"--teacher {files[0]}: answers in a file are about images only")
            log(f"{several} will see each image as it is shown")
            cards = [find_model(name) for name in settings.teachers]
            self.teaching = tutors(
                cards, settings.heads, settings.teacher_share, settings.batch_size
            )
        else:
            log(f"asking {several} about {len(self.train)} images")
            teachers = [open_classifier(name) for name in settings.teachers if name not in files]
            self.teaching = lesson(
                teachers,
                settings.heads,
                self.train.images,
                settings.teacher_share,
                [read_answers(Path(name)) for name in files],
            )

    def _batches(
        self,
        epoch: int,
        teaching: Lesson | Tutors | None = None,
        augmentation: Augmentation | None = None,
    ) -> Any:
        settings = self.settings
        return dataset(
            self.train,
            settings.heads,
            settings.batch_size,
            augmentation or settings.augmentation,
            settings.seed,
            epoch,
            self.aligning,
            teaching,
        )

    def _epoch(self, model: Any, epoch: int) -> None:
        began = time.monotonic()
        fitted = model.fit(
            self._batches(epoch, self.teaching),
            epochs=epoch + 1,
            initial_epoch=epoch,
            shuffle=False,
            verbose=0,
            callbacks=[follow(self._rate(epoch), epoch * self.steps, self.steps, self.clock)],
        )
        logs = {k: float(v[-1]) for k, v in fitted.history.items()}
        for head, share in zip(self.settings.heads, self.shares, strict=True):
            # Keras divides by all rows, those without a label for this head among them.
            if f"{head.name}_loss" in logs:
                logs[f"{head.name}_loss"] /= share
        logs["learning_rate"] = float(model.optimizer.learning_rate)
        self.probe.set_weights(checkpoint.averaged_weights(model))
        if len(self.held):
            logs |= validate(self.probe, self.held, self.settings.heads)
        if self.plateau.observe(logs.get("val_accuracy", -logs["loss"])):
            self._keep_best()
        logs["seconds"] = time.monotonic() - began
        self.history.append({"epoch": epoch + 1, **logs})
        write_history(self.directory / "history.csv", self.history)
        checkpoint.save(self.directory, model, self._state(epoch + 1))

    def _keep_best(self) -> None:
        """Only a training that waits for a plateau goes back to its best epoch."""
        if self.settings.schedule == "plateau":
            self.best = self.probe.get_weights()
            self.probe.save_weights(self.directory / "best.weights.h5")

    def _state(self, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "settings": self.settings.to_json(),
            "plateau": self.plateau.to_json(),
            "history": self.history,
        }

    def _resume(self, model: Any) -> int:
        state = checkpoint.read_state(self.directory)
        if not state:
            return 0
        checkpoint.restore(self.directory, model, state)
        self.history, self.plateau = state["history"], Plateau.from_json(state["plateau"])
        best = self.directory / "best.weights.h5"
        if self.settings.schedule == "plateau" and best.exists():
            self.probe.load_weights(best)
            self.best = self.probe.get_weights()
        return int(state["epoch"])

    def _line(self, epoch: int) -> str:
        logs = self.history[-1]
        left = (self.settings.epochs - epoch - 1) * logs["seconds"]
        shown = " ".join(
            f"{k.removesuffix('_accuracy')} {v:.4f}"
            for k, v in logs.items()
            if k == "loss" or (k.startswith("val_") and k.endswith("_accuracy"))
        )
        return (
            f"epoch {epoch + 1}/{self.settings.epochs} {shown} rate {logs['learning_rate']:.1e} "
            f"{logs['seconds']:.0f} s, at most {left / 60:.0f} min left"
        )

"""What ``fer-batch doctor`` looks at on this machine: one function a concern, each a few checks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from fer_batch.cli.doctor.check import Check, State
from fer_batch.cores import usable_cores
from fer_batch.errors import FerBatchError
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.version import installed_version

PACKAGES = ("ai-edge-litert", "opencv-python-headless", "av", "moviepy")
OPTIONAL = ("keras", "tensorflow")  # training and GPUs
# What is read and what is written; the names FFmpeg gives its decoders and encoders.
DECODERS = ("h264", "hevc", "vp9", "mpeg4")
ENCODERS = ("libx264", "aac")
NEEDED_BYTES = 1 << 30


def check_machine() -> Iterator[Check]:
    """Python, processors, graphics cards."""
    yield Check("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    cores = usable_cores()
    yield Check("cpu", "ok", f"{cores} {'core' if cores == 1 else 'cores'}")
    yield check_gpu()


def check_gpu() -> Check:
    """NVIDIA's driver is asked first: TensorFlow takes seconds to load and is needed only then."""
    cards = gpu_names()
    if not cards:
        return Check("gpu", "ok", "none; the CPU is used")
    advice = "pip install 'fer-batch[gpu]', then run with --device gpu"
    if find_spec("tensorflow") is None:
        found = f"{', '.join(cards)}; the CPU is used: TensorFlow is not installed"
        return Check("gpu", "note", found, advice)
    try:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with quiet_stderr():
            import tensorflow as tf

        seen = len(tf.config.list_physical_devices("GPU"))
    except ImportError as error:
        return Check("gpu", "wrong", f"TensorFlow cannot be loaded ({error})", "install it again")
    if not seen:
        return Check("gpu", "note", f"{', '.join(cards)}; TensorFlow does not see it", advice)
    return Check("gpu", "ok", f"{', '.join(cards)}; used with --device gpu")


def gpu_names() -> list[str]:
    """What ``nvidia-smi`` lists, nothing where it is not there or fails."""
    program = shutil.which("nvidia-smi")
    if not program:
        return []
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def check_sandbox() -> Iterator[Check]:
    """Whether the kernel bounds which files a child may touch."""
    from fer_batch.jobs.item.children import landlock

    offered = landlock.version()
    if landlock.usable():
        found = f"Landlock {offered}: inputs of `run` touch no other files and no network"
        yield Check("sandbox", "ok", found)
    elif offered >= landlock.LEAST_VERSION:
        yield Check("sandbox", "note", f"turned off by {landlock.TURNED_OFF}")
    else:
        yield Check("sandbox", "note", "none: this kernel has no Landlock (Linux 6.2 and later do)")


def check_packages() -> Iterator[Check]:
    """The libraries that do the work, by version, and those that only training and GPUs need."""
    yield Check("fer-batch", "ok", installed_version())
    for name in PACKAGES:
        if found := installed(name):
            yield Check(name, "ok", found)
        else:
            yield Check(name, "wrong", "not installed", "pip install --force-reinstall fer-batch")
    for name in OPTIONAL:
        yield Check(name, "ok", installed(name) or "not installed; only training and GPUs need it")
    if (other := installed("tensorflow-cpu")) and installed("tensorflow"):
        yield Check(
            "tensorflow-cpu",
            "wrong",
            f"{other}: it and tensorflow overwrite each other's files",
            "pip uninstall -y tensorflow tensorflow-cpu, then pip install 'fer-batch[train]'",
        )


def installed(name: str) -> str:
    """The version of an installed distribution, "" where it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def check_codecs() -> Iterator[Check]:
    """What PyAV's FFmpeg can read and write, and FFmpeg's own program for the GIF's palette."""
    import av
    import imageio_ffmpeg

    reads = [name for name in DECODERS if _has_codec(name, "r")]
    writes = [name for name in ENCODERS if _has_codec(name, "w")]
    missing = sorted({*DECODERS, *ENCODERS} - {*reads, *writes})
    found = f"FFmpeg in PyAV {av.__version__} reads {', '.join(reads)}; writes {', '.join(writes)}"
    if missing:
        advice = "install PyAV's own wheel: pip install --force-reinstall --only-binary av av"
        yield Check("codecs", "wrong", f"{found}; lacks {', '.join(missing)}", advice)
    else:
        yield Check("codecs", "ok", found)
    try:
        yield Check("ffmpeg", "ok", str(imageio_ffmpeg.get_ffmpeg_exe()))
    except RuntimeError as error:
        advice = "pip install --force-reinstall imageio-ffmpeg"
        yield Check("ffmpeg", "wrong", str(error).splitlines()[0], advice)


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    import av

    try:
        av.Codec(name, mode)
    except av.FFmpegError:
        return False
    return True


def check_models() -> Iterator[Check]:
    """Each model's card and the hashes of its weights; the detector's."""
    from fer_batch.emotion.models import list_models, models_dir
    from fer_batch.faces.detector import open_detector

    again = "pip install --force-reinstall fer-batch"
    try:
        cards = list_models()
    except FerBatchError as error:
        cards = []
        yield Check("models", "wrong", str(error), again)
    else:
        if not cards:
            yield Check("models", "wrong", f"none in {models_dir()}", again)
    for card in cards:
        name = f"model {card.name}"
        try:
            for runtime in card.files:
                card.file(runtime)
            yield Check(name, "ok", f"{', '.join(card.labels)} (hashes right)")
        except FerBatchError as error:
            yield Check(name, "wrong", str(error), again)
    try:
        detector = open_detector("yunet")
        yield Check("detector", "ok", f"yunet {detector.sha256[:12]} (hash right)")
    except FerBatchError as error:
        yield Check("detector", "wrong", str(error), again)


def check_output(folder: Path) -> Iterator[Check]:
    """Whether results can be written to ``folder`` or to the nearest folder above it."""
    where = folder.absolute()
    while not where.exists() and where != where.parent:
        where = where.parent
    if not where.is_dir():
        yield Check("output", "wrong", f"{where} is a file", "choose another place with -o")
        return
    probe = where / f".fer-batch-doctor-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        yield Check("output", "wrong", f"{where}: {reason}", "choose another place with -o")
        return
    free = shutil.disk_usage(where).free
    state: State = "ok" if free >= NEEDED_BYTES else "note"
    advice = "" if state == "ok" else "free some space: less than 1 GiB is left"
    yield Check("output", state, f"{where} can be written, {free / 2**30:.1f} GiB free", advice)


def all_checks(folder: Path) -> Iterator[Check]:
    """Every check in the order of a report; one that breaks is itself something wrong."""
    from fer_batch.cli.doctor.queue import queue_checks

    concerns: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("machine", check_machine),
        ("sandbox", check_sandbox),
        ("packages", check_packages),
        ("codecs", check_codecs),
        ("models", check_models),
        ("output", lambda: check_output(folder)),
        ("queue", queue_checks),
    ]
    for name, concern in concerns:
        try:
            yield from concern()
        except Exception as error:  # a broken installation breaks in ways nobody listed
            words = str(error).splitlines() or [""]
            found = f"{type(error).__name__}: {words[0]}"
            yield Check(name, "wrong", found, "pip install --force-reinstall fer-batch")

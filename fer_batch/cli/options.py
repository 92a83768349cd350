"""What commands share: options that mean the same everywhere, and how they talk."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.config import OUTPUTS, AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import UsageError

ALL_OUTPUTS = ",".join(OUTPUTS)


def a_path(text: str) -> Path:
    """An input's path; an empty one, as of a variable that is not set, is not the folder here.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        raise typer.BadParameter("an empty text is no path")
    return Path(text)


Paths = Annotated[
    list[Path],
    typer.Argument(
        parser=a_path,
        help="Videos, images, or folders of them (searched to the bottom).",
    ),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")]
Model = Annotated[
    str,
    typer.Option(
        help="Expression model: a name (`fer-batch models`) or a card. fer3 and fer7 follow "
        "FER2013's labels and are for comparison with work on FER2013."
    ),
]
Detector = Annotated[str, typer.Option(help="Face detector: yunet, or none for folders of crops.")]
DetectorModel = Annotated[str, typer.Option(help="Other weights for the detector (ONNX file).")]
MinFace = Annotated[
    int,
    typer.Option(min=0, help="Side of the smallest face to find, pixels. 0: a 25th of the frame."),
]
MinConfidence = Annotated[
    float, typer.Option(min=0.05, max=0.99, help="Detections less certain than this are not faces.")
]
Every = Annotated[int, typer.Option(min=1, help="Analyse each n-th frame; others are `skipped`.")]
Fps = Annotated[float, typer.Option(min=0.01, max=1000, help="Frames a second of image folders.")]
Smooth = Annotated[float, typer.Option(min=0, max=60, help="Time constant of smoothing, seconds.")]
Outputs = Annotated[str, typer.Option(help=f"What to make, of: {','.join(OUTPUTS)}.")]
Device = Annotated[str, typer.Option(help="auto, cpu or gpu.")]
Runtime = Annotated[str, typer.Option(help="auto, litert or keras.")]
BatchSize = Annotated[int, typer.Option(min=1, max=4096, help="Faces classified at once.")]
BlurFaces = Annotated[bool, typer.Option("--blur-faces", help="Make faces unrecognisable.")]
Threshold = Annotated[
    float, typer.Option(min=0, max=1, help="Name an emotion from this probability on.")
]
Labels = Annotated[str, typer.Option(help="Labels to draw, comma-separated; all if empty.")]
GifRange = Annotated[str, typer.Option(help="Seconds the GIF shows, as START-STOP.")]
Crf = Annotated[int, typer.Option(min=0, max=51, help="Quality of the video, lower is better.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help="Print the results as JSON on stdout.")]


def parse_outputs(text: str) -> tuple[str, ...]:
    """Names of outputs from a comma-separated list, in the order of ``OUTPUTS``.

    Raises:
        UsageError: one of them is not an output.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in OUTPUTS]
    if unknown or not names:
        raise UsageError(
            f"--outputs: {unknown[0] if unknown else 'nothing'!r} is not an output; "
            f"choose from {', '.join(OUTPUTS)}"
        )
    return tuple(name for name in OUTPUTS if name in names)


def parse_labels(text: str) -> tuple[str, ...]:
    """Labels from a comma-separated list."""
    return tuple(label.strip() for label in text.split(",") if label.strip())


def parse_range(text: str) -> tuple[float, float]:
    """Two times in seconds from ``START-STOP``; (0, 0) from an empty text.

    Raises:
        UsageError: not two rising numbers.
    """
    if not text:
        return 0.0, 0.0
    try:
        start, stop = (float(part) for part in text.split("-"))
    except ValueError:
        start, stop = 0.0, -1.0
    if not 0 <= start < stop:
        raise UsageError(f"--gif-range: {text!r} is not START-STOP in seconds, such as 12.5-17")
    return start, stop


def analyze_settings(
    model: str,
    detector: str,
    detector_model: str,
    min_face: int,
    min_confidence: float,
    every: int,
    fps: float,
    smooth: float,
) -> AnalyzeSettings:
    """What the options of a command say about detecting and classifying."""
    return AnalyzeSettings(
        model=model,
        detector=detector,
        detector_model=detector_model,
        min_face=min_face,
        min_confidence=min_confidence,
        every=every,
        fps=fps,
        smooth_s=smooth,
    )


def render_settings(
    blur_faces: bool, threshold: float, labels: str, gif_range: str, crf: int
) -> RenderSettings:
    """What the drawing options of a command ask for.

    Raises:
        UsageError: the range is none.
    """
    start, stop = parse_range(gif_range)
    return RenderSettings(
        blur_faces=blur_faces,
        threshold=threshold,
        labels=parse_labels(labels),
        gif_start_s=start,
        gif_stop_s=stop,
        crf=crf,
    )


def check_labels(labels: tuple[str, ...], known: tuple[str, ...], model: str) -> None:
    """Refuse labels that the model does not have.

    Raises:
        UsageError: names the first such label.
    """
    for label in labels:
        if label not in known:
            raise UsageError(f"--labels: {model} has no label {label!r}; it has {', '.join(known)}")


def check_settings(settings: AnalyzeSettings, run: RunSettings | None = None) -> None:
    """Refuse values that typer cannot check.

    Raises:
        UsageError: names the option.
    """
    from fer_batch.emotion.load import DEVICES, RUNTIMES
    from fer_batch.faces.detector import DETECTORS

    run = run or RunSettings()
    for option, value, known in (
        ("--detector", settings.detector, DETECTORS),
        ("--device", run.device, DEVICES),
        ("--runtime", run.runtime, RUNTIMES),
    ):
        if value not in known:
            raise UsageError(f"{option}: {value!r}; choose from {', '.join(known)}")


def check_out(out: Path) -> None:
    """Refuse an output folder that cannot be one.

    Raises:
        OutputPathError: a file, or not writable.
    """
    import tempfile

    from fer_batch.atomic import write_error
    from fer_batch.errors import OutputPathError

    try:
        if out.exists() and not out.is_dir():
            raise OutputPathError(f"{out}: is a file; choose a folder with -o")
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except FileNotFoundError as error:  # as in /proc
        raise OutputPathError(f"{out}: cannot be made; choose another place with -o") from error
    except OSError as error:
        raise write_error(error, out) from error


def report_error(line: str) -> None:
    """One line on stderr."""
    typer.echo(f"fer-batch: {line}", err=True)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def handler(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if sys.stderr.isatty():
            report_error("stopping; what is finished is kept (Ctrl-C again to stop at once)")

    before = {s: signal.signal(s, handler) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)

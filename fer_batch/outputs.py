"""Every output, one entry each: its names, what people read of it, what it needs, its writer.

`--outputs` and `--only`, names in work and result folders, links of the pages, `demo` and the docs
follow from here. A new format is a file in `output/formats` and one entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from fer_batch.errors import UsageError
from fer_batch.option_text import parse_names

FILMS = ("video", "frames")
EVERY_KIND = ("video", "frames", "photos")
# What an output is made of: the timeline alone; pictures too; or the results of a whole batch.
Needs = Literal["timeline", "pixels", "batch"]


@dataclass(frozen=True, slots=True)
class Output:
    """One output.

    ``name`` is what `--outputs` calls it, ``file`` the file that people open, ``more`` patterns of
    others that belong to it. ``title`` and ``text`` are for links and lists. ``joined`` is the
    table that holds the rows of a whole batch, ``beside`` are other files beside a batch's folders.
    ``shown``: browsers show it rather than save it. ``default``: the kinds of input (see
    ``types.SourceKind``) that it is made of where nothing else is said; ``kinds``: those that it
    can be made of at all.

    ``writer`` is "module:function", imported when first needed; "" for what the steps of
    `pipeline` make while they draw. By ``needs`` it is called with

    - timeline: ``(timeline, path, facts)``, see ``output.write.Facts``
    - pixels: ``(source, timeline, render_settings, path, timings, should_cancel)``; it may write
      nothing where the wanted range holds no frame
    - batch: ``(tables, path)``, the CSV tables that lie beside the folders

    ``made_of``: outputs that it cannot be made without; they are made too.
    """

    name: str
    file: str
    title: str
    text: str
    needs: Needs = "timeline"
    writer: str = ""
    more: tuple[str, ...] = ()
    joined: str = ""
    beside: tuple[str, ...] = ()
    shown: bool = False
    default: tuple[str, ...] = FILMS
    kinds: tuple[str, ...] = EVERY_KIND
    made_of: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Patterns of the files in an input's folder."""
        return () if self.needs == "batch" else (self.file, *self.more)

    @property
    def of_batch(self) -> tuple[str, ...]:
        """Files beside the folders of a batch's inputs."""
        own = (self.file,) if self.needs == "batch" else ()
        return (*own, *((self.joined,) if self.joined else ()), *self.beside)

    def load(self) -> Callable[..., Any]:
        """The writer."""
        module, _, function = self.writer.partition(":")
        found: Callable[..., Any] = getattr(import_module(module), function)
        return found


# In the order in which a person would open them.
REGISTRY: tuple[Output, ...] = (
    Output(
        "report",
        "report.html",
        "Report",
        "The video with its timeline, or a gallery of the photos, in a browser",
        needs="pixels",
        more=("report/*",),
        beside=("index.html", "people.html"),
        shown=True,
        default=EVERY_KIND,
    ),
    Output(
        "video",
        "annotated.mp4",
        "Video",
        "The video with boxes, numbers and expressions; with sound",
        needs="pixels",
        shown=True,
    ),
    Output(
        "images",
        "annotated/*.jpg",
        "Images",
        "Each image with boxes, numbers and expressions",
        needs="pixels",
        more=("annotated/**/*.jpg",),
        shown=True,
        default=("frames", "photos"),
        kinds=("frames", "photos"),
    ),
    Output(
        "gif",
        "preview.gif",
        "GIF",
        "The key moments, animated",
        needs="pixels",
        writer="fer_batch.pipeline.preview:preview",
        shown=True,
    ),
    Output(
        "plot",
        "timeline.png",
        "Plot",
        "The timeline as a picture, a plot for each person",
        writer="fer_batch.output.plot:write_plot",
        shown=True,
    ),
    Output(
        "csv",
        "timeline.csv",
        "Timeline",
        "Every number: a row for each face in each frame",
        writer="fer_batch.output.table:write_csv",
        joined="frames.csv",
        default=EVERY_KIND,
    ),
    Output(
        "intervals",
        "intervals.csv",
        "Intervals",
        "A row for each episode of an expression",
        writer="fer_batch.output.formats.tables:write_intervals",
        joined="intervals.csv",
        kinds=FILMS,
    ),
    Output(
        "people",
        "people.csv",
        "People",
        "A row for each person",
        writer="fer_batch.output.formats.tables:write_people",
        joined="people.csv",
        kinds=FILMS,
    ),
    Output(
        "xlsx",
        "results.xlsx",
        "Workbook",
        "The tables of all inputs as one workbook, a sheet a table",
        needs="batch",
        writer="fer_batch.output.formats.workbook:write_workbook",
        default=(),
        made_of=("csv", "intervals", "people"),
    ),
    Output(
        "cuts",
        "cuts.csv",
        "Shots",
        "A row for each shot, from cut to cut",
        writer="fer_batch.output.formats.tables:write_cuts",
        kinds=FILMS,
    ),
    Output(
        "vtt",
        "emotions.vtt",
        "Captions",
        "Captions, for players",
        writer="fer_batch.output.formats.webvtt:write_webvtt",
        kinds=FILMS,
    ),
    Output(
        "eaf",
        "emotions.eaf",
        "ELAN",
        "Tiers, for ELAN",
        writer="fer_batch.output.formats.elan:write_elan",
        kinds=FILMS,
    ),
    Output(
        "summary",
        "summary.json",
        "Summary",
        "Shares, longest episodes, settings and versions: all that is needed to repeat it",
        beside=("summary.csv",),
        default=EVERY_KIND,
    ),
)
# What a finished input's results are known by: its summary, or the record in its place where none
# was wanted.
SUMMARY, RECORD = "summary.json", ".summary.json"
RECORDS = (SUMMARY, RECORD)
OUTPUTS = tuple(output.name for output in REGISTRY)
DEFAULT_OUTPUTS = tuple(output.name for output in REGISTRY if "video" in output.default)
# No input's results may have the name of a batch's file.
TAKEN = tuple(dict.fromkeys(name for output in REGISTRY for name in output.of_batch))


def output_called(name: str) -> Output:
    """The entry of an output."""
    return next(output for output in REGISTRY if output.name == name)


def outputs_for(kind: str, wanted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is made of an input of that ``kind``: of ``wanted``, and what that is made of, what can
    be made of it, or what suits it where nothing is wanted in particular."""
    wanted = with_parts(wanted)
    return tuple(
        output.name
        for output in REGISTRY
        if (output.name in wanted and kind in output.kinds)
        or (not wanted and kind in output.default)
    )


def with_parts(names: tuple[str, ...]) -> tuple[str, ...]:
    """``names`` of outputs with those that they are made of (``Output.made_of``)."""
    return (*names, *(part for name in names for part in output_called(name).made_of))


def file_of(name: str) -> str:
    """The file that people open of an output."""
    return output_called(name).file


def parse_outputs(text: str, option: str = "--outputs") -> tuple[str, ...]:
    """Names of outputs from a comma-separated list, each once, in the order of the registry.

    Raises:
        UsageError: there is no such output, or none is named.
    """
    names = parse_names(text)
    unknown = [f"unknown output {name!r}" for name in names if name not in OUTPUTS]
    if unknown or not names:
        problem = unknown[0] if unknown else "no output is named"
        raise UsageError(f"{option}: {problem}; choose from {', '.join(OUTPUTS)}")
    return tuple(name for name in OUTPUTS if name in names)

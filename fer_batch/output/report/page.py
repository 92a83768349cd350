"""``report.html``: the player, the timeline, the people, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import write_text
from fer_batch.output.foreign import drawn_with
from fer_batch.output.moments import pick_moments
from fer_batch.output.palette import colours
from fer_batch.output.people import by_weight, episodes, people
from fer_batch.output.report.assets import write_assets
from fer_batch.output.report.data import DASHES, write_data
from fer_batch.output.report.gallery import write_gallery_page
from fer_batch.output.report.html import (
    address,
    clock,
    count,
    length,
    percent,
    policy,
    render,
    size,
)
from fer_batch.output.report.provenance import facts, limits, nobody, provenance
from fer_batch.output.report.shares import Part, share_parts, share_text
from fer_batch.output.report.thumbnails import REPORT_FOLDER, stored_thumbnails
from fer_batch.outputs import REGISTRY, file_of
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fer_batch.output.moments import Moment
    from fer_batch.output.people import Person
    from fer_batch.types import Timeline

VIDEO, PLOT = file_of("video"), file_of("plot")
MOST_PEOPLE = 60


INDEX = "index.html"


def index_from(name: str) -> str:
    """The address of the page of all results, from the folder of the result called ``name``."""
    return "../" * (name.count("/") + 1) + INDEX


def write_report(
    folder: Path, timeline: Timeline, summary: Mapping[str, Any], *, index: str = ""
) -> list[str]:
    """Write ``report.html`` and what it loads, from a result and its stored thumbnails.

    Call it last: the page shows and links what lies in ``folder`` (``annotated.mp4``,
    ``timeline.png``, tables, thumbnails by ``write_thumbnails``). ``summary`` is that of
    ``summary.json``; it need not be on disk yet. ``index``: the address of the page of
    all results as seen from here, "" where there is none. Returns the names of the files of the
    report, relative to ``folder``.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    if timeline.is_photos:
        files = _files(folder)
        return write_gallery_page(folder, timeline, summary, files, _edits(summary), index=index)
    every = episodes(timeline)
    persons = people(timeline, every)
    faces, pictures = stored_thumbnails(folder)
    start_s = float(summary.get("input", {}).get("start_s", 0.0))
    ordered = by_weight(timeline, persons)
    place = folder / REPORT_FOLDER
    write_assets(place)
    write_data(place, timeline, every, ordered, faces, start_s, _edits(summary))
    given = summary.get("input", {})
    text = render(
        "report.html.j2",
        policy=policy(asks="'self'"),  # `fer-batch review`, where that serves the page
        name=timeline.name,
        index=index,
        facts=facts(summary, len(persons)),
        warnings=list(summary.get("warnings", timeline.warnings)),
        sound=bool(given.get("has_audio")),
        video=VIDEO if (folder / VIDEO).is_file() else "",
        plot=PLOT if (folder / PLOT).is_file() else "",
        width=given.get("width") or 16,
        height=given.get("height") or 9,
        frames=max(len(timeline), 1),
        labels=_labels(timeline.labels),
        shades=_shades(timeline),
        sampled=bool((timeline.status == FrameStatus.SKIPPED).any()),
        moments=_moments(timeline, pictures, _stored_moments(summary)),
        people=[_person(timeline, person, faces) for person in ordered[:MOST_PEOPLE]],
        left_out=_left_out(summary, bool(persons)),
        nobody=nobody(timeline, "this input"),
        people_left=max(0, len(ordered) - MOST_PEOPLE),
        files=_files(folder),
        provenance=provenance(summary),
        limits=limits(summary),
        finished="",
    )
    write_text(folder / "report.html", text)
    return ["report.html", *sorted(f"{REPORT_FOLDER}/{path.name}" for path in place.iterdir())]


def _edits(summary: Mapping[str, Any]) -> list[str]:
    """The lines of ``edits.csv`` that a result was drawn with."""
    return [str(line) for line in drawn_with(summary).get("edits", ())]


def _labels(labels: Sequence[str]) -> list[dict[str, str]]:
    known = colours(tuple(labels))
    return [
        {
            "name": label,
            "colour": known[label],
            "dash": " ".join(str(length) for length in DASHES[i % len(DASHES)]),
        }
        for i, label in enumerate(labels)
    ]


def _shades(timeline: Timeline) -> list[dict[str, str]]:
    words = {FrameStatus.NO_FACE: "no face", FrameStatus.DECODE_ERROR: "frame could not be read"}
    return [
        {"kind": status.text, "text": text}
        for status, text in words.items()
        if bool((timeline.status == status).any())
    ]


def _person(timeline: Timeline, person: Person, faces: Mapping[int, str]) -> dict[str, Any]:
    parts = []
    for part in share_parts(person.share, colours(timeline.outcomes)):
        episode = person.longest.get(part.label)
        longest = None
        if episode is not None:
            longest = {
                "frame": episode.start_frame,
                "time": clock(episode.start_s),
                "length": length(episode.seconds),
            }
        parts.append(Part(part.label, part.colour, part.text, part.x, part.width, longest))
    return {
        "id": person.face_id,
        "name": timeline.called(person.face_id),
        "main": person.face_id == timeline.main,
        "picture": faces.get(person.face_id),
        "dominant": person.dominant,
        "seen": length(person.seconds),
        "unusable": length(person.unusable_s) if person.unusable_s > 0 else "",
        "changes": count(person.changes, "change of expression", "changes of expression"),
        "shares": parts,
        "share_text": share_text(parts),
    }


def _left_out(summary: Mapping[str, Any], others: bool) -> str:
    """What was left out because it cannot be read, in a sentence; empty where nothing was.
    ``others``: whether anybody is left."""
    unusable = summary.get("unusable")
    faces = int(unusable.get("faces", 0)) if isinstance(unusable, Mapping) else 0
    if not isinstance(unusable, Mapping) or not faces:
        return ""
    people = int(unusable.get("people", 0))
    one, many = ("more person", "more people") if others else ("person", "people")
    also = f", among them all of {count(people, one, many)}" if people else ""
    share, verb = percent(float(unusable.get("share", 0.0))), "is" if faces == 1 else "are"
    which = f"{count(faces, 'face')} ({share} of all)"
    return f"{which} could not be read and {verb} left out here{also}."


def _stored_moments(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = summary.get("moments")
    return list(found) if isinstance(found, list) else []


def _moments(
    timeline: Timeline, pictures: Mapping[int, str], stored: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The GIF's picks; ``stored`` are those of the summary, which a range given by hand changes."""
    picked = stored or [_plain(one) for one in pick_moments(timeline)]
    known = colours(timeline.outcomes)
    return [
        {
            "frame": one["key_frame"],
            "time": clock(one["key_s"], 1),
            "picture": pictures.get(one["key_frame"]),
            "emotion": one["emotion"],
            "colour": known.get(one["emotion"], ""),
            "person": timeline.called(one["face_id"]),
            "probability": percent(one["probability"]),
            "without": _without(timeline, one["key_frame"]),
        }
        for one in picked
    ]


def _without(timeline: Timeline, frame: int) -> str:
    """What is said of a frame in which nobody is named."""
    there = frame < len(timeline) and timeline.status[frame] == FrameStatus.OK
    return "no readable face" if there else "no face"


def _plain(moment: Moment) -> dict[str, Any]:
    names = ("key_frame", "key_s", "emotion", "face_id", "probability")
    return {name: getattr(moment, name) for name in names}


def _files(folder: Path) -> list[dict[str, Any]]:
    """What can be opened or saved. The summary may be written after the page."""
    others = [output for output in REGISTRY if output.name != "report"]
    return [
        {
            "name": output.file,
            "href": address(output.file),
            "text": output.text,
            "size": "" if output.name == "summary" else size(folder / output.file),
            "save": not output.shown,
        }
        for output in others
        if output.name == "summary" or (folder / output.file).is_file()
    ]

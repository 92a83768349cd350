"""``emotions.eaf``: a tier for each person, for ELAN (Max Planck Institute, Nijmegen).

Written by the EAF 3.0 schema: elements in its order, time slots ascending, ids
unique in the document, values from a controlled vocabulary.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from fer_batch.atomic import write_text
from fer_batch.output.formats.gaps import gaps
from fer_batch.output.people import episodes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
VOCABULARY = "emotions"
LANGUAGE = "und"
# Characters that XML 1.0 cannot hold in any form.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Annotation(NamedTuple):
    start_ms: int
    stop_ms: int
    value: str


def elan_text(
    timeline: Timeline,
    media: str = "annotated.mp4",
    start_s: float = 0.0,
    written: datetime | None = None,
) -> str:
    """The document as XML text.

    ``media`` is the name of the video in the same folder, ``start_s`` the player's time at its
    first frame, ``written`` the time of writing (now, if None). Tiers: name or ``Person <id>`` for
    each person, and ``frames`` for episodes without a face or with decode errors, if any.
    """
    tiers = _tiers(timeline, start_s)
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "fer-batch",
            "DATE": (written or datetime.now(UTC)).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": XSI,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
        },
    )
    count = sum(len(tier) for tier in tiers.values())
    _add_header(root, media, timeline.name, count)
    slots = _add_times(root, tiers)
    _add_tiers(root, tiers, slots)
    _add_types(root, timeline.outcomes)
    ET.indent(root, "  ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _tiers(timeline: Timeline, start_s: float) -> dict[str, list[_Annotation]]:
    """Annotations by tier, ordered by time; those shorter than a millisecond are left out."""
    tiers: dict[str, list[_Annotation]] = {}

    def add(tier: str, begin_s: float, end_s: float, value: str) -> None:
        start, stop = round((start_s + begin_s) * 1000), round((start_s + end_s) * 1000)
        if stop > start >= 0:
            tiers.setdefault(tier, []).append(_Annotation(start, stop, _clean(value)))

    def tier(face_id: int) -> str:
        # `frames` is a tier of its own, and each name stands for one person only.
        name = _clean(timeline.called(face_id))
        return name if name != "frames" else f"Person {face_id}"

    for episode in episodes(timeline):
        add(tier(episode.face_id), episode.start_s, episode.stop_s, episode.emotion)
    for gap in gaps(timeline):
        add("frames", gap.start_s, gap.stop_s, gap.status.text)
    return tiers


def _add_header(root: ET.Element, media: str, name: str, count: int) -> None:
    header = ET.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    address = quote(media)
    ET.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        {"MEDIA_URL": address, "RELATIVE_MEDIA_URL": f"./{address}", "MIME_TYPE": "video/mp4"},
    )
    for key, value in (("input", _clean(name)), ("lastUsedAnnotationId", str(count))):
        ET.SubElement(header, "PROPERTY", {"NAME": key}).text = value


def _add_times(
    root: ET.Element, tiers: dict[str, list[_Annotation]]
) -> dict[tuple[str, int, int], str]:
    """Two slots for each annotation, ascending by time; ids by tier, annotation and end (0, 1).

    No two annotations share a slot: moving one in ELAN moves no other.
    """
    instants = sorted(
        (ms, end == 0, tier, number, end)
        for tier, aligned in tiers.items()
        for number, one in enumerate(aligned)
        for end, ms in enumerate(one[:2])
    )
    order = ET.SubElement(root, "TIME_ORDER")
    slots = {}
    for place, (ms, _, tier, number, end) in enumerate(instants, start=1):
        slots[tier, number, end] = f"ts{place}"
        ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": f"ts{place}", "TIME_VALUE": str(ms)})
    return slots


def _add_tiers(
    root: ET.Element,
    tiers: dict[str, list[_Annotation]],
    slots: dict[tuple[str, int, int], str],
) -> None:
    place = 0
    for name, aligned in tiers.items():
        kind = "frames" if name == "frames" else "emotion"
        tier = ET.SubElement(root, "TIER", {"LINGUISTIC_TYPE_REF": kind, "TIER_ID": name})
        if kind == "emotion":
            tier.set("PARTICIPANT", name)
        for number, one in enumerate(aligned):
            place += 1
            holder = ET.SubElement(tier, "ANNOTATION")
            annotation = ET.SubElement(
                holder,
                "ALIGNABLE_ANNOTATION",
                {
                    "ANNOTATION_ID": f"a{place}",
                    "TIME_SLOT_REF1": slots[name, number, 0],
                    "TIME_SLOT_REF2": slots[name, number, 1],
                },
            )
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = one.value


def _add_types(root: ET.Element, labels: Sequence[str]) -> None:
    for kind in ("emotion", "frames"):
        attributes = {
            "GRAPHIC_REFERENCES": "false",
            "LINGUISTIC_TYPE_ID": kind,
            "TIME_ALIGNABLE": "true",
        }
        if kind == "emotion":
            attributes["CONTROLLED_VOCABULARY_REF"] = VOCABULARY
        ET.SubElement(root, "LINGUISTIC_TYPE", attributes)
    ET.SubElement(
        root,
        "LANGUAGE",
        {
            "LANG_DEF": f"http://cdb.iso.org/lg/CDB-00130975-001#{LANGUAGE}",
            "LANG_ID": LANGUAGE,
            "LANG_LABEL": "undetermined (und)",
        },
    )
    vocabulary = ET.SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": VOCABULARY})
    ET.SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": LANGUAGE})
    for number, label in enumerate(labels):
        entry = ET.SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": f"cve{number}"})
        value = ET.SubElement(entry, "CVE_VALUE", {"DESCRIPTION": "", "LANG_REF": LANGUAGE})
        value.text = _clean(label)


def write_elan(timeline: Timeline, path: Path, facts: Facts) -> None:
    """Write ``emotions.eaf``.

    Raises:
        NoSpaceError, OutputPathError: the file cannot be written.
    """
    write_text(path, elan_text(timeline, facts.media, facts.start_s))

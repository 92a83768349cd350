"""``emotions.eaf``: read back by pympi, and held against the rules of the EAF 3.0 schema."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from fer_batch.output.formats.elan import elan_text
from fer_batch.output.people import episodes
from fer_batch.types import Timeline
from tests.output.timelines import timeline, timelines

# Children of the document in the order that the schema demands.
ORDER = (
    "HEADER",
    "TIME_ORDER",
    "TIER",
    "LINGUISTIC_TYPE",
    "LANGUAGE",
    "CONTROLLED_VOCABULARY",
)
WRITTEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def check(root: ET.Element) -> None:
    """What ELAN expects of a document: order, unique ids, references that lead somewhere."""
    places = [ORDER.index(child.tag) for child in root]
    assert places == sorted(places)
    assert {"AUTHOR", "DATE", "FORMAT", "VERSION"} <= set(root.attrib)
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE", "-1")) for s in root.iter("TIME_SLOT")}
    values = list(slots.values())
    assert values == sorted(values) and all(v >= 0 for v in values)
    ids = [a.get("ANNOTATION_ID") for a in root.iter("ALIGNABLE_ANNOTATION")]
    assert len(ids) == len(set(ids))
    assert len(list(root.iter("TIME_SLOT"))) == len(slots) == 2 * len(ids)
    for name in [*ids, *slots]:
        assert name and re.fullmatch(r"[A-Za-z_][\w.-]*", name)
    types = {t.get("LINGUISTIC_TYPE_ID"): t for t in root.iter("LINGUISTIC_TYPE")}
    vocabularies = {v.get("CV_ID") for v in root.iter("CONTROLLED_VOCABULARY")}
    languages = {each.get("LANG_ID") for each in root.iter("LANGUAGE")}
    for kind in types.values():
        assert kind.get("CONTROLLED_VOCABULARY_REF") in {None, *vocabularies}
    for each in root.iter():
        assert each.get("LANG_REF") in {None, *languages}
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        last = 0
        for one in tier.iter("ALIGNABLE_ANNOTATION"):
            start = slots[one.attrib["TIME_SLOT_REF1"]]
            stop = slots[one.attrib["TIME_SLOT_REF2"]]
            assert last <= start < stop
            last = stop


def test_pympi_reads_tiers_times_and_words(tmp_path: Path) -> None:
    Eaf = pytest.importorskip("pympi").Elan.Eaf
    path = tmp_path / "emotions.eaf"
    path.write_text(elan_text(timeline("hhs..", "nnnnn", status="    x")), encoding="utf-8")
    read = Eaf(str(path))
    assert set(read.get_tier_names()) == {"Person 1", "Person 2", "frames"}
    assert sorted(read.get_annotation_data_for_tier("Person 1")) == [
        (0, 200, "happy"),
        (200, 300, "sad"),
    ]
    assert read.get_annotation_data_for_tier("frames") == [(400, 500, "decode_error")]
    (media,) = read.get_linked_files()
    assert media["RELATIVE_MEDIA_URL"] == "./annotated.mp4"
    vocabulary = read.get_cv_entries("emotions")
    assert {value for values, _ in vocabulary.values() for value, *_ in values} == {
        "happy",
        "sad",
        "neutral",
    }


def test_tiers_are_in_the_players_time() -> None:
    root = ET.fromstring(elan_text(timeline("hh"), start_s=5.0))
    assert [int(s.attrib["TIME_VALUE"]) for s in root.iter("TIME_SLOT")] == [5000, 5200]


def test_names_that_xml_cannot_hold_do_no_harm() -> None:
    hostile = "a\x00\x1b<script>&\"'\ud800\uffff.mp4"
    made = replace(timeline("hh"), name=hostile, labels=("<x>\x07", "sad", "neutral"))
    root = ET.fromstring(elan_text(made, media='we"ird <name>&.mp4'))
    check(root)
    (header,) = root.iter("HEADER")
    assert header[1].text == "a��<script>&\"'��.mp4"
    assert header[0].get("MEDIA_URL") == "we%22ird%20%3Cname%3E%26.mp4"
    assert next(root.iter("ANNOTATION_VALUE")).text == "<x>�"


def test_the_same_timeline_gives_the_same_text() -> None:
    made = timeline("hhs", "nn.")
    assert elan_text(made, written=WRITTEN) == elan_text(made, written=WRITTEN)
    assert 'DATE="2026-01-02T03:04:05+00:00"' in elan_text(made, written=WRITTEN)


@given(timelines())
def test_every_document_follows_the_rules(made: Timeline) -> None:
    root = ET.fromstring(elan_text(made))
    check(root)
    tiers = [t for t in root.iter("TIER") if t.get("PARTICIPANT")]
    annotations = sum(1 for tier in tiers for _ in tier.iter("ANNOTATION"))
    assert annotations <= len(episodes(made))

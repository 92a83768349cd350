"""What is known of the people of an input: from this run, or from results that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.errors import UnreadableError
from fer_batch.jobs.item.carried import numbers_before
from fer_batch.output.stored import read_record, stored_results
from fer_batch.person_name import check_name

if TYPE_CHECKING:
    from fer_batch.jobs.item.at_once import Told
    from fer_batch.jobs.item.relation import Member
    from fer_batch.types import FloatArray

# Embeddings of one face of one input, found twice, differ by no more than this.
THE_SAME = 0.05


@dataclass
class Known:
    """People of one input, by the numbers that its own analysis gave them (``face_id``; of photos
    ``person``): what they are recognised by, and who they are across inputs. ``names``: by number
    across inputs, where they were named before. ``fresh``: this run has recognised them, and some
    of them were ``one_with`` others (see ``Told``)."""

    embedding: dict[int, FloatArray] = field(default_factory=dict)
    person: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    one_with: dict[int, int] = field(default_factory=dict)
    fresh: bool = False


def known_of(member: Member, told: Told | None) -> Known:
    """What is known of an input that is at work. ``told``: what this run has said of its people."""
    import numpy as np

    summary = read_record(member.work.out)
    kept = known_in(member.work.out, summary)
    if told is None:
        return kept
    # Of earlier numbers those hold whose faces are still the same.
    same = {
        face: person
        for face, person in kept.person.items()
        if face in told.embedding
        and face in kept.embedding
        and np.linalg.norm(told.embedding[face].mean(0) - kept.embedding[face].mean(0)) < THE_SAME
    }
    others = told.embedding.keys() - same.keys()
    had = numbers_before(member, summary, kept.person, others)
    taken = set(same.values())
    same |= {face: person for face, person in had.items() if person not in taken}
    return Known(told.embedding, same, one_with=told.one_with, fresh=True)


def known_in(folder: Path, summary: Mapping[str, Any]) -> Known:
    """What finished results tell, with embeddings where these were to be kept."""
    from fer_batch.pipeline.people_file import NAME, read_people

    found = Known()
    related = summary.get("related")
    notes = related.get("notes") if isinstance(related, dict) else None
    if isinstance(notes, dict):
        found.person = dict(_numbers(notes.get("people")))
        found.names = dict(_names(notes.get("names")))
    with suppress(UnreadableError):
        people = read_people(folder / NAME)
        found.embedding, found.person = people.embedding, {**found.person, **people.person}
    return found


def _numbers(noted: Any) -> Iterable[tuple[int, int]]:
    for face, person in noted.items() if isinstance(noted, dict) else ():
        if str(face).isdecimal() and type(person) is int and person > 0:
            yield int(face), person


def _names(noted: Any) -> Iterable[tuple[int, str]]:
    for person, name in noted.items() if isinstance(noted, dict) else ():
        with suppress(ValueError, AttributeError):
            check_name(name)
            yield int(person), name


def beside(members: Sequence[Member]) -> list[Known]:
    """What is known of the other results in the folder that ``members`` are written to: their
    people have numbers too, which must not mean anybody else."""
    folders = {folder for member in members if (folder := _results_of(member)) is not None}
    own = {member.work.out.resolve() for member in members}
    found = []
    for folder in sorted(folders):
        if folder.is_dir():
            others = stored_results(folder, besides=own)
            found += [known for r in others if (known := known_in(r.folder, r.summary)).person]
    return found


def _results_of(member: Member) -> Path | None:
    """The folder of all results, where the input's lie under their name there."""
    parts = tuple(member.item.name.split("/"))
    if member.work.out.parts[-len(parts) :] != parts:
        return None  # a worker's copy
    return Path(*member.work.out.parts[: -len(parts)])

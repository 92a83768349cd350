"""People of films that were just analysed, told apart in all of them at once.

Within one film somebody may look most like a stranger, because the pictures that show them better
are in another film. So the analysis joins only tracks that leave no doubt, and all others are
joined here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fer_batch.errors import UnreadableError

if TYPE_CHECKING:
    import numpy as np

    from fer_batch.jobs.item.relation import Member
    from fer_batch.types import FloatArray, IntArray, Timeline


@dataclass
class Told:
    """People of one input. ``embedding``: what each is recognised by, ``float32[k, 128]``, by
    ``face_id`` (of photos by ``person``); ``one_with``: by ``face_id`` the smallest that is the
    same person, where that is another."""

    embedding: dict[int, FloatArray] = field(default_factory=dict)
    one_with: dict[int, int] = field(default_factory=dict)


def told_at_once(members: Sequence[Member]) -> list[Told | None]:
    """The people of each input; None where this run has not recognised them."""
    from fer_batch.pipeline.people_file import read_people

    found: list[Told | None] = []
    films: list[Film] = []
    for member in members:
        told: Told | None = None
        with suppress(UnreadableError):
            told = Told(read_people(member.work.people).embedding)
            timeline = member.timeline()
            if not timeline.is_photos:
                films.append(Film(told, timeline))
        found.append(told)
    tell(films)
    return found


class Film:
    """The faces of a film of which any track is known: their numbers, rising, the frames that they
    are in, and the embeddings ``float64[k, 128]`` of their tracks."""

    def __init__(self, told: Told, timeline: Timeline) -> None:
        import numpy as np

        from fer_batch.groups import by_track

        self._told, self._known = told, told.embedding  # of tracks, so far
        self._track, self._face = timeline.track, timeline.face_id
        self.faces: list[int] = []
        self.frames: list[IntArray] = []
        self.points: list[np.ndarray] = []
        for face, rows in _longest(by_track(timeline.face_id)):
            tracks = np.unique(timeline.track[rows]).tolist()
            points = [self._known[n] for n in tracks if n in self._known]
            if points:
                self.faces.append(face)
                self.frames.append(timeline.frame[rows])
                self.points.append(np.concatenate(points).astype(np.float64))

    def tell(self, group: Sequence[int]) -> None:
        """Say which of the faces are one person: those of one ``group``."""
        import numpy as np

        from fer_batch.pipeline.identify import by_person

        first: dict[int, int] = {}
        face_id = self._face.copy()
        for face, number in zip(self.faces, group, strict=True):
            if (one := first.setdefault(number, face)) != face:
                self._told.one_with[face] = one
                face_id[np.equal(self._face, face)] = one
        self._told.embedding = by_person(self._track, face_id, self._known)


def tell(films: Sequence[Film]) -> None:
    """Tell the people of ``films`` apart: in all at once, or where these are too many, in each."""
    from fer_batch.tracking.people import MOST_COMPARED, SAME_PERSON, cluster_groups

    if sum(len(film.faces) for film in films) > MOST_COMPARED and len(films) > 1:
        for film in films:
            tell([film])
        return
    points = [each for film in films for each in film.points]
    groups = cluster_groups(points, _apart(films), SAME_PERSON)
    group = {place: number for number, places in enumerate(groups) for place in places}
    first = 0
    for film in films:
        film.tell([group[place] for place in range(first, first + len(film.faces))])
        first += len(film.faces)


def _longest(groups: Iterable[tuple[int, IntArray]]) -> list[tuple[int, IntArray]]:
    """Those that are seen longest, as many as are compared, in their order."""
    from fer_batch.tracking.people import MOST_COMPARED

    chosen = sorted(groups, key=lambda item: (-len(item[1]), item[0]))[:MOST_COMPARED]
    return sorted(chosen, key=lambda item: item[0])


def _apart(films: Sequence[Film]) -> np.ndarray:
    """Which of the faces of all films are seen at once: ``bool[n, n]``."""
    import numpy as np

    from fer_batch.tracking.people import together

    count = sum(len(film.faces) for film in films)
    apart, first = np.zeros((count, count), bool), 0
    for film in films:
        place = slice(first, first + len(film.faces))
        apart[place, place] = together(film.frames)
        first = place.stop
    return apart

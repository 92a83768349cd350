"""``people.html``: everyone in a folder of results, where they appear and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from fer_batch.atomic import write_text
from fer_batch.output.gathered import Appearance, Somebody, gathered
from fer_batch.output.report.assets import own
from fer_batch.output.report.html import address, clock, count, length, policy, render, source_hash
from fer_batch.output.report.thumbnails import stored_thumbnails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fer_batch.output.stored import Stored

PAGE = "people.html"
MOST_PEOPLE = 2000
MOST_PLACES = 6  # of a person, before a reader asks for all
SORTS = (("place", "most seen"), ("name", "name"), ("inputs", "number of inputs"))


def write_people_page(out: Path, results: Sequence[Stored]) -> bool:
    """Write ``out/people.html`` where people were compared across inputs or have names; else there
    is none, also none of an earlier run. Returns whether there is one.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    people = gathered(results)
    if not people:
        (out / PAGE).unlink(missing_ok=True)
        return False
    by_name = {result.name: result for result in results}
    pictures = {name: stored_thumbnails(result.folder)[0] for name, result in by_name.items()}
    style, script = own("base.css") + own("people.css"), own("theme.js") + own("people.js")
    inputs = len({seen.input for one in people for seen in one.appearances})
    text = render(
        "people.html.j2",
        policy=policy(source_hash(script), source_hash(style)),
        style=Markup(style),
        script=Markup(script),
        facts=[count(len(people), "person", "people"), f"in {count(inputs, 'input')}"],
        sorts=SORTS,
        people=[_card(one, by_name, pictures) for one in people[:MOST_PEOPLE]],
        left=max(0, len(people) - MOST_PEOPLE),
    )
    write_text(out / PAGE, text)
    return True


def _card(
    one: Somebody, results: Mapping[str, Stored], pictures: Mapping[str, Mapping[int, str]]
) -> dict[str, Any]:
    places = [_place(seen, results[seen.input], pictures[seen.input]) for seen in one.appearances]
    inputs = len({seen.input for seen in one.appearances})
    said = [length(one.seconds)] if one.seconds else []
    said += [count(one.photos, "photo")] if one.photos else []
    # The picture of where they are seen longest.
    best = max(
        (place for place in places if place["picture"]), key=lambda p: p["weight"], default=None
    )
    return {
        "called": one.called,
        "number": f"Person {one.person}" if one.name and one.person else "",
        "initial": one.name[:1] or str(one.person),
        "picture": best["picture"] if best else "",
        "seen": " and ".join(said),
        "inputs": inputs,
        "inputs_text": count(inputs, "input"),
        "places": places[:MOST_PLACES],
        "more": places[MOST_PLACES:],
        "text": " ".join([one.called, *(seen.input for seen in one.appearances)]).lower(),
    }


def _place(seen: Appearance, result: Stored, pictures: Mapping[int, str]) -> dict[str, Any]:
    parts = result.name.split("/")
    page = (result.folder / "report.html").is_file()
    where = f"#photo={seen.frame}" if seen.photos else f"#frame={seen.frame}"
    picture = pictures.get(seen.number, "")
    return {
        "input": seen.input,
        "href": address(*parts, "report.html") + where if page else "",
        "time": count(seen.photos, "photo") if seen.photos else length(seen.seconds),
        "first": "" if seen.photos else clock(seen.first_s),
        "picture": address(*parts, *picture.split("/")) if picture else "",
        "weight": seen.seconds + seen.photos,
    }

"""Corrections are saved whole or not at all, and drawn as the result was drawn before."""

from __future__ import annotations

import csv
import errno
import json
import time
from pathlib import Path

import pytest

from fer_batch.cli.review.session import ChangedError, Session
from fer_batch.errors import NotFoundError, OutputPathError, UsageError

NAME = "day 1/talk"
HEAD = "do,person,start_s,end_s,value"
SHOT = 12


def drawn(session: Session) -> str:
    end = time.monotonic() + 120
    while session.drawing.state == "drawing":
        assert time.monotonic() < end
        time.sleep(0.05)
    return session.drawing.state


def faces(folder: Path) -> list[tuple[str, str]]:
    with (folder / "timeline.csv").open(encoding="utf-8", newline="") as file:
        return [(row["face_id"], row.get("name", "")) for row in csv.DictReader(file)]


def test_what_can_be_applied_is_saved_and_what_cannot_is_named(out: Path) -> None:
    session, path = Session(out), out / NAME / "edits.csv"
    assert session.lines(NAME) == [] and not path.exists()
    session.save(NAME, [], [HEAD, "name,1,,,Anna"])
    kept = path.read_bytes()
    assert kept.decode() == f"{HEAD}\nname,1,,,Anna\n"
    wrong = {
        "merge,7,,,1": "line 3: there is no person 7",
        "dance,1,,,": "line 3: unknown action",
        "label,1,,,sleepy": "line 3: there is no label",
        "name,2,,,anna": "line 3: person 1 is called",
        "name,2,,,a\nhide,1,,,": "line break",
    }
    for line, words in wrong.items():
        with pytest.raises(UsageError, match=words):
            session.save(NAME, [HEAD, "name,1,,,Anna"], [HEAD, "name,1,,,Anna", line])
        assert path.read_bytes() == kept
    with pytest.raises(ChangedError):
        session.save(NAME, [], [HEAD])
    for name in ("", "day 1", "../out/day 1/talk", "day 1/talk/report"):
        with pytest.raises(NotFoundError):
            session.save(name, [], [])
    session.save(NAME, session.lines(NAME), [HEAD])
    assert not path.exists()


def test_corrections_that_lie_there_as_json_stay_so(out: Path) -> None:
    session, path = Session(out), out / NAME / "edits.json"
    path.write_text('[{"do": "name", "person": 1, "value": "Anna"}]')
    lines = session.lines(NAME)
    assert lines[1:] == ["name,1,,,Anna,"]
    saved = session.save(NAME, lines, [*lines, "label,1,,,sad,"])
    assert saved == [*lines, "label,1,,,sad,"] == session.lines(NAME)
    assert json.loads(path.read_text())[1] == {"do": "label", "person": 1, "value": "sad"}
    assert not path.with_name("edits.csv").exists()
    with pytest.raises(ChangedError, match=r"^edits\.json was changed"):
        session.save(NAME, lines, lines)
    with pytest.raises(UsageError, match=r"^edits\.json entry 3: there is no label"):
        session.save(NAME, saved, [*saved, "label,1,,,sleepy,"])
    with pytest.raises(UsageError, match=r"^edits\.json entry 3: unknown action"):
        session.save(NAME, saved, [*saved, "dance,1,,,,"])
    assert session.save(NAME, saved, lines[:1]) == [] and not path.exists()


def test_the_last_correction_that_cannot_be_undone_is_one_line(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(out)
    session.save(NAME, [], [HEAD, "name,1,,,Anna"])

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputPathError, match=r"edits\.csv: read-only file system"):
        session.save(NAME, [HEAD, "name,1,,,Anna"], [])
    assert session.lines(NAME) == [HEAD, "name,1,,,Anna"]


def test_drawing_applies_them_and_keeps_how_it_was_drawn(out: Path) -> None:
    session = Session(out / NAME)  # one result alone
    session.save("", [], [HEAD, "merge,2,,,1", "name,1,,,Anna"])
    assert faces(out / NAME)[SHOT] == ("2", "")
    session.draw("")
    with pytest.raises(UsageError, match="already"):
        session.draw("")
    assert drawn(session) == "done", session.drawing.error
    assert set(faces(out / NAME)) == {("1", "Anna")}
    settings = session.result("").summary["settings"]["render"]
    assert settings["preset"] == "ultrafast" and settings["edits"][1] == "merge,2,,,1"
    assert "Anna" in (out / "people.csv").read_text("utf-8")
    # Lines that are added count from what these have made.
    session.save("", session.lines(""), [*session.lines(""), "label,1,,0.2,sad"])
    assert session.lines("")[-1] == "label,1,,0.2,sad"


def test_what_cannot_be_drawn_says_so_and_stays(out: Path) -> None:
    session, film = Session(out), Path(Session(out).result(NAME).path)
    before = faces(out / NAME)
    away = film.rename(film.with_name("away.mp4"))
    try:
        session.save(NAME, [], [HEAD, "hide,2,,,"])
        session.draw(NAME)
        assert drawn(session) == "failed" and "talk.mp4" in session.drawing.error
        assert faces(out / NAME) == before
    finally:
        away.rename(film)


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for folder, said in ((tmp_path, "holds no results"), (tmp_path / "none", "no such folder")):
        with pytest.raises(NotFoundError, match=said):
            Session(folder)

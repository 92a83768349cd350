"""The server of a review lets in who has the secret, and gives out pages alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from fer_batch.cli.review.files import find, part
from fer_batch.cli.review.server import MARK, MOST_BODY, ReviewServer
from fer_batch.cli.review.session import Session
from fer_batch.errors import NotFoundError, UsageError

NAME = "day 1/talk"
REPORT = "/day%201/talk/report.html"


class Guest:
    """Asks a server; what it knows is in ``cookie``."""

    def __init__(self, server: ReviewServer) -> None:
        self.server, self.cookie = server, ""

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        given = {"Cookie": self.cookie} if self.cookie else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def enter(self) -> None:
        answer, _ = self.ask("GET", f"/?token={self.server.token}")
        assert answer.status == 303
        self.cookie = str(answer.getheader("Set-Cookie")).partition(";")[0]

    def post(self, path: str, data: Any, **headers: str) -> tuple[int, Any]:
        given = {
            "Origin": f"http://127.0.0.1:{self.server.port}",
            "Content-Type": "application/json",
            MARK: self.server.mark,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        answer, content = self.ask("POST", path, body, **{k: v for k, v in given.items() if v})
        kind = str(answer.getheader("Content-Type"))
        return answer.status, json.loads(content) if kind == "application/json" else content


@pytest.fixture
def server(out: Path) -> Iterator[ReviewServer]:
    with ReviewServer(Session(out)) as server:
        yield server


@pytest.fixture
def guest(server: ReviewServer) -> Guest:
    found = Guest(server)
    found.enter()
    return found


def test_the_address_opens_once(server: ReviewServer) -> None:
    guest = Guest(server)
    for path in ("/", REPORT, "/?token=x", f"/?token={server.token[:-1]}"):
        assert guest.ask("GET", path)[0].status == 403
    guest.enter()
    answer, _ = guest.ask("GET", f"/?token={server.token}")
    assert answer.status == 303 and answer.getheader("Location") == "/index.html"
    late = Guest(server)
    answer, content = late.ask("GET", f"/?token={server.token}")
    assert answer.status == 403 and b"opened before" in content
    cookie = guest.cookie[:-1] + ("a" if guest.cookie[-1] != "a" else "b")
    assert late.ask("GET", REPORT, Cookie=cookie)[0].status == 403


def test_it_answers_to_its_own_name_alone(guest: Guest) -> None:
    port = guest.server.port
    assert guest.ask("GET", REPORT, Host=f"localhost:{port}")[0].status == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", ""):
        assert guest.ask("GET", REPORT, Host=host)[0].status == 421
    assert guest.server.entrance.startswith("http://127.0.0.1:")


def test_pages_bear_the_mark_and_videos_come_in_pieces(guest: Guest, out: Path) -> None:
    answer, content = guest.ask("GET", REPORT)
    assert answer.status == 200 and guest.server.mark.encode() in content
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"
    _, index = guest.ask("GET", "/index.html")
    assert guest.server.mark.encode() not in index
    video = (out / NAME / "annotated.mp4").read_bytes()
    path = "/day%201/talk/annotated.mp4"
    answer, content = guest.ask("GET", path, Range="bytes=10-19")
    assert (answer.status, content) == (206, video[10:20])
    assert answer.getheader("Content-Range") == f"bytes 10-19/{len(video)}"
    answer, content = guest.ask("HEAD", path)
    assert answer.getheader("Content-Length") == str(len(video)) and content == b""
    assert guest.ask("GET", path, Range="bytes=9999999-")[1] == video


def test_nothing_else_of_the_folder_or_outside_is_served(guest: Guest, out: Path) -> None:
    (out / "secret.html").write_text("<p>not ours</p>")
    (out / "notes.md").write_text("notes")
    (out.parent / "outside.csv").write_text("x")
    (out / "link.csv").symlink_to(out.parent / "outside.csv")
    (out / "folder").symlink_to(out.parent)
    os.mkfifo(out / "pipe.csv")
    wrong = [
        "/day%201/talk/.timeline.npz", "/.failures.json", "/secret.html", "/notes.md", "/link.csv",
        "/folder/outside.csv", "/pipe.csv", "/..%2foutside.csv", "/../outside.csv",
        "/day%201/../../outside.csv", "//etc/passwd", "/day%201", "/day%201/talk/", "/%00.csv",
        "/day%201%2ftalk%2freport.html", "/-/other", "/" + "a" * 300 + ".csv",
    ]  # fmt: skip
    for path in wrong:
        assert guest.ask("GET", path)[0].status == 404, path
    for path in ("/index.html", "/summary.csv", "/day%201/talk/report/app.js", "/favicon.ico"):
        assert guest.ask("GET", path)[0].status in (200, 204), path
    with pytest.raises(NotFoundError):
        find(out, "/folder/out/index.html")


def test_corrections_come_from_our_pages_alone(guest: Guest, out: Path) -> None:
    lines = ["do,person,start_s,end_s,value", "hide,1,,,"]
    asked = {"name": NAME, "before": [], "lines": lines}
    for headers in (
        {"Origin": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {MARK.replace("-", "_"): "wrong"},
        {MARK.replace("-", "_"): ""},
    ):
        assert guest.post("/-/edits", asked, **headers)[0] == 403
    assert guest.post("/-/edits", asked, Content_Type="text/plain")[0] == 415
    assert not (out / NAME / "edits.csv").exists()
    assert guest.post("/-/edits", asked) == (200, {"lines": lines})
    assert (out / NAME / "edits.csv").read_text() == "\n".join(lines) + "\n"
    state = json.loads(guest.ask("GET", "/-/state?name=day%201/talk")[1])
    assert state["lines"] == lines and state["drawing"]["state"] == "idle"
    status, said = guest.post("/-/edits", asked)
    assert status == 409 and "changed meanwhile" in said["error"]
    status, said = guest.post(
        "/-/edits", {**asked, "before": lines, "lines": [*lines, "hide,1,,,"]}
    )
    assert status == 422 and "line 3: there is no person 1" in said["error"]


def test_what_is_no_request_is_refused(guest: Guest) -> None:
    for data in (
        b"",
        b"[",
        b"[]",
        b"{}",
        b'{"name": 1}',
        b'{"name": "", "before": 1, "lines": []}',
    ):
        assert guest.post("/-/edits", data)[0] == 422, data
    assert guest.post("/-/edits", {"name": "x", "before": [], "lines": []})[0] == 404
    assert guest.post("/-/draw", {"name": "../x"})[0] == 404
    assert guest.post("/-/other", {"name": ""})[0] == 404
    answer, _ = guest.ask(
        "POST", "/-/edits", None, Origin=f"http://127.0.0.1:{guest.server.port}",
        Content_Type="application/json", Content_Length=str(MOST_BODY + 1),
        **{MARK: guest.server.mark},
    )  # fmt: skip
    assert answer.status == 413
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert guest.ask(method, REPORT)[0].status == 501


def test_a_port_that_is_taken_is_one_line(server: ReviewServer, out: Path) -> None:
    with pytest.raises(UsageError, match=f"--port {server.port}: .*; choose another"):
        ReviewServer(Session(out), server.port)


def test_ranges() -> None:
    cases = {
        "": (0, 9), "bytes=0-": (0, 9), "bytes=2-3": (2, 4), "bytes=2-99": (2, 9),
        "bytes=-4": (5, 9), "bytes=-99": (0, 9), "bytes=9-": (0, 9), "bytes=4-2": (0, 9),
        "bytes=1-2,4-5": (0, 9), "lines=1-2": (0, 9), "bytes=-": (0, 9),
    }  # fmt: skip
    assert {text: part(text, 9) for text in cases} == cases

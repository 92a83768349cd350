"""The server of a review: this machine only, one guest, nothing beyond the folder.

Whoever asks must know the secret: the address that is printed opens once and leaves it in a cookie.
The ``Host`` is checked (a name that leads here is not enough), and what changes something must
come from a page of ours: its ``Origin``, and a mark that only such a page holds.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from fer_batch import door
from fer_batch.cli.review.files import Served, find, part
from fer_batch.cli.review.session import ChangedError, Session
from fer_batch.errors import FerBatchError, NotFoundError, UsageError
from fer_batch.printable import one_line

LOOPBACK = "127.0.0.1"
MOST_BODY = 4 << 20
MOST_LINES = 100_000
QUIET_S = 30.0  # a connection that says nothing for so long is closed
MARK = "X-Fer-Batch-Review"
BLOCK = 1 << 18
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class ReviewServer:
    """Serves a session while it is entered. ``entrance``: the address that opens once."""

    def __init__(self, session: Session, port: int = 0) -> None:
        self.session = session
        self.token, self.cookie, self.mark = (secrets.token_urlsafe(32) for _ in range(3))
        self.used = threading.Lock()  # taken for good by whoever comes first
        try:
            self._server = _Server((LOOPBACK, port), _Handler)
        except OSError as error:
            reason = (error.strerror or "cannot be used").lower()
            raise UsageError(f"--port {port}: {reason}; choose another") from error
        self._server.review = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def entrance(self) -> str:
        """The address for the browser."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a ``Host`` may be."""
        return f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    review: ReviewServer
    daemon_threads = True
    allow_reuse_address = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A guest that hangs up is no news."""


class _Answer(Exception):
    """An answer other than what was asked for."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = QUIET_S
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fer-batch", ""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_HEAD(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self.close_connection = True  # whatever is left of a body that was not read
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: addresses hold the token."""

    def _answer(self, work: Callable[[str], None]) -> None:
        try:
            work(self._checked())
        except _Answer as answer:
            self._send(answer.status, str(answer).encode(), "text/plain; charset=utf-8")
        except NotFoundError as error:
            self._say(HTTPStatus.NOT_FOUND, {"error": one_line(str(error))})
        except ChangedError as error:
            self._say(HTTPStatus.CONFLICT, {"error": one_line(str(error))})
        except (UsageError, door.Refused) as error:
            self._say(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": one_line(str(error))})
        except FerBatchError as error:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": one_line(str(error))})
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _checked(self) -> str:
        """The path that is asked for, by somebody who may.

        Raises:
            _Answer: to whom it is refused; or where the token becomes a cookie.
        """
        review, asked = self.server.review, urlsplit(self.path)
        if self.headers.get("Host") not in review.hosts:
            raise _Answer(HTTPStatus.MISDIRECTED_REQUEST, "this server is not called so")
        if secrets.compare_digest(self._cookie().encode(), review.cookie.encode()):
            return asked.path
        given = parse_qs(asked.query).get("token", [""])[0]
        if not secrets.compare_digest(given.encode(), review.token.encode()):
            raise _Answer(
                HTTPStatus.FORBIDDEN, "open the address that fer-batch review has printed"
            )
        if not review.used.acquire(blocking=False):
            raise _Answer(
                HTTPStatus.FORBIDDEN, "this address was opened before; start fer-batch review again"
            )
        return "/-/enter"

    def _cookie(self) -> str:
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(self._cookie_name())
        except CookieError:
            return ""
        return found.value if found is not None else ""

    def _cookie_name(self) -> str:
        return f"fer-batch-review-{self.server.review.port}"

    def _get(self, path: str) -> None:
        session = self.server.review.session
        if path == "/-/enter":
            self.send_response(HTTPStatus.SEE_OTHER)
            value = f"{self._cookie_name()}={self.server.review.cookie}"
            self.send_header("Set-Cookie", f"{value}; Path=/; HttpOnly; SameSite=Strict")
            self._redirect(self._first_page())
        elif path == "/-/state":
            (name,) = parse_qs(urlsplit(self.path).query, keep_blank_values=True).get("name", [""])
            self._say(
                HTTPStatus.OK,
                {"lines": session.lines(name), "drawing": session.drawing.to_json()},
            )
        elif path == "/favicon.ico":  # browsers ask for it
            self._send(HTTPStatus.NO_CONTENT, b"", "image/x-icon")
        elif path == "/":
            self.send_response(HTTPStatus.SEE_OTHER)
            self._redirect(self._first_page())
        else:
            self._file(find(session.folder, path))

    def _first_page(self) -> str:
        folder = self.server.review.session.folder
        pages = ("index.html", "report.html")
        return "/" + next((page for page in pages if (folder / page).is_file()), pages[1])

    def _redirect(self, where: str) -> None:
        self.send_header("Location", quote(where))
        self._headers(b"")

    def _file(self, served: Served) -> None:
        with served.file:
            if served.is_page:
                content = served.file.read()
                mark = f'<head>\n<meta name="fer-batch-review" content="{self.server.review.mark}">'
                self._send(HTTPStatus.OK, content.replace(b"<head>", mark.encode(), 1), served.kind)
                return
            first, last = part(self.headers.get("Range", ""), served.size)
            whole = last - first == served.size
            self.send_response(HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Type", served.kind)
            self.send_header("Accept-Ranges", "bytes")
            if not whole:
                self.send_header("Content-Range", f"bytes {first}-{last - 1}/{served.size}")
            self._headers(None, last - first)
            if self.command == "HEAD":
                return
            served.file.seek(first)
            while first < last and (data := served.file.read(min(BLOCK, last - first))):
                self.wfile.write(data)
                first += len(data)

    def _post(self, path: str) -> None:
        review = self.server.review
        origins = [f"http://{host}" for host in review.hosts]
        if path == "/-/enter" or self.headers.get("Origin", "") not in origins:
            raise _Answer(HTTPStatus.FORBIDDEN, "not from a page of this review")
        if not secrets.compare_digest(self.headers.get(MARK, "").encode(), review.mark.encode()):
            raise _Answer(HTTPStatus.FORBIDDEN, "not from a page of this review; load it again")
        asked = self._body()
        name = door.text(asked.get("name"), "name")
        if path == "/-/edits":
            before = _lines(asked.get("before"), "before")
            lines = _lines(asked.get("lines"), "lines")
            self._say(HTTPStatus.OK, {"lines": review.session.save(name, before, lines)})
        elif path == "/-/draw":
            review.session.draw(name)
            self._say(HTTPStatus.ACCEPTED, {"drawing": review.session.drawing.to_json()})
        else:
            raise _Answer(HTTPStatus.NOT_FOUND, "there is no such thing here")

    def _body(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise _Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "JSON is expected")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            raise _Answer(HTTPStatus.LENGTH_REQUIRED, "how long it is must be said")
        if len(length) > 9 or int(length) > MOST_BODY:
            raise _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        return door.record(door.parse_json(self.rfile.read(int(length))), "request")

    def _say(self, status: HTTPStatus, data: dict[str, Any]) -> None:
        self._send(status, json.dumps(data).encode(), "application/json")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self._headers(content)

    def _headers(self, content: bytes | None, length: int = 0) -> None:
        for name, value in SAFE.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length if content is None else len(content)))
        self.end_headers()
        if content and self.command != "HEAD":
            self.wfile.write(content)


def _lines(value: Any, field: str) -> list[str]:
    """Raises Refused: it is no list of texts."""
    return [door.text(line, field, 1000) for line in door.rows(value, field, MOST_LINES)]

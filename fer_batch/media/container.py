"""Opening containers made by strangers.

FFmpeg's own probing takes the text of an HLS or ffconcat playlist for a video, whatever its name,
and would then open what it points at. So only real containers are allowed, over plain files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from fer_batch.errors import (
    InputError,
    LimitError,
    NotFoundError,
    NotMediaError,
    NoVideoError,
    UnreadableError,
)

PROTOCOLS = "file"
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,nut,gif"


@contextmanager
def open_container(path: Path, streams: int = 64) -> Iterator[Any]:
    """Open a media file for reading as an ``av.container.InputContainer``.

    The path is handed over absolute, so that a name can be neither a protocol nor an option.

    Raises:
        InputError: one of its kinds, with one line that names the file.
    """
    path = check_readable(path)
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}
    # A clock that falls back is a recording behind another (media/restarts); FFmpeg would take a
    # fall of more than a minute for the clock's overflow after 26 hours.
    options["correct_ts_overflow"] = "0"
    try:
        container = av.open(str(path), options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise open_error(path, error) from error
    try:
        if len(container.streams) > streams:
            raise LimitError(f"{path}: has {len(container.streams)} streams, more than {streams}")
        yield container
    finally:
        container.close()


def video_stream(container: Any, path: Path) -> Any:
    """The first stream of moving pictures that is not cover art.

    Raises:
        NoVideoError: there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise NoVideoError(f"{path}: has no video, only sound or data; leave it out")


def check_readable(path: Path) -> Path:
    """The absolute path of a regular file with content that can be opened.

    Raises:
        InputError: one of its kinds.
    """
    try:
        path = path.absolute()
        if not path.exists():
            raise NotFoundError(f"{path}: not found; check the path")
        if not path.is_file():
            raise UnreadableError(f"{path}: is not a regular file")
        with path.open("rb") as file:
            if not file.read(1):
                raise UnreadableError(f"{path}: is empty; copy or export it again")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnreadableError(
            f"{path}: cannot be read ({reason}); check its permissions"
        ) from error
    return path


def open_error(path: Path, error: Exception) -> InputError:
    """What FFmpeg's refusal means for the person who handed the file over."""
    text = str(error).lower()
    if isinstance(error, av.error.PermissionError):
        return UnreadableError(f"{path}: cannot be read; check its permissions")
    if (
        "whitelist" in text
        or "not found" in text
        or "invalid data" in text
        or "invalid arg" in text
    ):
        return NotMediaError(
            f"{path}: is not a video that can be opened (damaged, cut off, or another kind of "
            "file under a video's name); export or copy it again"
        )
    return NotMediaError(f"{path}: cannot be opened as a video ({type(error).__name__})")

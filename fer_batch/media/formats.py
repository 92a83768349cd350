"""Which containers are read, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import av

from fer_batch.errors import InputError, NotMediaError, UnreadableError
from fer_batch.media.image_kind import RAW_SUFFIXES, START_BYTES, image_kind, other_kind
from fer_batch.suffixes import VIDEO_SUFFIXES

# FFmpeg's names. Real containers and bare streams; no playlists, nothing that makes pictures up.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,nut,gif,"
    "mxf,dv,rm,wtv,gxf,ivf,obu,h264,hevc,vvc,m4v,vc1,h263,mjpeg,yuv4mpegpipe"
)
# Those of them that hold bare pictures: how many a second, only a guess tells.
BARE = frozenset({"h264", "hevc", "vvc", "m4v", "vc1", "h263", "mjpeg"})

# Of kinds of images that are not called by their suffix.
_SUFFIXES = {"jpeg": ".jpg", "pnm": ".pgm", "heif": ".heic"}

# Whatever damaged or hostile bytes make FFmpeg and PyAV raise; not what a defect of ours would.
FAULTS = (av.FFmpegError, ValueError, LookupError, ArithmeticError, RuntimeError, MemoryError)


def convert(path: Path) -> str:
    """The command that makes a video of another kind readable."""
    return f"convert it: ffmpeg -i '{path.name}' out.mp4"


def open_error(path: Path, error: Exception) -> InputError:
    """What FFmpeg's refusal means for the person who handed the file over."""
    if isinstance(error, av.error.PermissionError):
        return UnreadableError(f"{path}: cannot be read; check its permissions")
    if isinstance(error, ValueError | LookupError) and (picture := _picture(path)):
        return NotMediaError(f"{path}: {picture}")
    # FFmpeg knows the container, but it is none of FORMATS.
    if isinstance(error, av.error.ArgumentError):
        return NotMediaError(f"{path}: this kind of container is not supported; {convert(path)}")
    if isinstance(error, MemoryError):
        return NotMediaError(f"{path}: its index is larger than fer-batch takes; {convert(path)}")
    if not isinstance(error, ValueError | LookupError):  # neither damaged nor unknown
        return NotMediaError(f"{path}: cannot be opened as a video ({reason(error)})")
    suffix = path.suffix.lower()
    if suffix and suffix not in VIDEO_SUFFIXES:
        return NotMediaError(
            f"{path}: this kind of file ({suffix}) is not supported; where it is a video, "
            f"{convert(path)}"
        )
    return NotMediaError(
        f"{path}: is not a video that can be opened (damaged, cut off, or another kind of "
        "file under a video's name); export or copy it again"
    )


def _picture(path: Path) -> str:
    """What is said of a picture under the name of another kind of file; "" of any other file."""
    try:
        with path.open("rb") as file:
            start = file.read(START_BYTES)
    except OSError:
        return ""
    if path.suffix.lower() not in RAW_SUFFIXES and (kind := image_kind(start)):
        suffix = _SUFFIXES.get(kind, f".{kind}")
        return f"is an image ({kind.upper()}) under another name; name it {path.stem}{suffix}"
    words = other_kind(start, path)
    if words in ("", "a video", "text"):
        return ""
    return f"is {words}, which is not read; export it as JPEG or PNG, or as a video"


def reason(error: Exception) -> str:
    """Why FFmpeg gave up, in a few words."""
    return str(getattr(error, "strerror", "") or type(error).__name__).lower()

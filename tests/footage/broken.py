"""What strangers hand in: files that are damaged, empty, hostile, or something else by nature."""

from __future__ import annotations

import struct
from pathlib import Path

import av

from tests.footage import videos
from tests.footage.oracle import ffmpeg
from tests.footage.pictures import numbered

REFUSED = (
    "empty.mp4",
    "text.mp4",
    "playlist.mp4",
    "concat.mp4",
    "no moov.mp4",
    "no frames.mp4",
    "only sound.mp4",
    "huge.mkv",
)


def refused(folder: Path, other: Path) -> list[Path]:
    """One file for each of REFUSED in ``folder``. ``other`` is what the playlists point at."""
    folder.mkdir(parents=True, exist_ok=True)
    empty, text, playlist, concat, no_moov, no_frames, only_sound, huge = (
        folder / name for name in REFUSED
    )
    empty.touch()
    text.write_text("Dear customer,\nplease find the video attached.\n")
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{other}\n#EXT-X-ENDLIST\n"
    )
    concat.write_text(f"ffconcat version 1.0\nfile '{other}'\n")
    truncated(no_moov, videos.write(folder / ".whole.mp4", [numbered(i) for i in range(30)]), 0.6)
    (folder / ".whole.mp4").unlink()
    without_frames(no_frames)
    ffmpeg("-f", "lavfi", "-i", "sine=330:duration=1", "-c:a", "aac", only_sound)
    enormous(huge)
    return [folder / name for name in REFUSED]


def truncated(path: Path, source: Path, share: float) -> Path:
    """The first ``share`` of the bytes of ``source``."""
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def without_frames(path: Path) -> Path:
    """A video track with a header and not one frame."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        container.start_encoding()
    return path


def enormous(path: Path, side: int = 6_400) -> Path:
    """A video of one frame of ``side`` x ``side`` pixels: more than fer-batch takes."""
    picture = f"color=gray:s=64x64:d=0.04,scale={side}:{side}:flags=neighbor,format=yuv420p"
    ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "31", path)
    return path


def damaged(path: Path, source: Path, packet: int) -> Path:
    """A copy of ``source`` with the pictures in packet number ``packet`` overwritten by noise."""
    with av.open(str(source)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        chosen = packets[packet]
        start, size = chosen.pos, chosen.size
    content = bytearray(source.read_bytes())
    # The first bytes hold lengths that the container needs; what follows is the picture.
    for i in range(start + 5, start + size):
        content[i] = (content[i] * 37 + i * 11 + 91) % 256
    path.write_bytes(content)
    return path


def without_pts(path: Path) -> Path:
    """20 frames of H.264 with B-frames in an AVI: the container has no place for a PTS."""
    assert path.suffix == ".avi"
    return videos.write(path, [numbered(i) for i in range(20)], videos.Recipe(b_frames=2))


def promising(path: Path, source: Path, samples: int = 88_000_000) -> Path:
    """A copy of an MP4 whose index promises ``samples`` pictures of one byte."""
    content = bytearray(source.read_bytes())
    place = content.index(b"stsz") + 8
    content[place : place + 8] = struct.pack(">II", 1, samples)
    place = content.index(b"stts") + 12
    content[place : place + 4] = struct.pack(">I", samples)
    place = content.index(b"stsc") + 16
    content[place : place + 4] = struct.pack(">I", samples)
    path.write_bytes(content)
    return path


def encrypted(path: Path, source: Path) -> Path:
    """A copy of ``source`` as MP4 under copy protection (Common Encryption)."""
    key = ("-encryption_key", "0123456789abcdef" * 2, "-encryption_kid", "fedcba9876543210" * 2)
    ffmpeg("-i", source, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", *key, path)
    return path


def bad_sound(path: Path, source: Path, packet: int = 5) -> Path:
    """A copy of a transport stream with AAC, one packet of which claims to hold several blocks,
    which FFmpeg has no code for."""
    content = bytearray(source.read_bytes())
    place = -1
    for _ in range(packet):
        place = content.index(b"\xff\xf1\x4c", place + 1)
    content[place + 1] &= 0xFE  # with a checksum
    content[place + 6] |= 3
    path.write_bytes(content)
    return path

"""What kind of picture a file holds, by its first bytes: names and suffixes may lie."""

from __future__ import annotations

from pathlib import Path

# Enough for every signature below, and for the brand of an ISO base media file.
START_BYTES = 64

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"\0\0\0\x0cjP  ", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
)
# Kinds that are known and not read, as they stand in the sentence for the user.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance HDR image"),
    (b"\0\0\x01\0", "an icon"),
    (b"%PDF", "a PDF document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file, perhaps an SVG drawing"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (b"IIRO", "a camera's raw file"),
    (b"IIRS", "a camera's raw file"),
    (b"IIU\0", "a camera's raw file"),
    (b"FOVb", "a camera's raw file"),
    (b"qoif", "a QOI image"),
    (b"DDS ", "a DDS texture"),
    (b"SIMPLE  =", "a FITS image"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)
_AVIF_BRANDS = (b"avif", b"avis")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_RAW = "3fr arw cr2 cr3 dng erf iiq kdc mrw nef nrw orf pef raf raw rw2 rwl srw x3f"  # cameras' own
RAW_SUFFIXES = frozenset(f".{suffix}" for suffix in _RAW.split())
_UNREAD = "jxl psd psb exr hdr tga svg qoi dds fits jxr wdp pcx sgi"
UNREAD_SUFFIXES = RAW_SUFFIXES | {f".{suffix}" for suffix in _UNREAD.split()}


def image_kind(start: bytes) -> str:
    """``jpeg``, ``png``, ``webp``, ``bmp``, ``gif``, ``tiff``, ``jp2``, ``pnm``, ``avif`` or
    ``heif`` from the first ``START_BYTES`` of a file; "" for anything else."""
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if len(start) > 2 and start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace():
        return "pnm"
    if start[4:8] == b"ftyp":
        # The major brand may be a common one; the list of compatible brands tells the codec.
        size = min(int.from_bytes(start[:4]), len(start))
        brands = [start[i : i + 4] for i in (8, *range(16, size - 3, 4))]
        if any(brand in _AVIF_BRANDS for brand in brands):
            return "avif"
        if any(brand in _HEIF_BRANDS for brand in brands):
            return "heif"
    return ""


def other_kind(start: bytes, path: Path) -> str:
    """What a file that is no readable image is, in words with an article; "" where unknown."""
    if path.suffix.lower() in RAW_SUFFIXES or start[4:12] == b"ftypcrx ":
        return "a camera's raw file"
    head = start.lstrip(b"\xef\xbb\xbf \r\n\t")
    for signature, words in _OTHERS:
        if head.startswith(signature) or start.startswith(signature):
            return words
    if start[4:8] == b"ftyp" or start[:4] == b"\x1aE\xdf\xa3":
        return "a video"
    if start and all(byte >= 32 or byte in b"\t\r\n" for byte in start):
        return "text"
    return ""

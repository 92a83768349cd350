"""Faces worn step by step: blurred, shrunk, compressed as JPEG and as H.264.

A face is kept as an upright region in which it is larger than the network sees it; what a camera or
an encoder would do is done there, and then it is cut out as the pipeline cuts faces out of a frame.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.faces.align import crop_faces
from fer_batch.training.data.faceset import SIZE
from fer_batch.types import Detections, Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

SIDE = 192
"""Of a region, in pixels; the face, as large as the network's crop shows it, is half of that."""
FACE = SIDE // 2
COMPRESSED_FACE = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One way to wear faces, at one strength. ``shrunk`` is the size of the face in pixels."""

    way: str
    strength: float
    shrunk: int
    change: Callable[[Bytes], Bytes]


def steps() -> list[Step]:
    """All that is measured, each way from the mildest step on."""
    import cv2

    def blurred(sigma: float) -> Callable[[Bytes], Bytes]:
        # A sigma in pixels of the network's crop, which shows the region at half its size.
        wide = sigma * FACE / SIZE
        return lambda faces: _each(faces, lambda face: cv2.GaussianBlur(face, (0, 0), wide))

    found = [Step("blur", sigma, FACE, blurred(sigma)) for sigma in (0.25, 0.5, 1.0, 1.5, 2.0)]
    found += [
        Step("size", size, size, lambda faces: faces) for size in (96, 64, 48, 32, 24, 16, 12)
    ]
    for quality in (90, 70, 50, 30, 20, 10):
        found.append(Step("jpeg", quality, COMPRESSED_FACE, _jpeg(quality)))
    for crf in (18, 23, 28, 33, 38):
        found.append(Step("h264", crf, COMPRESSED_FACE, _h264(crf)))
    return found


def region(frame: Frame, face: Detections, template: Floats) -> Bytes:
    """The region of the one ``face``, ``uint8[192, 192]`` in full range."""
    return crop_faces(frame, face, landmarks_in_region(template), SIDE)[0]


def landmarks_in_region(template: Floats) -> Floats:
    """Where the landmarks lie in a region; pixel centres are whole numbers, as in ``template``."""
    return (template + 0.5) * (FACE / SIZE) + SIDE / 4 - 0.5


def worn(regions: Bytes, step: Step, template: Floats) -> Bytes:
    """Crops ``uint8[n, 48, 48]`` of ``regions uint8[n, 192, 192]`` after ``step``."""
    import cv2
    import numpy as np

    side = step.shrunk * SIDE // FACE
    small = regions
    if side != SIDE:
        small = _each(regions, lambda r: cv2.resize(r, (side, side), interpolation=cv2.INTER_AREA))
    changed = step.change(small)
    landmarks = (landmarks_in_region(template) + 0.5) * (side / SIDE) - 0.5
    box = np.array([[side / 4, side / 4, side / 2, side / 2]], np.float32)
    face = Detections(box, np.ones(1, np.float32), landmarks[None].astype(np.float32))
    return np.stack([crop_faces(_frame(r), face, template, SIZE)[0] for r in changed])


def _each(faces: Bytes, change: Callable[[Bytes], Bytes]) -> Bytes:
    import numpy as np

    return np.stack([change(face) for face in faces])


def _frame(luma: Bytes) -> Frame:
    import numpy as np

    chroma = np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)
    planes = np.concatenate([luma, chroma])
    return Frame(0, 0, planes, luma.shape[1], luma.shape[0], full_range=True)


def _jpeg(quality: int) -> Callable[[Bytes], Bytes]:
    from fer_batch.training.data.degrade import jpeg

    return lambda faces: _each(faces, lambda face: jpeg(face, quality))


def _h264(crf: int) -> Callable[[Bytes], Bytes]:
    return lambda faces: through_h264(faces, {"crf": str(crf), "preset": "medium"})


def through_h264(faces: Bytes, options: Mapping[str, str]) -> Bytes:
    """``uint8[n, s, s]`` (``s`` even) as the frames of a film, through x264 and back.

    Each is a cut, and so mostly coded by itself, as the first frame of a shot is.
    """
    import av
    import numpy as np

    count, side = len(faces), faces.shape[1]
    film = io.BytesIO()
    with av.open(film, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options=dict(options))
        stream.width = stream.height = side
        stream.pix_fmt = "yuvj420p"
        for face in faces:
            planes = np.concatenate([face, np.full((side // 2, side), 128, np.uint8)])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuvj420p")))
        container.mux(stream.encode())
    film.seek(0)
    back = np.empty_like(faces)
    with av.open(film) as container:
        for number, frame in enumerate(container.decode(video=0)):
            back[number] = frame.to_ndarray()[:side]
    assert number + 1 == count
    return back

"""Suffixes of the files that are taken for films and for images."""

from __future__ import annotations

# Containers of films that are read; `media/walk` looks into files of suffixes that others use too.
VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".f4v", ".3gp", ".3g2", ".3gpp", ".mj2", ".insv", ".lrv"),
    *(".mkv", ".mk3d", ".webm", ".avi", ".divx", ".wmv", ".asf", ".dvr-ms", ".wtv", ".flv"),
    *(".ts", ".mts", ".m2ts", ".m2t", ".trp", ".tod", ".mpg", ".mpeg", ".mpe", ".m2p", ".vob"),
    *(".vro", ".m1v", ".m2v", ".mpv", ".ogv", ".ogm", ".nut", ".rm", ".rmvb", ".gif"),
    *(".mxf", ".gxf", ".dv", ".dif", ".amv", ".ivf", ".obu", ".y4m", ".mjpeg", ".mjpg"),
    *(".mp4v", ".mpg4", ".mpeg4", ".3gp2", ".3gpp2", ".ismv", ".360", ".tp", ".ssif", ".vdr"),
    *(".mpeg1", ".mpeg2", ".mpv2", ".mp2v", ".evo"),
    *(".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".h266", ".266", ".vc1", ".h263"),
)
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff"),
    *(".avif", ".heic", ".heif", ".hif", ".jp2", ".j2k", ".jpf", ".jpx", ".pgm", ".ppm", ".pbm"),
    *(".pnm", ".apng", ".jif", ".jfi", ".pjpeg", ".pjp", ".j2c", ".jpc", ".avifs", ".heics"),
)

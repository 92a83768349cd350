"""Makers of test media: small, quick, and the same on every machine.

``pictures`` draws frames, ``videos`` writes them as files of every kind that is supported,
``images`` writes folders of pictures, ``broken`` writes what strangers hand in, and ``oracle`` asks
the FFmpeg program, which shares no code with fer-batch, what a file holds.
"""

"""Annotated pictures: boxes, names and bars, drawn into I420 planes."""

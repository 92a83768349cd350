"""Measuring on one's own photos: labels.csv, the pipeline, figures with their uncertainty."""

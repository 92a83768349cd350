"""Files that researchers' tools open: episodes and people as CSV, WebVTT captions, ELAN tiers.

Each has a writer ``(timeline, path, facts)``, which its entry in ``fer_batch.outputs`` names.
"""

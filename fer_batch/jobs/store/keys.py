"""Where things lie in storage.

inputs/<sha256>/…            uploaded once, whichever job asks
jobs/<job>/manifest.json     what was asked
jobs/<job>/<item>/…          the item's work folder: shards, timeline, parts, out/
jobs/<job>/facts/…           what is known of each item: plan, result or error
jobs/<job>/related.json      that its items have been related to each other
jobs/<job>/index/…           outputs of the whole job
jobs/<job>/index.json        which these are; there once all of them are
jobs/<job>/final.json        how the job ended;  jobs/<job>/cancelled: that it must not go on
same/<key>.json              the newest job of this content, model and settings
same/items/<key>.json        the newest item of this content, model and settings that is done
"""

from __future__ import annotations


def job(job_id: str) -> str:
    return f"jobs/{job_id}"


def manifest(job_id: str) -> str:
    return f"jobs/{job_id}/manifest.json"


def item(job_id: str, index: int) -> str:
    return f"jobs/{job_id}/{index}"


def fact(job_id: str, index: int, what: str) -> str:
    """``what`` is plan, result or error."""
    return f"jobs/{job_id}/facts/{index}.{what}.json"


def final(job_id: str) -> str:
    return f"jobs/{job_id}/final.json"


def cancelled(job_id: str) -> str:
    return f"jobs/{job_id}/cancelled"


def related(job_id: str) -> str:
    """That the items of a job have been related to each other."""
    return f"jobs/{job_id}/related.json"


def index(job_id: str) -> str:
    return f"jobs/{job_id}/index"


def index_record(job_id: str) -> str:
    """Which outputs of the whole job there are."""
    return f"jobs/{job_id}/index.json"


def same(key: str) -> str:
    return f"same/{key}.json"


def same_item(key: str) -> str:
    return f"same/items/{key}.json"

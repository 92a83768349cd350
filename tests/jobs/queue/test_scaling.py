"""What KEDA would see of a real Redis while jobs wait, run and end, by the files in deploy/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from redis import Redis

from fer_batch.jobs.ledger.names import broker_list
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue.broker import Publisher
from tests.jobs.here import Here

FILE = Path(__file__).parents[3] / "deploy" / "kubernetes" / "keda" / "scaledobjects.yaml"
SCALED = {d["spec"]["scaleTargetRef"]["name"]: d for d in yaml.safe_load_all(FILE.read_text())}


def length(redis: Redis, key: str) -> int:
    """What KEDA's redis scaler counts: by the key's type, 0 where there is none."""
    kind = redis.type(key)
    count = {"list": redis.llen, "zset": redis.zcard, "set": redis.scard, "hash": redis.hlen}
    return int(count[kind](key)) if kind != "none" else 0


def demand(redis: Redis, scaled: dict[str, Any]) -> float:
    """The number of workers that the formula of a ScaledObject asks for."""
    spec = scaled["spec"]
    values = {t["name"]: length(redis, t["metadata"]["listName"]) for t in spec["triggers"]}
    formula = spec["advanced"]["scalingModifiers"]["formula"]
    assert re.fullmatch(r"[\w\s+/()]+", formula)
    return float(eval(formula, {}, values))


def test_demand_follows_real_work(here: Here, clip: Path) -> None:
    """Waiting, in work and done: what KEDA would see in a real Redis, with real messages."""
    publish = Publisher(here.settings)
    here.client.publish = publish
    redis = here.client.ledger.client
    scaled = {name.removeprefix("fer-"): document for name, document in SCALED.items()}
    jobs = [here.submit(clip, priority=p) for p in ("high", "normal", "low")]
    assert demand(redis, scaled["control"]) == 1 + 2 / 2
    assert demand(redis, scaled["analyze"]) == demand(redis, scaled["render"]) == 0
    ledger = here.client.ledger
    probe = Unit.parse(jobs[0], "0/probe/0")
    assert ledger.claim(probe, "owner").verdict == "ok"
    redis.delete(broker_list("control", 0))  # a worker has fetched the message
    assert demand(redis, scaled["control"]) == 1 + 2 / 2  # in no list, and yet counted
    assert ledger.busy() == {"control": 1, "render": 0, "analyze": 0}
    assert ledger.renew(probe, "owner", 0) == "ok"
    assert ledger.busy()["control"] == 1
    done = ledger.complete(probe, frames=100, segments=4, renders=1, warnings="[]")
    publish(done.dispatches)
    assert ledger.busy()["control"] == 0
    assert demand(redis, scaled["analyze"]) == 4
    for job in jobs:
        ledger.cancel(job)
    assert ledger.busy() == {"control": 0, "render": 0, "analyze": 0}

"""Two workers, Redis over TCP with a password, ACL users and TLS, results in an S3 store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from fer_batch.errors import BrokerError, StorageError
from fer_batch.jobs.ledger.status import list_jobs
from tests.faults.cluster import Cluster, same_outputs
from tests.faults.processes import ROOT, RedisServer, free_port

pytestmark = pytest.mark.faults
PASSWORD = "s3cret/with:odd@signs"
URL_PASSWORD = "s3cret%2Fwith%3Aodd%40signs"
# What docs/cluster.md gives to the user of a worker or a client.
ACL = ["~fb:*", "&*", "+@all", "-@dangerous", "+info"]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """moto's S3 server as a process; yields its endpoint."""
    pytest.importorskip("moto.server")
    port = free_port()
    log = tmp_path_factory.mktemp("s3") / "moto.log"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    endpoint = f"http://127.0.0.1:{port}"
    for _ in range(300):
        with suppress(OSError):
            urllib.request.urlopen(endpoint, timeout=2).read()
            break
        time.sleep(0.1)
    yield endpoint
    process.kill()
    process.wait()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A new bucket; the environment that workers need for it, set here as well."""
    import boto3

    environment = {
        "AWS_ACCESS_KEY_ID": "test-key",
        "AWS_SECRET_ACCESS_KEY": "test-secret-of-s3",
        "AWS_ENDPOINT_URL": s3,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=s3).create_bucket(Bucket="fer")
    return environment


@pytest.fixture
def tcp(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis", tcp=True, password=PASSWORD).start()
    yield server
    server.stop()


def url(server: RedisServer, user: str = "", password: str = URL_PASSWORD) -> str:
    return f"redis://{user}:{password}@127.0.0.1:{server.port}/0"


def test_two_workers_password_and_s3(
    tmp_path: Path, tcp: RedisServer, bucket: dict[str, str], clip: Path, expected: Path
) -> None:
    """By the command line, from submit to download; no secret in logs or process lists."""
    cluster = Cluster(
        tmp_path / "cluster", tcp, "s3://fer/some/prefix", FER_BATCH_REDIS_URL=url(tcp), **bucket
    )
    try:
        cluster.worker(queues="analyze")
        cluster.worker(queues="render,control")
        environment = {**os.environ, **cluster.environment, "PYTHONPATH": str(ROOT)}

        def call(*words: str) -> str:
            command = [sys.executable, "-m", "fer_batch.cli.main", *words]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=180, cwd=tmp_path
            )
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            assert PASSWORD not in done.stdout + done.stderr
            return done.stdout

        outputs = "csv,video,summary"
        words = ("submit", str(clip), "--outputs", outputs, "--no-cache", "--json")
        job = json.loads(call(*words))["job_id"]
        lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
        ours = [line for line in lines if "redis-server" not in line]
        assert not [line for line in ours if PASSWORD in line or URL_PASSWORD in line]
        call("wait", job)
        shown = json.loads(call("status", job, "--json"))
        assert list(shown) == ["job_id", "name", "state", "eta_s", "items"]
        assert shown["state"] == "done" and shown["items"][0]["frames_done"] == 40
        call("download", job, "-o", str(tmp_path / "got"))
        same_outputs(tmp_path / "got" / "pair", expected / "pair")
        again = json.loads(call(*(w for w in words if w != "--no-cache")))
        assert again["job_id"] == job and job in call("jobs")
        # With one new input beside it, what is there is copied within the store, not made again.
        other = tmp_path / "other.mp4"
        other.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
        two = ("submit", str(clip), str(other), "--outputs", outputs, "--wait", "--json")
        both = json.loads(call(*two))["job_id"]
        log = cluster.workers[1].text()
        assert f"{both} 1/render/0" in log and f"{both} 0/render/0" not in log
        call("download", both, "-o", str(tmp_path / "both"))
        same_outputs(tmp_path / "both" / "pair", expected / "pair")
        cluster.check_settled(job)
        for worker in cluster.workers:
            log = worker.text()
            assert not [s for s in (PASSWORD, URL_PASSWORD, "test-secret-of-s3") if s in log]
        assert "analyze" in cluster.workers[0].text()
        assert call("rm", job, both).count("removed") == 2
    finally:
        cluster.close()


def test_acl_user_and_wrong_passwords(
    tmp_path: Path, tcp: RedisServer, clip: Path, expected: Path
) -> None:
    admin = tcp.client()
    admin.execute_command("ACL", "SETUSER", "fer", "on", ">pass-of-fer", *ACL)  # type: ignore[no-untyped-call]
    mine = url(tcp, "fer", "pass-of-fer")
    cluster = Cluster(tmp_path / "cluster", tcp, FER_BATCH_REDIS_URL=mine)
    try:
        worker = cluster.worker()
        job = cluster.submit(clip)
        cluster.wait(job)
        out = tmp_path / "got"
        cluster.client.download(job, out, frozenset())
        same_outputs(out / "pair", expected / "pair")
        assert "pass-of-fer" not in worker.text()
        assert "NOPERM" not in worker.text()
    finally:
        cluster.close()
    wrong = Cluster(tmp_path / "wrong", tcp, FER_BATCH_REDIS_URL=url(tcp, "fer", "not-it"))
    with pytest.raises(BrokerError, match="refused the user name or password") as caught:
        wrong.submit(clip)
    assert "not-it" not in str(caught.value)


def test_storage_away(tmp_path: Path, redis_server: RedisServer, clip: Path) -> None:
    """One clear line; nothing entered into the ledger."""
    names = {
        "AWS_ACCESS_KEY_ID": "test-key",
        "AWS_SECRET_ACCESS_KEY": "test-secret-of-s3",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_MAX_ATTEMPTS": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setenv(name, value)
        cluster = Cluster(tmp_path / "cluster", redis_server, "s3://away/x")
        with pytest.raises(StorageError) as caught:
            cluster.submit(clip)
    assert "\n" not in str(caught.value) and "test-secret-of-s3" not in str(caught.value)
    assert list_jobs(cluster.client.ledger)[1] == 0

"""Redis over TLS: nobody who cannot show the right certificate is told anything."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit, new_job_id
from fer_batch.jobs.queue.broker import Publisher
from fer_batch.jobs.settings import QueueSettings
from tests.faults.cluster import Cluster, same_outputs
from tests.faults.processes import ROOT, RedisServer, free_port

pytestmark = pytest.mark.faults
UNIT = Dispatch(Unit(new_job_id(), 0, "probe"), "control", 3)


def secure_redis(folder: Path, key: Path, certificate: Path) -> tuple[RedisServer, int]:
    """A Redis that also listens with TLS, and the port where."""
    server, port = RedisServer(folder / "redis", tcp=True, password="frost"), free_port()
    server.more = (
        *("--tls-port", str(port), "--tls-cert-file", str(certificate)),
        *("--tls-key-file", str(key), "--tls-auth-clients", "no"),
    )
    try:
        return server.start(), port
    except AssertionError as error:
        if "tls" in str(error).lower() or "Bad directive" in str(error):
            pytest.skip("this Redis server was built without TLS")
        raise


def settings(url: str, **more: object) -> QueueSettings:
    return QueueSettings(redis_url=url, **more)  # type: ignore[arg-type]


def test_a_job_over_tls(tmp_path: Path, clip: Path, expected: Path) -> None:
    key, certificate = self_signed(tmp_path, "127.0.0.1")
    server, port = secure_redis(tmp_path, key, certificate)
    secure = f"rediss://:frost@127.0.0.1:{port}/0?ssl_ca_certs={certificate}"
    cluster = Cluster(tmp_path / "cluster", server, FER_BATCH_REDIS_URL=secure)
    try:
        cluster.worker()
        job = cluster.submit(clip)
        cluster.wait(job)
        out = tmp_path / "got"
        cluster.client.download(job, out, frozenset())
        same_outputs(out / "pair", expected / "pair")
    finally:
        cluster.close()
        server.stop()


@pytest.mark.parametrize("user", [":frost@", "default:frost@"])
@pytest.mark.parametrize("wrong", ["authority", "host"])
def test_a_wrong_certificate_is_refused_by_ledger_and_celery(
    tmp_path: Path, wrong: str, user: str
) -> None:
    host = "redis.example" if wrong == "host" else "127.0.0.1"
    key, certificate = self_signed(tmp_path, host)
    server, port = secure_redis(tmp_path, key, certificate)
    try:
        query = f"?ssl_ca_certs={certificate}" if wrong == "host" else ""
        found = settings(f"rediss://{user}127.0.0.1:{port}/0{query}")
        with pytest.raises(BrokerError, match="cannot be trusted") as caught:
            Ledger(found).ping()
        assert "frost" not in str(caught.value)
        with closing(Publisher(found)) as publish, pytest.raises(BrokerError):
            publish([UNIT])
        assert server.client().dbsize() == 0, "nothing was sent"
        off = settings(f"rediss://{user}127.0.0.1:{port}/0{query}", redis_verify=False)
        Ledger(off).ping()
        with closing(Publisher(off)) as publish:
            publish([UNIT])
        assert off.unverified
    finally:
        server.stop()


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[tuple[int, list[bytes], threading.Event]]:
    """Somebody who answers in place of Redis, with a certificate of his own: port, what he was
    told, and whether anybody came."""
    key, certificate = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []
    came = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                came.set()
                near.settimeout(5)
                with suppress(OSError), context.wrap_socket(near, server_side=True) as secure:
                    heard.append(secure.recv(4096))

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], heard, came
    listener.close()


@pytest.mark.parametrize("who", ["client", "publisher", "worker"])
def test_the_password_is_not_told_to_whoever_answers(
    tmp_path: Path, impostor: tuple[int, list[bytes], threading.Event], who: str
) -> None:
    port, heard, came = impostor
    url = f"rediss://fer:frost@127.0.0.1:{port}/0"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "FER_BATCH_REDIS_URL": url,
        "FER_BATCH_STORAGE": str(tmp_path / "storage"),
        "FER_BATCH_CACHE_DIR": str(tmp_path / "cache"),
    }
    if who == "publisher":
        with closing(Publisher(settings(url))) as publish, pytest.raises(BrokerError):
            publish([UNIT])
    else:
        module = ["workers"] if who == "worker" else ["fer_batch.cli.main", "jobs"]
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert came.wait(60)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
        finally:
            process.kill()
        words = process.communicate()[0]
        assert ("frost" not in words and "CERTIFICATE_VERIFY_FAILED" in words) or "trusted" in words
    assert came.is_set()
    assert b"".join(heard) == b""


def self_signed(folder: Path, host: str) -> tuple[Path, Path]:
    """A key and a certificate for ``host``, a name or an address."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    address: Any
    try:
        address = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        address = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    encoding = serialization.Encoding.PEM
    key_file.write_bytes(
        key.private_bytes(
            encoding,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(encoding))
    return key_file, certificate_file

"""Settings from the environment, and that secrets stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.errors import BrokerError, UsageError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue.broker import make_app
from fer_batch.jobs.settings import QueueSettings, load_settings

SECRET = "very-secret"


def test_without_a_url_the_stack_is_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FER_BATCH_REDIS_URL", raising=False)
    monkeypatch.setenv("FER_BATCH_STATE_DIR", str(tmp_path))
    settings = load_settings()
    assert settings.embedded and not settings.over_tcp
    assert settings.socket_path == tmp_path / "stack" / "redis.sock"
    assert settings.storage_url == str(tmp_path / "storage")


def test_a_deep_folder_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    first, second = QueueSettings(state_dir=deep), QueueSettings(state_dir=deep / "x")
    assert len(str(first.socket_path)) <= 100
    assert first.socket_path != second.socket_path


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://:{SECRET}@host:6380/2", "redis://host:6380/2"),
        (f"rediss://user:{SECRET}@host/0?ssl_ca_certs=/x", "rediss://host/0"),
        (f"unix://:{SECRET}@/run/r.sock?db=0", "unix:/run/r.sock"),
    ],
)
def test_nothing_printed_holds_a_password(url: str, shown: str) -> None:
    settings = QueueSettings(redis_url=url)  # type: ignore[arg-type]
    assert settings.redacted == shown
    assert SECRET not in repr(settings) + str(settings)
    with pytest.raises(BrokerError) as caught:
        Ledger(QueueSettings(redis_url=f"redis://:{SECRET}@127.0.0.1:1/0")).ping()  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FER_BATCH_REDIS_URL", f"http://{SECRET}"),
        ("FER_BATCH_REDIS_URL", f"redis://:{SECRET}/x@host:notaport"),
        ("FER_BATCH_REDIS_URL", f"redis://host/0?socket_timeout=5&{SECRET}=1"),
        ("FER_BATCH_REDIS_URL", f"redis://:what?{SECRET}@host/0"),
        ("FER_BATCH_LEASE_S", "soon"),
        ("FER_BATCH_WINDOW", "0"),
    ],
)
def test_bad_values_are_named_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name) as caught:
        load_settings()
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "ssl_cert_reqs=none",
        "ssl_cert_reqs=CERT_NONE",
        "ssl_cert_reqs=optional",
        "ssl_check_hostname=false",
        "ssl_ca_certs=/x&ssl_cert_reqs=none",
        "ssl_cert_reqs=",
    ],
)
def test_no_url_turns_verification_off(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", f"rediss://:{SECRET}@host/0?{query}")
    with pytest.raises(UsageError, match="FER_BATCH_REDIS_VERIFY") as caught:
        load_settings()
    assert SECRET not in str(caught.value)


def test_tls_options_mean_nothing_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://host/0?ssl_ca_certs=/x")
    with pytest.raises(UsageError, match="rediss://"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "rediss://host",
        "rediss://host:6380/0",
        f"rediss://:{SECRET}@host/0",
        f"rediss://fer:{SECRET}@host/0?ssl_ca_certs=/ca.pem",
        f"rediss://fer:{SECRET}@host/0?ssl_cert_reqs=required&ssl_check_hostname=true",
    ],
)
def test_tls_is_verified_by_both_libraries(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What kombu's channel and redis-py's pool really hand to the connection."""
    monkeypatch.setenv("FER_BATCH_REDIS_URL", url)
    for verify in (True, False):
        monkeypatch.setenv("FER_BATCH_REDIS_VERIFY", "yes" if verify else "no")
        settings = load_settings()
        app = make_app(settings)
        connection = app.connection_for_write()
        channel = object.__new__(connection.get_transport_cls().Channel)
        channel.connection = type("Transport", (), {"client": connection, "default_port": 6379})()
        for given in (
            channel._connparams(),
            Ledger(settings).client.connection_pool.connection_kwargs,
        ):
            assert given["ssl_cert_reqs"] == ("required" if verify else "none")
            assert given["ssl_check_hostname"] is verify
            assert given.get("ssl_ca_certs") == ("/ca.pem" if "ca.pem" in url else None)
        assert bool(settings.unverified) is not verify
        assert SECRET not in settings.unverified


def test_what_is_one_unit_however_long_gets_as_much_time() -> None:
    settings = QueueSettings()
    usual = (settings.task_soft_limit_s, settings.task_limit_s)
    assert settings.limits(0) == settings.limits(512) == usual
    soft, hard = settings.limits(90 * 60 * 25)  # 90 minutes of AVI
    assert soft > 90 * 60 * 25 * 0.25
    assert hard - soft == usual[1] - usual[0]


@pytest.mark.parametrize(
    "url",
    [
        "redis://fer:/topsecret@127.0.0.1:6399/0",
        "redis://:/topsecret@127.0.0.1:6399/0",
        "redis://:1/topsecret@127.0.0.1:6399/0",
        "redis://:top#secret@127.0.0.1:6399/0",
    ],
)
def test_a_password_that_breaks_the_url_is_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", url)
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert "secret" not in str(caught.value) and "%XX" in str(caught.value)


def test_relative_folders_hold_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE_DIR", "CACHE_DIR", "STORAGE"):
        monkeypatch.setenv(f"FER_BATCH_{name}", name.lower())
    found = load_settings()
    assert found.state_dir == tmp_path / "state_dir"
    assert found.cache_dir == tmp_path / "cache_dir"
    assert found.storage_url == str(tmp_path / "storage")
    monkeypatch.setenv("FER_BATCH_STATE_DIR", "")
    assert load_settings().state_dir.is_absolute()
    assert load_settings().state_dir != tmp_path


def test_no_number_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BATCH_SWEEP_S", "inf")
    with pytest.raises(UsageError, match="FER_BATCH_SWEEP_S"):
        load_settings()

"""Settings from the environment, and that secrets stay inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.errors import BrokerError, UsageError
from fer_batch.jobs.ledger import Ledger
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

"""A password beside the address: any characters, from the environment or a file, never shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import UsageError
from fer_batch.jobs.redis_url import with_password
from fer_batch.jobs.settings import load_settings

ODD = 'a b"c\\d/e#f?g@h:i%20ü'


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_password_comes_back(password: str) -> None:
    url = with_password("redis://fer@host:6380/3", password)
    parts = urlsplit(url)
    assert unquote(parts.password or "") == password
    assert (parts.username, parts.hostname, parts.port, parts.path) == ("fer", "host", 6380, "/3")


def test_what_is_there_stays() -> None:
    assert with_password("redis://:x@h/0", "y") == "redis://:x@h/0"
    assert with_password("redis://h/0", "") == "redis://h/0"
    assert with_password("rediss://h/0?ssl_ca_certs=/a", "y") == "rediss://:y@h/0?ssl_ca_certs=/a"
    with pytest.raises(UsageError, match="redis://"):
        with_password("unix:///a", "y")


def test_settings_take_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://host:6379/0")
    monkeypatch.setenv("FER_BATCH_REDIS_PASSWORD", ODD)
    settings = load_settings()
    assert unquote(urlsplit(settings.client_url).password or "") == ODD
    assert settings.client_url == settings.broker_url
    assert settings.redacted == "redis://host:6379/0"
    assert "a b" not in repr(settings) and "a%20b" not in repr(settings)
    secret = tmp_path / "secret"
    secret.write_text("of a file\n")
    monkeypatch.setenv("FER_BATCH_REDIS_PASSWORD", "")
    monkeypatch.setenv("FER_BATCH_REDIS_PASSWORD_FILE", str(secret))
    assert ":of%20a%20file@" in load_settings().client_url


@pytest.mark.parametrize("content", [None, "", "\n", b"\xff\xfe"])
def test_a_file_that_holds_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes | None
) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://host:6379/0")
    monkeypatch.setenv("FER_BATCH_REDIS_PASSWORD_FILE", str(secret))
    with pytest.raises(UsageError, match="FER_BATCH_REDIS_PASSWORD_FILE"):
        load_settings()

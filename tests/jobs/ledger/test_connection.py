"""Whatever goes wrong with Redis is one line that says what to do, and holds no password."""

from __future__ import annotations

from typing import Any

import pytest
import redis.exceptions as errors

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.connection import broker_errors, connect
from fer_batch.jobs.settings import QueueSettings

WHERE = "redis://:***@h/0"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.AuthenticationError("WRONGPASS x"), "refused the user name or password"),
        (errors.ResponseError("NOAUTH Authentication required."), "asks for a password; give it"),
        (errors.AuthenticationError("Authentication required."), "in FER_BATCH_REDIS_PASSWORD"),
        (errors.ResponseError("WRONGPASS invalid"), "refused the user name"),
        (errors.NoPermissionError("NOPERM no 'eval'\nmore"), "lacks a permission .*'eval'.*docs/"),
        (errors.BusyLoadingError("LOADING"), "is loading its data"),
        (errors.OutOfMemoryError("x"), "out of memory; remove old jobs"),
        (errors.ResponseError("OOM command not allowed"), "out of memory; remove old jobs"),
        (errors.ResponseError("MISCONF Errors writing"), "cannot write to its disk"),
        (errors.ResponseError("unknown command\nsecond"), "unknown command$"),
        (errors.ConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "cannot be trusted"),
        (errors.ConnectionError("Error 111"), "no Redis answers"),
        (errors.TimeoutError("x"), "no Redis answers"),
        (OSError(2, "No such file"), "no Redis answers"),
        (ValueError("invalid literal"), "an option Redis does not know"),
    ],
)
def test_every_error_is_one_line(error: Exception, words: str) -> None:
    with pytest.raises(BrokerError, match=words) as found, broker_errors(WHERE):
        raise error
    assert WHERE in str(found.value) and "\n" not in str(found.value)
    assert found.value.__cause__ is error


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"", 0, 1, "x"), KeyError("x")])
def test_defects_are_not_taken_for_redis(error: Exception) -> None:
    with pytest.raises(type(error)), broker_errors(WHERE):
        raise error


@pytest.mark.parametrize(("url", "patient"), [("redis://h:1/0", True), ("unix:///none", False)])
def test_only_networks_have_time_outs(url: str, patient: bool) -> None:
    client = connect(QueueSettings(redis_url=url))  # type: ignore[arg-type]
    options = client.connection_pool.connection_kwargs
    assert (options.get("socket_timeout"), options.get("socket_connect_timeout")) == (
        (20, 5) if patient else (None, None)
    )
    assert options["decode_responses"]
    # As the library takes them: what it is not told it sets to 5 s.
    connection: Any = client.connection_pool.make_connection()
    assert connection.socket_timeout == (20 if patient else None)

"""A connection to Redis, and its errors in one line each without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fer_batch.errors import BrokerError

if TYPE_CHECKING:
    from redis import Redis

    from fer_batch.jobs.settings import QueueSettings


def connect(settings: QueueSettings) -> Redis:
    """A client for the ledger: short time-outs over TCP, none over a Unix socket.

    Raises:
        BrokerError: the URL cannot be used.
    """
    import redis

    # redis-py waits 5 s where nothing is said, less than a busy machine may need for a large job.
    options: dict[str, object] = {"decode_responses": True, "socket_timeout": None}
    if settings.over_tcp:
        options |= {
            "socket_timeout": 20,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 15,
        }
    options |= settings.tls
    with broker_errors(settings.redacted):
        return redis.Redis.from_url(settings.client_url, **options)


@contextmanager
def broker_errors(where: str) -> Iterator[None]:
    """Turn whatever redis-py raises into a BrokerError that names ``where``, never a password."""
    import redis.exceptions as errors

    try:
        yield
    except errors.AuthenticationError as error:
        raise _refused(where, error) from error
    except errors.NoPermissionError as error:
        raise BrokerError(
            f"Redis at {where}: this user lacks a permission ({_first_line(error)}); "
            "docs/cluster.md lists those it needs"
        ) from error
    except errors.BusyLoadingError as error:
        raise BrokerError(f"Redis at {where} is loading its data; try again in a moment") from error
    except errors.ReadOnlyError as error:
        raise BrokerError(
            f"Redis at {where} is a copy that can only be read; name the primary in "
            "FER_BATCH_REDIS_URL"
        ) from error
    except errors.ResponseError as error:
        if isinstance(error, errors.OutOfMemoryError) or "OOM" in str(error):
            raise BrokerError(
                f"Redis at {where} is out of memory; remove old jobs (`fer-batch rm`) or raise "
                "maxmemory"
            ) from error
        if "MISCONF" in str(error):
            raise BrokerError(
                f"Redis at {where} cannot write to its disk; free some space there"
            ) from error
        if "WRONGPASS" in str(error) or "NOAUTH" in str(error):
            raise _refused(where, error) from error
        raise BrokerError(f"Redis at {where}: {_first_line(error)}") from error
    except (errors.ConnectionError, errors.TimeoutError, OSError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise BrokerError(
                f"Redis at {where} cannot be trusted: its certificate is not of an authority that "
                "is known here, or of another host; give your own authority with "
                "?ssl_ca_certs=FILE in FER_BATCH_REDIS_URL"
            ) from error
        raise BrokerError(
            f"no Redis answers at {where}; check that it runs, and FER_BATCH_REDIS_URL"
        ) from error
    except UnicodeError:
        raise
    except (ValueError, TypeError) as error:
        raise BrokerError(f"FER_BATCH_REDIS_URL ({where}) has an option Redis does not know") from (
            error
        )


@contextmanager
def damage_of(job: str, where: str) -> Iterator[None]:
    """Turn what values of a job raise that the ledger does not write into a BrokerError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise BrokerError(
            f"what Redis at {where} holds of job {job} is damaged ({str(error)[:80]}); "
            "remove that job, or empty that Redis: it is rebuilt from storage"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _refused(where: str, error: Exception) -> BrokerError:
    """Who was not let in: without a password, or with a wrong one."""
    place = "FER_BATCH_REDIS_PASSWORD (or …_FILE) or in FER_BATCH_REDIS_URL"
    if any(words in str(error) for words in ("NOAUTH", "Authentication required")):
        return BrokerError(f"Redis at {where} asks for a password; give it in {place}")
    return BrokerError(
        f"Redis at {where} refused the user name or password; check what stands in {place}"
    )

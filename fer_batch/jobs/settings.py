"""Settings of the queue, from ``FER_BATCH_*`` environment variables.

Passwords inside ``FER_BATCH_REDIS_URL`` never leave this object except to open a connection;
everything that is printed uses ``redacted``.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fer_batch.errors import UsageError
from fer_batch.jobs.redis_url import read_password, with_password
from fer_batch.jobs.storage_address import check_address, is_address

LIMIT_FRAMES = 2048  # as many as the limits of a task are meant for: a quarter of a second each
TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
TLS_OPTIONS = (*TLS_FILES, "ssl_cert_reqs", "ssl_check_hostname")
SOCKET_PATH_LIMIT = 100  # bytes; Linux allows 108 in sockaddr_un, macOS 104


def default_state_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("fer-batch"))


def default_cache_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("fer-batch"))


class QueueSettings(BaseSettings):
    """What the queue reads from the environment; times are seconds unless the name says more.

    ``redis_url``: empty means the embedded stack of this machine. ``redis_verify``: whether Redis
    must prove by its certificate, over TLS, that it is the host of the URL. ``storage_group``:
    whether the user's group may use a storage folder, too. ``window``: units of one job handed out
    at a time per queue. ``max_attempts``: starts of a unit that ended without a word before its
    item is given up. ``max_retries``: repeats after errors that time can heal.
    ``aging_s``: a unit that waited so long moves one priority up. ``engine_wait_s``: an
    input waits so long for a worker with the engine that has begun its analysis, which then begins
    anew with another. ``heartbeat``: the file that a worker touches while it is in order.
    """

    model_config = SettingsConfigDict(
        env_prefix="FER_BATCH_", extra="ignore", allow_inf_nan=False, env_ignore_empty=True
    )

    redis_url: SecretStr = SecretStr("")
    redis_verify: bool = True
    redis_password: SecretStr = SecretStr("")
    redis_password_file: Path | None = None
    storage: str = ""
    storage_group: bool = False
    state_dir: Path = Field(default_factory=default_state_dir)
    cache_dir: Path = Field(default_factory=default_cache_dir)
    cache_bytes: int = Field(default=20 * 1024**3, gt=0)
    lease_s: float = Field(default=45.0, ge=1.0)
    poll_s: float = Field(default=2.0, gt=0.0)
    sweep_s: float = Field(default=5.0, gt=0.0)
    window: int = Field(default=8, ge=1)
    max_attempts: int = Field(default=3, ge=1)
    max_retries: int = Field(default=5, ge=0)
    backoff_s: float = Field(default=2.0, ge=0.0)
    aging_s: float = Field(default=600.0, gt=0.0)
    engine_wait_s: float = Field(default=600.0, gt=0.0)
    # A third of what one machine takes: so many frames are the work of one lease.
    segment_frames: int = Field(default=512, ge=1)
    retention_days: float = Field(default=30.0, ge=0.0)
    task_soft_limit_s: float = Field(default=540.0, gt=0.0)
    task_limit_s: float = Field(default=600.0, gt=0.0)
    visibility_timeout_s: float = Field(default=900.0, gt=0.0)
    worker_memory_mb: int = Field(default=6000, ge=256)
    stop_s: float = Field(default=30.0, ge=0.0)
    watchdog_s: float = Field(default=180.0, gt=0.0)
    heartbeat: Path | None = None

    @field_validator("state_dir", "cache_dir", "heartbeat", "redis_password_file")
    @classmethod
    def _anywhere(cls, path: Path | None) -> Path | None:
        """Holds in any folder: workers start in another one."""
        return None if path is None else path.expanduser().absolute()

    @field_validator("storage")
    @classmethod
    def _anywhere_too(cls, url: str) -> str:
        return url if not url or is_address(url) else str(Path(url).expanduser().absolute())

    @property
    def embedded(self) -> bool:
        """True where no Redis is named, so that this machine runs its own."""
        return not self.redis_url.get_secret_value()

    def limits(self, frames: int) -> tuple[float, float]:
        """Seconds after which a unit of that many frames is asked to end, and is killed.

        A file that cannot be sought in (AVI, recordings joined end to end) is one unit however long
        it is. While it lasts longer than the visibility timeout its message comes again, which the
        lease turns away.
        """
        more = max(0, frames - LIMIT_FRAMES) / LIMIT_FRAMES * self.task_soft_limit_s
        return self.task_soft_limit_s + more, self.task_limit_s + more

    @property
    def stack_dir(self) -> Path:
        """Folder of the embedded Redis and worker."""
        return self.state_dir / "stack"

    @property
    def socket_path(self) -> Path:
        """Unix socket of the embedded Redis; short even where the state directory is deep."""
        path = self.stack_dir / "redis.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(self.stack_dir.resolve())).hexdigest()[:12]
        return Path("/tmp") / f"fer-batch-{os.getuid()}-{digest}" / "redis.sock"

    @property
    def broker_url(self) -> str:
        """URL for Celery, TLS options apart. Holds the password: never print it."""
        url = self.redis_url.get_secret_value()
        if not url:
            return f"redis+socket://{self.socket_path}?virtual_host=0"
        if url.startswith("unix://"):
            return "redis+socket://" + url[len("unix://") :].replace("?db=", "?virtual_host=")
        return url.partition("?")[0]

    @property
    def client_url(self) -> str:
        """URL for redis-py, TLS options apart. Holds the password: never print it."""
        url = self.redis_url.get_secret_value() or f"unix://{self.socket_path}?db=0"
        return url if url.startswith("unix://") else url.partition("?")[0]

    @property
    def tls(self) -> dict[str, Any]:
        """Options of the TLS connection, the same for Celery and for the ledger; empty without TLS.

        Neither library's own defaults are relied on: kombu does not verify at all where no option
        is given, and older redis-py does not compare the host's name.
        """
        url = self.redis_url.get_secret_value()
        if not url.startswith("rediss://"):
            return {}
        given = dict(parse_qsl(urlsplit(url).query))
        kept = {name: given[name] for name in TLS_FILES if name in given}
        verify = "required" if self.redis_verify else "none"
        return {**kept, "ssl_cert_reqs": verify, "ssl_check_hostname": self.redis_verify}

    @property
    def unverified(self) -> str:
        """What to say where Redis' certificate is not looked at; "" where it is, or is none."""
        if not self.tls or self.redis_verify:
            return ""
        return (
            f"the certificate of Redis at {self.redacted} is not verified, by "
            "FER_BATCH_REDIS_VERIFY: whoever answers there gets the password and all messages"
        )

    @property
    def over_tcp(self) -> bool:
        return self.client_url.startswith(("redis://", "rediss://"))

    @property
    def redacted(self) -> str:
        """The broker's address without user name, password and query."""
        if self.embedded:
            return f"unix:{self.socket_path}"
        parts = urlsplit(self.client_url)
        if parts.scheme == "unix":
            return f"unix:{parts.path}"
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"

    @property
    def storage_url(self) -> str:
        """Where manifests, inputs and results lie."""
        return self.storage or str(self.state_dir / "storage")

    @property
    def storage_place(self) -> str:
        """The storage's address without user name and password."""
        return self.storage_url.rpartition("@")[2]


def load_settings() -> QueueSettings:
    """Read the environment.

    Raises:
        UsageError: a variable has a value that cannot be used; the value itself is not repeated,
            since it may hold a password.
    """
    try:
        settings = QueueSettings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "FER_BATCH_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(f"{name}: {first['msg'].lower()}") from None
    if settings.storage:
        check_address(settings.storage)
    url = settings.redis_url.get_secret_value()
    if url and not re.match(r"(rediss?|unix)://", url):
        raise UsageError("FER_BATCH_REDIS_URL must start with redis://, rediss:// or unix://")
    try:
        if settings.redis_password_file is not None:
            url = with_password(url, read_password(settings.redis_password_file))
        url = with_password(url, settings.redis_password.get_secret_value())
        settings = settings.model_copy(update={"redis_url": SecretStr(url)})
        parts = urlsplit(url)
        # Anything else there is the rest of a password with a bare "/" or "#" in it.
        odd_path = not re.fullmatch(r"(/\d*)?", parts.path) or parts.fragment or not parts.hostname
        if url and not url.startswith("unix:") and odd_path:
            raise ValueError
        _ = settings.redacted
        options = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:
        raise UsageError(
            "FER_BATCH_REDIS_URL is not a URL; write special characters of a password as %XX"
        ) from None
    # Not named: what stands behind a "?" may be the rest of a password.
    known = ("db",) if url.startswith("unix:") else TLS_OPTIONS
    if not all(name in known for name in options):
        raise UsageError(
            f"FER_BATCH_REDIS_URL: behind the ? only {', '.join(known)} can be given; a ? in a "
            "password is written %3F"
        )
    if url.startswith("redis:") and options:
        raise UsageError(
            "FER_BATCH_REDIS_URL: redis:// is not encrypted, so that ssl_… has no effect; write "
            "rediss://"
        )
    _check_verifying(options)
    return settings


def _check_verifying(options: dict[str, str]) -> None:
    """Turning verification off is said in a variable of its own, so that nobody does by the way."""
    weak = options.get("ssl_cert_reqs", "required").lower().removeprefix("cert_") != "required"
    if weak or options.get("ssl_check_hostname", "true").lower() not in ("true", "1", "yes"):
        raise UsageError(
            "FER_BATCH_REDIS_URL: the certificate and host name of Redis are always verified; give "
            "your own authority with ?ssl_ca_certs=FILE, or set FER_BATCH_REDIS_VERIFY=no"
        )


@lru_cache(maxsize=1)
def worker_host() -> str:
    """Names the process table that a pid belongs to: host and, in containers, the namespace."""
    import socket

    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = ""
    boot = Path("/proc/sys/kernel/random/boot_id")
    boot_id = boot.read_text().strip()[:8] if boot.exists() else ""
    return f"{socket.gethostname()}/{boot_id}/{namespace}"

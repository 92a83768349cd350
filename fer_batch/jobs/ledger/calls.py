"""How the ledger's scripts are called: each is one atomic change of what lies in Redis."""

from __future__ import annotations

from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from fer_batch.jobs.ledger.connection import broker_errors, connect
from fer_batch.jobs.ledger.names import words

if TYPE_CHECKING:
    from redis import Redis

    from fer_batch.jobs.settings import QueueSettings

COMMON = ("common.lua", "ends.lua", "engines.lua")  # before each script
SCRIPTS = (
    "create",
    "claim",
    "renew",
    "complete",
    "fail",
    "release",
    "sweep",
    "cancel",
    "retry",
    "remove",
    "restore",
    "reserve",
    "hold",
    "mark",
)


class Calls:
    """A connection to Redis, and the scripts that it knows. Every method may raise BrokerError."""

    def __init__(self, settings: QueueSettings, client: Redis | None = None) -> None:
        self.settings = settings
        self.where = settings.redacted
        self.client: Any = client if client is not None else connect(settings)

    @cached_property
    def _scripts(self) -> dict[str, Any]:
        folder = resources.files("fer_batch.jobs.ledger") / "lua"
        common = words() + "".join((folder / name).read_text() for name in COMMON)
        return {
            name: self.client.register_script(common + (folder / f"{name}.lua").read_text())
            for name in SCRIPTS
        }

    def call(self, name: str, *arguments: object) -> Any:
        """What script ``name`` of ``SCRIPTS`` returns."""
        with broker_errors(self.where):
            return self._scripts[name](args=arguments)

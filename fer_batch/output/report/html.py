"""Templates with autoescape, words for numbers, and the policy that keeps foreign text text."""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from fer_batch.atomic import make_private
from fer_batch.plural import plural
from fer_batch.version import installed_version

# Pages are opened from disk, where some browsers hold every file for another origin: there `file:`
# is what 'self' is on a server, and on a server it matches nothing.
FROM_HERE = "'self' file:"


def policy(scripts: str = FROM_HERE, styles: str = FROM_HERE, asks: str = "") -> str:
    """A Content-Security-Policy: nothing from elsewhere, nothing inline but what is named.
    ``asks``: whom scripts may ask, nobody if empty.

    Scripts may not turn text into markup or code either (trusted types).
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            f"img-src {FROM_HERE}",
            f"media-src {FROM_HERE}",
            *([f"connect-src {asks}"] if asks else []),
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types fer-batch",
        )
    )


def source_hash(text: str) -> str:
    """How a policy names inline ``text`` that it allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def printable(value: Any) -> Any:
    """Names of files need not be Unicode: what UTF-8 cannot hold is shown as a question mark."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps what Jinja compiles (50 ms in a fresh process) in the user's own cache folder; where
    that cannot be written, templates are compiled each time."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            if is_ours(Path(self.directory)):  # what is loaded is code
                super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            make_private(Path(self.directory))
            if is_ours(Path(self.directory)):
                super().dump_bytecode(bucket)


def is_ours(folder: Path) -> bool:
    """Whether nobody else can write into ``folder``."""
    found = folder.stat()
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o022


def compiled_templates() -> CompiledTemplates | None:
    """The cache of this user, who need not have a home."""
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("fer-batch")) / "templates"
    return CompiledTemplates(str(folder)) if folder.is_absolute() else None


@cache
def environment() -> Environment:
    """Autoescape everywhere; a name that a template lacks is an error, never a blank."""
    return Environment(
        bytecode_cache=compiled_templates(),
        loader=PackageLoader("fer_batch.output.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=printable,
    )


def render(template: str, **context: Any) -> str:
    """The page as text. ``template``: a file of ``templates``."""
    return environment().get_template(template).render(version=installed_version(), **context)


def address(*parts: str) -> str:
    """A relative URL of a file; whatever its name holds, it names that file and nothing else."""
    path = "/".join(quote(os.fsencode(part), safe="") for part in parts)
    # A first part with a colon would be read as a scheme; quote() leaves none.
    return f"./{path}" if path.startswith(".") else path


def clock(seconds: float, decimals: int = 0) -> str:
    """``75.5`` → ``1:15.5``; hours only where there are some."""
    units = 10**decimals
    whole = max(round(seconds * units), 0)
    minutes, rest = divmod(whole, 60 * units)
    digits = f"{rest // units:02d}" + (f".{rest % units:0{decimals}d}" if decimals else "")
    if minutes < 60:
        return f"{minutes}:{digits}"
    return f"{minutes // 60}:{minutes % 60:02d}:{digits}"


def length(seconds: float) -> str:
    """A duration in words: ``4.2 s``, ``3:20 min``, ``1:12:30 h``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{clock(seconds)} {'min' if seconds < 3599.5 else 'h'}"


def percent(share: float) -> str:
    """``0.123`` → ``12 %``; a little is never called nothing, nor most called all."""
    if 0 < share < 0.005:
        return "<\u00a01\u00a0%"
    if 0.995 <= share < 1:
        return ">\u00a099\u00a0%"
    return f"{share:.0%}".replace("%", "\u00a0%")


def count(number: int, one: str, many: str = "") -> str:
    """``2, "change"`` → ``2 changes``, thousands apart as in all numbers of pages."""
    words = plural(number, one, many)
    return f"{number:,}".replace(",", "\u2009") + words.removeprefix(str(number))


def size(path: Path) -> str:
    """The size of a file in words; empty if it is not there."""
    try:
        value = float(path.stat().st_size)
    except OSError:
        return ""
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"

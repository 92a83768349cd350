"""``--blur-faces`` with and without a value, and ``--blur`` once: whose faces are made
unrecognisable is never guessed.

``--blur-faces`` alone blurs everyone; ``--blur-faces=WHO`` is ``--blur WHO``. ``all`` and
``others`` may stand behind it without ``=``. Any other word there may be an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from fer_batch.errors import UsageError
from fer_batch.person_name import RESERVED
from fer_batch.printable import one_line

ALONE = "--blur-faces"
WITH_WHOM = "--blur"


class BlurredCommand(TyperCommand):
    """A command that understands the forms above where it has these options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See ``with_whom``."""
        if any(ALONE in one.opts for one in self.params):
            args = with_whom(args)
        return super().parse_args(ctx, args)


def with_whom(words: Sequence[str]) -> list[str]:
    """The words of a command line, ``--blur WHO`` in the place of ``--blur-faces`` with a value.

    Raises:
        UsageError: a name follows ``--blur-faces`` without ``=``; or two options say who.
    """
    end = words.index("--") if "--" in words else len(words)
    read = [*_read(list(words[:end])), *words[end:]]
    given = [word for word in read if word == WITH_WHOM or word.startswith(f"{WITH_WHOM}=")]
    if len(given) > 1:
        raise UsageError("say once whose faces to blur, with commas: --blur Anna,3")
    return read


def _read(words: list[str]) -> Iterator[str]:
    while words:
        word = words.pop(0)
        if word.startswith(f"{ALONE}="):
            yield f"{WITH_WHOM}={word.removeprefix(ALONE + '=')}"
        elif word == ALONE and words and words[0].lower() in RESERVED:
            yield f"{WITH_WHOM}={words.pop(0).lower()}"
        else:
            if word == ALONE and words:
                _check_no_name(words[0])
            yield word


def _check_no_name(word: str) -> None:
    """Refuse a word behind ``--blur-faces`` that is nobody's path but may be a name.

    Raises:
        UsageError: says what to type.
    """
    if word.startswith("-") or any(sign in word for sign in "/\\.:") or Path(word).exists():
        return
    name = one_line(word[:40])
    raise UsageError(
        f"{ALONE} {name}: there is no file {name}; to blur only {name} type {WITH_WHOM} {name} "
        f"(or {ALONE}={name})"
    )

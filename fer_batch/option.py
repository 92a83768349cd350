"""What is said of a setting in one place: default, range, help and its option's name.

A field of a settings dataclass is declared with ``option``. The command line makes an option of it
(``cli/settings.py``), ``docs/cli.md`` describes it, and ``check_settings`` holds its values to what
was said, wherever they come from: the command line, a library call, or a manifest in JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from fer_batch.door import MOST_TEXT, MOST_WHOLE
from fer_batch.errors import UsageError

VARIABLES = "FER_BATCH_"
KINDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    tuple: "a tuple",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A setting's facts beside its default.

    ``flag``: the command-line option's name without dashes, "" for the field's own name, None for a
    setting that has no option. ``low`` and ``high`` are allowed themselves. ``parse`` makes a value
    of the option's text, ``show`` a text of a value, ``check`` looks at a value: it and ``parse``
    raise ValueError with the end of a sentence that begins with the text or value, such as "is not
    START-STOP". ``form`` stands for the value in the help. ``worker``: a worker of the queue reads
    it from a variable of its environment, see ``from_environment``. ``unset``: what the default
    means, where the value itself (0, an empty list) does not tell; pages say it.
    """

    help: str
    flag: str | None = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    show: Callable[[Any], str] | None = None
    check: Callable[[Any], None] | None = None
    form: str = ""
    hidden: bool = False
    worker: bool = False
    unset: str = ""

    def explained(self) -> str:
        """The help text, with the choices or the range where there are some."""
        if self.choices:
            return f"{self.help} One of: {', '.join(self.choices)}."
        return f"{self.help} {self.bounds.capitalize()}." if self.bounds else self.help

    def title(self, name: str) -> str:
        """What people call the setting of field ``name``: its option, its name if it has none."""
        return name if self.flag is None else f"--{self.flag or name.replace('_', '-')}"

    @property
    def bounds(self) -> str:
        """``at least 1``, ``at most 9`` or ``0 to 51``; "" where any number will do."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.high is not None else ""

    def as_text(self, value: Any) -> str:
        """A value as one would type it."""
        if self.show is not None:
            return self.show(value)
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def option(default: Any, help: str, **facts: Any) -> Any:
    """A dataclass field with an ``Option`` made of ``facts``.

    The default's type is the type that values must have.

    >>> every: int = option(1, "Analyse each n-th frame.", low=1)
    """
    return field(default=default, metadata={"option": Option(help, **facts)})


def options_of(settings: Any) -> Iterator[tuple[str, Any, Option]]:
    """Name, default and ``Option`` of each field that was declared with ``option``."""
    for entry in fields(settings):
        if "option" in entry.metadata:
            yield entry.name, entry.default, entry.metadata["option"]


def parsed(name: str, said: Option, value: Any) -> Any:
    """A setting's value from what the command line gives for it.

    Raises:
        UsageError: the text cannot be read; names the option.
    """
    if said.parse is None or not isinstance(value, str):
        return value
    try:
        return said.parse(value)
    except ValueError as error:
        raise UsageError(f"{said.title(name)}: {value!r} {error}") from None


def from_environment(kind: Any, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a worker's environment says of the settings ``kind``, by field: ``FER_BATCH_PRECISION``
    of ``precision``. An empty variable is none.

    Raises:
        UsageError: a value that cannot be; names the variable.
    """
    found: dict[str, Any] = {}
    for name, default, said in options_of(kind):
        variable = f"{VARIABLES}{name.upper()}"
        text = environment.get(variable, "").strip()
        if not said.worker or not text:
            continue
        try:
            value = type(default)(text)
        except ValueError:
            raise UsageError(f"{variable}: {text[:80]!r} is not {KINDS[type(default)]}") from None
        if problem := _problem(value, default, said):
            raise UsageError(f"{variable}: {_shown(value, said)} {problem}")
        found[name] = value
    return found


def check_settings(settings: Any) -> None:
    """Hold every value to the type, range and choices that its field declares.

    Raises:
        UsageError: names the first option with a value that cannot be.
    """
    for name, default, said in options_of(settings):
        value = getattr(settings, name)
        if problem := _problem(value, default, said):
            raise UsageError(f"{said.title(name)}: {_shown(value, said)} {problem}")


def _shown(value: Any, said: Option) -> str:
    try:
        text = said.as_text(value)
    except (TypeError, ValueError):  # as from a stranger's manifest
        text = str(value)
    return repr(text[:80]) if isinstance(value, str | tuple) else text[:80]


def _problem(value: Any, default: Any, said: Option) -> str:
    """What is wrong with a value, "" if nothing is."""
    kind = type(default)
    allowed = (int, float) if kind is float else (kind,)
    if default is not None and type(value) not in allowed:
        return f"is not {KINDS[kind]}"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a number"
    if isinstance(value, (int, float)) and abs(value) > MOST_WHOLE:
        return f"is out of range; it must be {said.bounds or 'smaller'}"
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"is longer than {MOST_TEXT} characters"
    if said.choices and value not in said.choices:
        return f"is unknown; choose from {', '.join(said.choices)}"
    low = said.low is not None and value < said.low
    if low or (said.high is not None and value > said.high):
        return f"is out of range; it must be {said.bounds}"
    if said.check is not None:
        try:
            said.check(value)
        except ValueError as error:
            return str(error)
    return ""


class Settings:
    """Base of the settings dataclasses: checked when made, and JSON on the way between processes.

    Unknown keys, as of newer versions, are refused.
    """

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_together()

    def check_together(self) -> None:
        """For settings that exclude each other: raise UsageError here."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read settings back.

        Raises:
            ValueError: a key that is no setting.
            UsageError: a value that cannot be; names the option.
        """
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := set(data) - known:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})

"""Options of a command from the fields of settings: a new field is a new option, and nothing more.

    @with_settings
    def run(paths: Paths, *, analyze: AnalyzeSettings, render: RenderSettings) -> None: ...

has an option for each field of the two that names one, and is called with the two made of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from fer_batch.option import KINDS, Option, Settings, options_of, parsed

KEYWORD = inspect.Parameter.KEYWORD_ONLY


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` with options in the place of each parameter that is a settings dataclass.

    Raises:
        UsageError: when called with a value that its setting cannot have.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    made: dict[str, type[Settings]] = {}
    for one in inspect.signature(command).parameters.values():
        hint = hints[one.name]
        if isinstance(hint, type) and issubclass(hint, Settings):
            made[one.name] = hint
            parameters += option_parameters(hint)
        else:
            parameters.append(one.replace(annotation=hint, kind=KEYWORD))

    def called(**values: Any) -> None:
        for name, kind in made.items():
            values[name] = settings_from(kind, values)
        command(**values)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def settings_from(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Settings of the values that the command line gave, which are taken out of ``values``.

    Raises:
        UsageError: one of them cannot be read, or cannot be.
    """
    options = [(name, said) for name, _, said in options_of(kind) if name in values]
    return kind(**{name: parsed(name, said, values.pop(name)) for name, said in options})


def option_parameters(kind: type[Settings]) -> list[inspect.Parameter]:
    """A parameter that typer reads for each field with an option."""
    return [
        inspect.Parameter(
            name,
            KEYWORD,
            default=said.as_text(default) if said.parse else default,
            annotation=Annotated[
                str if said.parse else type(default), _typer_option(name, default, said)
            ],
        )
        for name, default, said in options_of(kind)
        if said.flag is not None
    ]


def _reading(kind: type[int] | type[float]) -> Callable[[Any], Any]:
    """What makes a number of ``kind`` of an option's text; typer's own says what a text "should
    be" without the text.

    Raises:
        typer.BadParameter: it is none.
    """

    def read(text: Any) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise typer.BadParameter(f"{str(text)[:80]!r} is not {KINDS[kind]}") from None

    return read


def _typer_option(name: str, default: Any, said: Option) -> Any:
    complete = (lambda: list(said.choices)) if said.choices else None
    number = None if said.parse or type(default) not in (int, float) else type(default)
    return typer.Option(
        said.title(name),
        help=said.explained(),
        metavar=said.form or (f"<{number.__name__}>" if number else None),
        parser=_reading(number) if number else None,
        hidden=said.hidden,
        autocompletion=complete,
    )

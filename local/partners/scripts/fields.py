"""How a part of a script is read: by its fields' names and types, and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, fields
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, Final, Self, TypeVar

_SPAN: Final = re.compile(r"P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?)?", re.ASCII)
T = TypeVar("T")


def span(text: str) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes.

    Raises:
        ValueError: it is none.
    """
    match = _SPAN.fullmatch(text)
    if match is None or text == "P":
        raise ValueError(f"{text!r} is no duration")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def nth(turns: tuple[T, ...], number: int) -> T:
    """Return what is said for the nth time, counted from 0; the last one repeats."""
    return turns[min(number, len(turns) - 1)]


def one_of(values: Collection[str], value: Any) -> Any:
    """Check one value of a closed set.

    Raises:
        ValueError: it is not in the set.
    """
    if not isinstance(value, str) or value not in values:
        raise ValueError(f"{value!r} is none of {', '.join(sorted(values))}")
    return value


def _in_turn(given: Any) -> tuple[Any, ...]:
    turns = tuple(given) if isinstance(given, list) else (given,)
    if not turns:
        raise ValueError("an empty list says nothing")
    return tuple(_text(turn) for turn in turns)


def _in_turn_or_nothing(given: Any) -> tuple[Any, ...]:
    turns = given if isinstance(given, list) and given else [given]
    return tuple(None if turn is None else _text(turn) for turn in turns)


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(f"{given!r} is neither true nor false")  # noqa: TRY004 - as all of a script
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError(f"{given!r} is no text")
    return given


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "timedelta": span,
    "bool": _flag,
    "str": _text,
    "str | None": lambda given: None if given is None else _text(given),
    "tuple[str, ...]": _in_turn,
    "tuple[str | None, ...]": _in_turn_or_nothing,
}
"""How a value is read, by its field's annotation."""


class Part:
    """Reads one partner's part of a script; an unknown or misspelt name is an error.

    Attributes:
        OF: the values that a field may have, or each of its turns.
        NAMES: what a sidecar calls a field, where it cannot be called the same.
        READERS: of what has parts of its own.
    """

    OF: ClassVar[Mapping[str, Collection[str]]] = {}
    NAMES: ClassVar[Mapping[str, str]] = {}
    READERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    @classmethod
    def read(cls, given: Any) -> Self:
        """Read it.

        Raises:
            ValueError: a name or value that there is not.
        """
        if not isinstance(given, Mapping):
            raise ValueError(f"{cls.__name__} is no object")  # noqa: TRY004 - as all of a script
        known = _known(cls)  # type: ignore[arg-type]  # a class has a hash
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"{cls.__name__} has no {', '.join(unknown)}")
        found = {}
        for name, value in given.items():
            field = known[name]
            read = cls.READERS.get(field.name) or _READERS[str(field.type)]
            try:
                found[field.name] = read(value)
                cls._check(field.name, found[field.name])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{name}: {error}") from error
        return cls(**found)

    @classmethod
    def _check(cls, name: str, value: Any) -> None:
        values = cls.OF.get(name)
        for one in value if isinstance(value, tuple) else (value,):
            if values is not None and one is not None:
                one_of(values, one)


@cache
def _known(part: Any) -> Mapping[str, Field[Any]]:
    """Return a part's fields by what a sidecar calls them."""
    return {part.NAMES.get(f.name, f.name): f for f in fields(part)}

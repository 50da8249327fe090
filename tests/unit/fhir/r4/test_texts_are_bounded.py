"""Every text that is read of a resource from outside has a bound, in whatever model it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel, StringConstraints

from referral_core.fhir.r4 import datatypes
from referral_core.fhir.r4.datatypes import Resource
from referral_core.fhir.r4.structure import READ, model_of

_READ_AS = frozenset({datatypes._date, datatypes._date_time, datatypes._instant})
"""What bounds a text by what it must be."""
_CONTENT = frozenset(
    {
        ("Annotation", "text"),
        ("Attachment", "data"),
        ("CommunicationPayload", "content_string"),
        ("DocumentReference", "description"),
        ("Extension", "value_string"),
        ("ServiceRequest", "patient_instruction"),
        ("Task", "description"),
        ("TaskValue", "value_string"),
    }
)
"""What people wrote, of any length: it stands in the payload alone, whose size has a bound."""


def models() -> dict[str, type[BaseModel]]:
    """Return all models that a resource from outside is read by, those of its elements too."""
    found: dict[str, type[BaseModel]] = {}
    todo: list[type[BaseModel]] = [Resource, *(model_of(kind) for kind in sorted(READ))]
    while todo:
        model = todo.pop()
        if found.setdefault(model.__name__, model) is model:
            inner = (part for field in model.model_fields.values() for part in parts(field))
            todo += [
                m
                for m, _ in inner
                if isinstance(m, type) and issubclass(m, BaseModel) and m.__name__ not in found
            ]
    return found


def parts(field: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Iterate over the plain types of a field, each with what is said of it."""
    yield from _parts(field.annotation, tuple(field.metadata))


def _parts(annotation: Any, said: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    own = getattr(annotation, "__metadata__", ())
    inner = get_args(annotation)
    if own:
        yield from _parts(inner[0], (*said, *own))
    elif inner:
        for part in inner:
            yield from _parts(part, said if len(inner) == 1 or type(None) in inner else ())
    else:
        yield annotation, said


def is_bounded(said: tuple[Any, ...]) -> bool:
    return any(
        (isinstance(one, StringConstraints) and (one.max_length or one.pattern))
        or isinstance(one, MaxLen)
        or getattr(one, "func", None) in _READ_AS
        for one in said
    )


@pytest.mark.parametrize("model", models().values(), ids=models())
def test_every_text_of_it_is_bounded(model: type[BaseModel]) -> None:
    free = {
        (model.__name__, name)
        for name, field in model.model_fields.items()
        for kind, said in parts(field)
        if kind is str
        and not is_bounded(said)
        and name not in {"contained", "resource"}  # still JSON
    }
    assert free <= _CONTENT


def test_the_walk_sees_a_text_without_bound() -> None:
    """Guards the test above: one that sees nothing would find nothing."""

    class Free(BaseModel):
        words: tuple[str | None, ...] = ()
        other: datatypes.Words | None = None

    seen = {
        name: [is_bounded(said) for kind, said in parts(field) if kind is str]
        for name, field in Free.model_fields.items()
    }
    assert seen == {"words": [False], "other": [True]}

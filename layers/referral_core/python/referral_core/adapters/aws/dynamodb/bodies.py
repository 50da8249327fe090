"""Bodies of items: values as compact JSON, and back from the table or its stream.

What has its default value is left out, so a default may only change together with what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.stored_text import text_of
from referral_core.domain.events import Event
from referral_core.domain.referral import Referral

if TYPE_CHECKING:
    from referral_core.domain.updates import Update

Plain = Mapping[str, Any]
"""An item, or an image of one, as plain values."""
_BESIDE: Final[Mapping[type, set[str]]] = {
    Referral: {"tenant", "id", "version", "run"},
    Event: {"schema_version"},
}
"""What is said beside a body: of a referral, by its item's keys and attributes."""


def body_of(value: Referral | Event) -> str:
    """Return a body as compact JSON; the item of a referral says the rest beside it."""
    body = value.model_dump_json(exclude_defaults=True, exclude=_BESIDE[type(value)])
    if isinstance(value, Event):
        # Said although it is the default: readers of an export go by it.
        return f'{body[:-1]},"schema_version":{value.schema_version}}}'
    return body


def update_body(update: Update) -> str:
    """Return an update as compact JSON, with its kind."""
    return update.model_dump_json(exclude_none=True)


def referral_in(found: Plain) -> Referral:
    """Read the projection in its item, or in an image of it."""
    tenant, referral_id = keys.referral_of(found["pk"])
    beside = {
        "tenant": tenant,
        "id": referral_id,
        "version": int(found["version"]),
        "run": int(found["run"]),
    }
    return Referral.model_validate({**json.loads(text_of(found["body"])), **beside})


def event_in(found: Plain) -> Event:
    """Read the event in its item, or in an image of it."""
    return Event.model_validate_json(text_of(found["body"]))

"""Bodies of items: values as compact JSON, and back from the table or its stream.

What has its default value is left out, so a default may only change together with what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.stored_text import text_of
from referral_core.domain.events import Event
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Update

Plain = Mapping[str, Any]
"""An item, or an image of one, as plain values."""
_BESIDE: Final[Mapping[type, set[str]]] = {
    Referral: {"tenant", "id", "version", "run"},
    Mailbox: set(),
    Event: {"schema_version"},
}
"""What is said beside a body: of a referral, by its item's keys and attributes."""


def body_of(value: Referral | Event | Mailbox) -> str:
    """Return a body as compact JSON; the item of a referral says the rest beside it."""
    if isinstance(value, Mailbox) and (value.pending or value.resolution):
        # An update is read by its kind, which is the default of its class.
        data = value.model_dump(mode="json", exclude_defaults=True) | _updates_of(value)
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
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


def mailbox_in(found: Plain | None) -> Mailbox:
    """Read the mailbox in its item; there is none until it is first written."""
    return Mailbox.model_validate_json(text_of(found["body"])) if found else Mailbox()


def event_in(found: Plain) -> Event:
    """Read the event in its item, or in an image of it."""
    return Event.model_validate_json(text_of(found["body"]))


def _updates_of(mailbox: Mailbox) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mailbox.pending:
        found["pending"] = [_plain(update) for update in mailbox.pending]
    if mailbox.resolution is not None:
        resolution = mailbox.resolution.model_dump(mode="json")
        found["resolution"] = {**resolution, "update": _plain(mailbox.resolution.update)}
    return found


def _plain(update: Update) -> Mapping[str, Any]:
    return update.model_dump(mode="json", exclude_none=True)

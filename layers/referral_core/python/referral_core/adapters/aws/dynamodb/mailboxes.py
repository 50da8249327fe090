"""A referral's mailbox as its item, and back: apart from `items.py`, since intake has none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import Item
from referral_core.adapters.aws.dynamodb.bodies import Plain
from referral_core.adapters.aws.dynamodb.items import with_body
from referral_core.adapters.aws.dynamodb.stored_text import text_of
from referral_core.domain.mailbox import Mailbox

if TYPE_CHECKING:
    from referral_core.domain.referral import Referral
    from referral_core.domain.updates import Update


def mailbox_item(referral: Referral, mailbox: Mailbox) -> Item:
    """Return the mailbox's item."""
    return with_body(
        _body_of(mailbox),
        pk=keys.referral(referral.tenant, referral.id),
        sk=keys.Sort.MAILBOX.value,
        version=mailbox.version,
    )


def mailbox_in(found: Plain | None) -> Mailbox:
    """Read the mailbox in its item; there is none until it is first written."""
    return Mailbox.model_validate_json(text_of(found["body"])) if found else Mailbox()


def _body_of(mailbox: Mailbox) -> str:
    if mailbox.pending or mailbox.resolution:
        # An update is read by its kind, which is the default of its class.
        data = mailbox.model_dump(mode="json", exclude_defaults=True) | _updates_of(mailbox)
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return mailbox.model_dump_json(exclude_defaults=True)


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

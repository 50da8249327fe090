"""What a changed entry of the directory writes: itself, and by what else it is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.directory import config_items
from referral_core.adapters.aws.dynamodb.table import Part, Requests
from referral_core.domain.directory import Practitioner

ENTRY = "entry"
"""The part whose condition fails when the entry is not as it was read."""


def entry_parts(
    table: Requests, before: Practitioner | None, after: Practitioner
) -> Iterator[Part]:
    """Return what writing an entry takes, if it is still as it was read; None: not there yet."""
    following = 0 if before is None else before.revision + 1
    entry, by_npi, _ = config_items(after.but(revision=following))
    entry |= item(revision=following)
    if before is None:
        yield table.put_new(ENTRY, entry)
        yield table.put("npi", by_npi, None)
    else:
        unchanged = "attribute_exists(pk) AND (attribute_not_exists(revision) OR revision = :read)"
        yield table.put(ENTRY, entry, unchanged, values={":read": {"N": str(before.revision)}})
    was_listed = before is not None and bool(before.disputes)
    if after.disputes and not was_listed:
        yield table.put("verify", item(**_listing(after)), None)
    elif was_listed and not after.disputes:
        yield table.delete("verified", item(**_listing(after)))


def _listing(entry: Practitioner) -> dict[str, Any]:
    sort = f"{keys.Sort.ENTRY}{entry.specialty}#{entry.npi}"
    return {"pk": keys.to_verify(entry.tenant), "sk": sort}


def listed_in(sort: str) -> tuple[str, str]:
    """Return the (specialty, NPI) in the sort key of what is to be verified."""
    specialty, _, npi = sort.removeprefix(keys.Sort.ENTRY).partition("#")
    return specialty, npi

"""The entries that importers write, in the table: each if it is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.directory import organization_item
from referral_core.adapters.aws.dynamodb.entries import entry_parts, listed_in
from referral_core.adapters.aws.dynamodb.slots import week_written
from referral_core.adapters.aws.dynamodb.table import ConditionsFailed, Part, Table
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.directories.importing import ImportState
from referral_core.domain.directory import Practitioner
from referral_core.domain.errors import Conflict
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.slots import Slot, SlotWeek

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_AT_ONCE: Final = 25
"""Entries of one transaction, which takes a hundred items: each has up to four."""


class DirectoryTable:
    """The directory's half of the table, as importers and people write it."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def entries(
        self, tenant: Tenant, at: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Practitioner]:
        """Read entries by (specialty, NPI)."""
        wanted = [
            {"pk": keys.directory(tenant, specialty), "sk": f"{keys.Sort.PRACTITIONER}{npi}"}
            for specialty, npi in at
        ]
        found = [Practitioner.model_validate_json(e["body"]) for e in self._table.get_all(wanted)]
        return {(entry.specialty, entry.npi): entry for entry in found}

    def replace(self, changes: Sequence[tuple[Practitioner | None, Practitioner]]) -> None:
        """Write entries, up to 25 of them all or none, if each is as it was read."""
        for begin in range(0, len(changes), _AT_ONCE):
            batch = changes[begin : begin + _AT_ONCE]
            self._transacted(self._parts(batch), "The directory was written meanwhile.")

    def _parts(self, batch: Sequence[tuple[Practitioner | None, Practitioner]]) -> list[Part]:
        """Return what entries write, and once each organization that one of them is new to."""
        parts = [part for change in batch for part in entry_parts(self._table, *change)]
        joined = {
            (after.tenant, after.organization): organization_item(after)
            for before, after in batch
            if before is None or before.organization != after.organization
        }
        return parts + [self._table.put("organization", one, None) for one in joined.values()]

    def to_verify(
        self, tenant: Tenant, after: tuple[str, str], most: int
    ) -> Sequence[Practitioner]:
        """List the entries of which somebody who should know says that a fact is wrong.

        Args:
            tenant: whose directory.
            after: (specialty, NPI) that the list goes on after.
            most: how many are read.
        """
        found = self._table.query(keys.to_verify(tenant), keys.Sort.ENTRY.value)
        at = sorted(key for one in found if (key := listed_in(one["sk"])) > after)[:most]
        entries = self.entries(tenant, at)
        return [entries[key] for key in at if key in entries]

    def limit(self, tenant: Tenant, npi: str, organization: str, places: Mapping[str, int]) -> None:
        """Write how many places weeks have at an organization: no reservation goes beyond."""
        for week, count in places.items():
            with service_errors("The week could not be written"):
                self._table.client.update_item(
                    TableName=self._table.name,
                    Key=item(**keys.week_of(tenant, npi, week)),
                    UpdateExpression="SET #places = :places, held = if_not_exists(held, :zero)",
                    ExpressionAttributeNames={"#places": keys.places_at(organization)},
                    ExpressionAttributeValues={
                        ":places": {"N": str(count)},
                        ":zero": {"N": "0"},
                    },
                )

    def write_slots(
        self, tenant: Tenant, npi: str, week: str, before: SlotWeek, slots: Mapping[str, Slot]
    ) -> None:
        """Write the slots of a week, if they are as they were read."""
        request = week_written(
            self._table.name, keys.week_of(tenant, npi, week), before=before, slots=slots
        )
        self._transacted([Part("slots", {"Update": request})], "The week was written meanwhile.")

    def _transacted(self, parts: Sequence[Part], otherwise: str) -> None:
        try:
            self._table.transact(parts)
        except ConditionsFailed as error:
            raise Conflict(otherwise) from error

    def holders(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Sequence[ReferralId]:
        """List the referrals that reserve a place of one of some weeks that follow each other."""
        found = self._table.between(
            keys.capacity(tenant, npi),
            f"{keys.Sort.WEEK}{min(weeks)}",
            f"{keys.Sort.WEEK}{max(weeks)}",
        )
        return sorted({ReferralId(one) for week in found for one in week.get("holders", ())})

    def state(self, tenant: Tenant, source: str) -> ImportState | None:
        """Read how far an import is."""
        found = self._table.get(keys.config(tenant), f"{keys.Sort.IMPORT}{source}")
        if found is None or found.get("done"):
            return None
        return ImportState.model_validate_json(found["body"])

    def keep_state(self, tenant: Tenant, state: ImportState, *, is_done: bool) -> None:
        """Write how far an import is."""
        kept = item(
            pk=keys.config(tenant),
            sk=f"{keys.Sort.IMPORT}{state.source}",
            body=state.model_dump_json(),
            done=int(is_done),
        )
        self._table.transact([self._table.put("import", kept, None)])

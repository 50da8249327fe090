"""People and their saved filters in the table, beside the tenant's other configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import Item, item
from referral_core.adapters.aws.dynamodb.directory import config_item, person_item
from referral_core.adapters.aws.dynamodb.table import ConditionsFailed, Part, Table
from referral_core.domain.access.principal import Principal
from referral_core.domain.access.saved_filter import SavedFilter
from referral_core.domain.errors import Conflict, Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.ports.people import NameTaken

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PRINCIPAL, _PERSON, _MANAGER = "principal", "person", "manager"
_THERE = "attribute_exists(pk)"


class PeopleTable:
    """A person is two items: the principal by the sign-in name, and the entry in the tenant's."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        """Take a DynamoDB client and the table's name."""
        self._table = Table(client, name)

    def person(self, tenant: Tenant, username: str) -> Principal:
        """Read one person of a tenant. Raises: NotFound."""
        found = self._table.get(keys.config(tenant), f"{keys.Sort.PERSON}{username}")
        if found is None:
            raise NotFound("The tenant has no such person.")
        return Principal.model_validate_json(str(found["body"]))

    def add(self, principal: Principal, by: Principal | None) -> None:
        """Add a person. Raises: NameTaken, Forbidden, Retryable."""
        try:
            self._table.transact(
                [
                    *self._still_manager(by),
                    self._table.put_new(_PRINCIPAL, config_item(principal)),
                    self._table.put_new(_PERSON, person_item(principal)),
                ]
            )
        except ConditionsFailed as failed:
            if not failed.parts & {_PRINCIPAL, _PERSON}:
                raise Conflict("Somebody else was at this name, or at your own.") from failed
            raise NameTaken("This sign-in name is taken: choose another.") from failed

    def change(self, principal: Principal, by: Principal | None) -> None:
        """Replace a person's duty and teams. Raises: NotFound, Forbidden, Retryable."""
        try:
            self._table.transact(
                [
                    *self._still_manager(by),
                    self._table.put(_PRINCIPAL, config_item(principal), _THERE),
                    self._table.put(_PERSON, person_item(principal), _THERE),
                ]
            )
        except ConditionsFailed as failed:
            if not failed.parts & {_PRINCIPAL, _PERSON}:
                raise Conflict("Somebody else was at this person, or at you.") from failed
            raise NotFound("The tenant has no such person.") from failed

    def remove(self, principal: Principal, by: Principal | None) -> None:
        """Remove a person; one who is gone stays so. Raises: Forbidden, Retryable."""
        places = map(_place, (config_item(principal), person_item(principal)))
        try:
            self._table.transact(
                [
                    *self._still_manager(by),
                    *(self._table.delete(_PRINCIPAL, place) for place in places),
                ]
            )
        except ConditionsFailed as failed:
            raise Conflict("Somebody else was at this person, or at you.") from failed

    def _still_manager(self, by: Principal | None) -> Sequence[Part]:
        """Return what writes only while a manager is as they are now; nothing for operations.

        Raises:
            Forbidden: they are none now, or have left.
        """
        if by is None:
            return ()
        found = self._table.get(keys.principal(by.client_id), keys.Sort.PRINCIPAL.value)
        if found is None:
            raise Forbidden("You have no access any more.")
        Principal.model_validate_json(str(found["body"])).require_manager()
        as_read = item(**{":body": found["body"]})
        place = _place(config_item(by))
        return (self._table.check(_MANAGER, place, "body = :body", values=as_read),)

    def filters_of(
        self, tenant: Tenant, owner: str, teams: Iterable[Queue]
    ) -> Sequence[SavedFilter]:
        """List a person's, and those of some teams."""
        prefixes = [_of_person(owner), *map(_of_team, teams)]
        return [
            SavedFilter.model_validate_json(str(found["body"]))
            for prefix in prefixes
            for found in self._table.query(keys.config(tenant), prefix, consistent=True)
        ]

    def save(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Keep one, in place of the one with its id."""
        entry = item(pk=keys.config(tenant), sk=_sort_of(saved), body=saved.model_dump_json())
        self._table.transact([self._table.put("filter", entry, None)])

    def forget(self, tenant: Tenant, saved: SavedFilter) -> None:
        """Remove one; one that is gone stays so."""
        key = item(pk=keys.config(tenant), sk=_sort_of(saved))
        self._table.transact([self._table.delete("filter", key)])


def _place(entry: Item) -> Item:
    return {name: entry[name] for name in ("pk", "sk")}


def _of_person(owner: str) -> str:
    return f"{keys.Sort.FILTER}OWNER#{owner}#"


def _of_team(team: Queue) -> str:
    return f"{keys.Sort.FILTER}TEAM#{team}#"


def _sort_of(saved: SavedFilter) -> str:
    return f"{_of_team(saved.team) if saved.team else _of_person(saved.owner)}{saved.id}"

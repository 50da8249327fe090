"""What accepts new referrals: all of a request's, once, by one conditional transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.hashed_keys import NO_HASHED_KEYS, HashedKeys, Partitions
from referral_core.adapters.aws.dynamodb.table import MOST_PARTS, ConditionsFailed, Part, Table
from referral_core.adapters.aws.dynamodb.transactions import parts_of_new, require_one_transaction
from referral_core.domain.errors import Conflict
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import ExistingKey, Key, NewReferral
from referral_core.metering import METER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class NewReferralTable:
    """The accepting part of the record: it knows no update, no effect and no mailbox."""

    def __init__(
        self, client: DynamoDBClient, name: str, hashed: HashedKeys = NO_HASHED_KEYS
    ) -> None:
        """Take a DynamoDB client, the table's name, and where hashed keys are composed."""
        self._table = Table(client, name, hashed)

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all new referrals in one transaction; return the locks taken already."""
        used = METER.so_far()
        shares = [used, *({} for _ in new_referrals[1:])]  # one request: its first referral's
        parts = self._parts(new_referrals, shares)
        if len(parts) > MOST_PARTS:
            # Under an older secret key nothing is written any more: what is there can be read
            # beforehand, and need not be a condition of the transaction, which has no room for it.
            if before := self._held(new_referrals):
                return before
            parts = self._parts(new_referrals, shares, older_checked=False)
        if len(new_referrals) > 1:  # one is bounded by its items
            require_one_transaction(parts)
        try:
            self._table.transact(parts)
        except ConditionsFailed:
            return self._taken(new_referrals)
        METER.settle(used)
        return ()

    def _parts(
        self,
        new_referrals: Sequence[NewReferral],
        shares: Sequence[Mapping[str, int]],
        *,
        older_checked: bool = True,
    ) -> list[Part]:
        return [
            part
            for new, share in zip(new_referrals, shares, strict=False)
            for part in parts_of_new(self._table, new, share, older_checked=older_checked)
        ]

    def _held(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        wanted = [(new.referral.tenant, key) for new in new_referrals for key in new.keys]
        return tuple(held for tenant, key in wanted if (held := self.taken(tenant, key)))

    def _taken(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        found = self._held(new_referrals)
        if not found:
            raise Conflict("Another post of the same referral is being written; post again.")
        return found

    def taken(self, tenant: Tenant, key: Key) -> ExistingKey | None:
        """Read a lock; None when nobody holds it."""
        partitions = self._table.hashed.locks(tenant, key.kind, key.value)
        held = self._first(partitions, f"{keys.Sort.KEY_OF}{key.owner}")
        if held is None:
            return None
        return ExistingKey(
            key=key,
            referral_id=ReferralId(held["referral_id"]),
            content_hash=held["content_hash"],
        )

    def _first(self, partitions: Partitions, sort: str) -> dict[str, Any] | None:
        """Read an item where it is written now, else where it was under an older secret key."""
        found = (self._table.get(partition, sort) for partition in partitions)
        return next((item for item in found if item is not None), None)

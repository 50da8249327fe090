"""The DynamoDB table behind the Referrals port: every write is one conditional transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from referral_core.adapters.aws.dynamodb import effects, items
from referral_core.adapters.aws.dynamodb.reads import ReferralReads
from referral_core.adapters.aws.dynamodb.table import ConditionsFailed, Part
from referral_core.adapters.aws.dynamodb.transactions import parts_of_commit, parts_of_new
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.errors import Conflict, Permanent, StaleRun
from referral_core.domain.ids import Tenant
from referral_core.domain.writes import (
    Commit,
    DuplicateUpdate,
    ExistingKey,
    KeyTaken,
    MessageNotAllowed,
    NewReferral,
    NoCapacity,
)
from referral_core.metering import METER

_TRANSACTION_ITEMS: Final = 100


class ReferralTable(ReferralReads):
    """The record of every referral, in one table."""

    # --- accept -----------------------------------------------------------------------------

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all new referrals in one transaction; return the locks taken already."""
        used = METER.so_far()
        shares = [used, *({} for _ in new_referrals[1:])]  # one request: its first referral's
        parts = self._parts(new_referrals, shares)
        if len(parts) > _TRANSACTION_ITEMS:
            # Under an older secret key nothing is written any more: what is there can be read
            # beforehand, and need not be a condition of the transaction, which has no room for it.
            if before := self._held(new_referrals):
                return before
            parts = self._parts(new_referrals, shares, older_checked=False)
        if len(parts) > _TRANSACTION_ITEMS:
            raise Permanent("Too many referrals or identifiers for one transaction: send fewer.")
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

    # --- commit -----------------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Write one commit; see the port."""
        used = METER.so_far()
        try:
            self._table.transact(parts_of_commit(self._table, commit, used=used))
        except ConditionsFailed as error:
            if error.parts != {effects.RELEASE}:
                raise self._refusal(commit, error.parts) from error
        else:
            METER.settle(used)
            return
        # Nothing is left to give back: nobody's count is wrong without it, and what the commit
        # says (a decline, a deadline) must not be lost for it.
        kept = parts_of_commit(self._table, commit, without=frozenset({effects.RELEASE}), used=used)
        try:
            self._table.transact(kept)
        except ConditionsFailed as error:
            raise self._refusal(commit, error.parts) from error
        METER.settle(used)

    def _refusal(self, commit: Commit, failed: frozenset[str]) -> Exception:
        """Return what the conditions that failed mean."""
        if effects.UPDATE in failed:
            return DuplicateUpdate("The update is on record.")
        if effects.NUMBER in failed:
            return KeyTaken("The number is another referral's.")
        failed -= {effects.RELEASE}
        if failed == {effects.RESERVE}:
            return NoCapacity("The week is full.")
        if failed and failed <= {effects.CLAIM, effects.OPT_OUT}:
            return MessageNotAllowed("The patient got a message today, or wants none.")
        before = commit.change.before
        present = self.load(before.tenant, before.id).referral
        if present.run != before.run:
            return StaleRun(f"Run {present.run} is at work.")
        return Conflict("Another writer was first.")

    # --- the opt-out list -----------------------------------------------------------------------

    def opt_out(self, tenant: Tenant, contact_hash: str, at: datetime) -> None:
        """Put a number on the opt-out list; the first time counts, until it is taken off."""
        partitions = self._table.hashed.phones(tenant, contact_hash)
        with (
            service_errors("The opt-out could not be written"),
            suppress(self._table.client.exceptions.ConditionalCheckFailedException),
        ):
            self._table.client.put_item(
                TableName=self._table.name,
                Item=items.opt_out_item(partitions[0], at),
                ConditionExpression=f"attribute_not_exists(pk) OR {effects.OPTED_IN}",
            )

    def opt_in(self, tenant: Tenant, contact_hash: str) -> None:
        """Take a number off the opt-out list; that it was on it stays known."""
        for partition in self._table.hashed.phones(tenant, contact_hash):
            self._end_opt_out(partition)

    def _end_opt_out(self, partition: str) -> None:
        with (
            service_errors("The opt-in could not be written"),
            suppress(self._table.client.exceptions.ConditionalCheckFailedException),
        ):
            self._table.client.update_item(
                TableName=self._table.name,
                Key=items.opt_out_key(partition),
                UpdateExpression="SET ended = :yes",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )

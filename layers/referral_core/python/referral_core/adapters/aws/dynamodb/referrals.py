"""The DynamoDB table behind the Referrals port: every write is one conditional transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from referral_core.adapters.aws.dynamodb import effects, items
from referral_core.adapters.aws.dynamodb.commits import parts_of_commit
from referral_core.adapters.aws.dynamodb.new_referrals import NewReferralTable
from referral_core.adapters.aws.dynamodb.reads import ReferralReads
from referral_core.adapters.aws.dynamodb.table import ConditionsFailed
from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.errors import Conflict, StaleRun
from referral_core.domain.ids import Tenant
from referral_core.domain.writes import (
    Commit,
    DuplicateUpdate,
    KeyTaken,
    MessageNotAllowed,
    NoCapacity,
)
from referral_core.metering import METER


class ReferralTable(ReferralReads, NewReferralTable):
    """The record of every referral, in one table."""

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

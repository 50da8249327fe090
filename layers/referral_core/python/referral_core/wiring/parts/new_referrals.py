"""The record as intake needs it: what writes new referrals; the rest is loaded with a repeat."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from referral_core.adapters.aws.dynamodb.new_referrals import NewReferralTable
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.hashed_keys import hashed_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
    from referral_core.domain.ids import ReferralId, Tenant
    from referral_core.domain.referral import Referral
    from referral_core.domain.writes import ReferralState


class RecordOfIntake(NewReferralTable):
    """Writes what is new itself, and reads what is there by the whole record."""

    def identified(self, tenant: Tenant, identifier: str) -> Sequence[ReferralId]:
        """List the referrals that have an identifier; see the port."""
        return whole_record().identified(tenant, identifier)

    def load(self, tenant: Tenant, referral_id: ReferralId) -> ReferralState:
        """Read a referral and its mailbox; see the port."""
        return whole_record().load(tenant, referral_id)

    def payload(self, referral: Referral) -> bytes:
        """Read the clinical payload; see the port."""
        return whole_record().payload(referral)


@cache
def new_referrals() -> RecordOfIntake:
    """Return what intake writes."""
    return RecordOfIntake(aws_client("dynamodb"), settings().need("table_name"), hashed_keys())


def whole_record() -> ReferralTable:
    """Return the whole record, which is loaded when it is first asked for."""
    from referral_core.wiring.parts.table import table  # noqa: PLC0415 - see above

    return table()

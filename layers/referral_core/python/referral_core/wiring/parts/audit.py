"""The audit's own table, and what puts reads and refusals there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from referral_core.entrypoints.http.audit.trace import Audit
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock

if TYPE_CHECKING:
    from referral_core.adapters.aws.audit_table import AuditTable


@cache
def audit_trail() -> AuditTable:
    """Return the audit trail."""
    from referral_core.adapters.aws.audit_table import (  # noqa: PLC0415 - few answers need it
        AuditTable,
    )

    return AuditTable(aws_client("dynamodb"), settings().need("audit_table_name"))


def audit() -> Audit:
    """Return what an endpoint is audited by."""
    return Audit(audit_trail, clock())

"""What came and belongs to no referral, as it is kept."""

from __future__ import annotations

from typing import Any

from referral_core.domain.evidence import Evidence
from referral_core.domain.unmatched import Mismatch, Unmatched
from referral_core.domain.updates import UpdateKind
from tests.in_memory import START, TENANT
from tests.unit.builders import an_update


def an_item(item_id: str = "item-1", **fields: Any) -> Unmatched:
    """A report that names no referral, with only what the test is about spelled out."""
    evidence = Evidence(
        sha256="a" * 64,
        kind="report",
        source="clinic-1",
        received_at=START,
        content_type="application/pdf",
        size=3,
    )
    base: dict[str, Any] = {
        "tenant": TENANT,
        "id": item_id,
        "mismatch": Mismatch.REFERRAL_NOT_NAMED,
        "received_at": START,
        "client_id": "clinic-1",
        "organization": "clinic-1",
        "update": an_update(UpdateKind.REPORT_RECEIVED, loinc="11488-4"),
        "evidence": evidence,
    }
    return Unmatched.model_validate({**base, **fields})

"""What goes along with no order of a request: stored, for a person to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from referral_core.domain import exact_json
from referral_core.domain.access.principal import Principal
from referral_core.domain.evidence import Evidence
from referral_core.fhir.intake.orders import Intake
from referral_core.ports.lifecycle import Clock, Documents

_FHIR: Final = "application/fhir+json"


def stored_left_out(
    documents: Documents, clock: Clock, principal: Principal, intakes: Sequence[Intake]
) -> Evidence | None:
    """Store what no order of a request takes along, as one Bundle; None: there is nothing."""
    resources = [resource for intake in intakes for resource in intake.left_out]
    if not resources:
        return None
    entries = [{"resource": resource} for resource in resources]
    whole = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    body = exact_json.dumps(whole).encode()
    return Evidence(
        sha256=documents.put(principal.tenant, body, _FHIR),
        kind="left-out",
        source=principal.organization,
        received_at=clock.now(),
        content_type=_FHIR,
        size=len(body),
    )

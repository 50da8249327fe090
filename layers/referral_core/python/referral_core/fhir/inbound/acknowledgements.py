"""The EHR's report that the referring provider has a notice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from referral_core.domain.updates import NoticeAcknowledged, ProgressNoted
from referral_core.fhir.dates import instant
from referral_core.fhir.ids import referred
from referral_core.fhir.inbound.named_patient import named_patient
from referral_core.fhir.inbound.partner_updates import PartnerUpdate, unknown_referral
from referral_core.fhir.parse import read_resource
from referral_core.fhir.r4.messaging import Communication
from referral_core.fhir.r4.structure import expect


class Acknowledgement(PartnerUpdate):
    """The EHR's report that the referring provider has the notice.

    Attributes:
        notice_number: of the notice that is named; without one nothing is acknowledged.
    """

    notice_number: int | None = None
    received_at: datetime | None = None

    def _of_its_kind(self) -> Mapping[str, object]:
        return {"notice": self.notice_number}


def read_acknowledgement(body: bytes, content_type: str | None) -> Acknowledgement:
    """Read the EHR's answer to a notice.

    Raises:
        FhirError: malformed, or of no referral of ours.
    """
    answer = expect(read_resource(body, content_type), Communication)
    own = referred((*answer.in_response_to, *answer.based_on, *answer.about))
    if own is None:
        raise unknown_referral(
            "Communication.inResponseTo", "Refer in inResponseTo to the router's Communication."
        )
    at = answer.received or answer.sent
    number = own.number if own.part == "n" else None
    is_acknowledged = answer.status == "completed" and number is not None
    return Acknowledgement(
        referral_id=own.referral_id,
        patient=named_patient(answer, [answer.subject]),
        kind_class=NoticeAcknowledged if is_acknowledged else ProgressNoted,
        status=answer.status,
        notice_number=number,
        received_at=instant(at) if at else None,
    )

"""Which service a posted order wants, by the tables alone; what is no referral is refused."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import NotAReferral, understand
from referral_core.entrypoints.http.errors import refuse
from referral_core.fhir.intake.orders import Intake


def service_of(intake: Intake, at: datetime) -> WantedService:
    """Return the service wanted; the first step asks for the tenant's own mappings.

    Args:
        intake: the order.
        at: when it came.

    Raises:
        FhirError: it is an order of a laboratory, of transport or of a device.
    """
    reading = understand(intake.clinical.service.wanted.but(received_at=at))
    if isinstance(reading, NotAReferral):
        refuse(
            "not-a-referral",
            reading.sentence,
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="ServiceRequest.code",
        )
    return WantedService.of(reading)

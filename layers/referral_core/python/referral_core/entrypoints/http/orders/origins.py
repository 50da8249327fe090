"""Where an order comes from, in codes: what the figures of referrals are cut by."""

from __future__ import annotations

from referral_core.domain.access.principal import Principal
from referral_core.domain.codes import npi_in
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Origin
from referral_core.fhir.intake.orders import Intake


def origin_of(principal: Principal, intake: Intake, pathway: Pathway) -> Origin:
    """Return the origin of what a caller sends."""
    requester = intake.clinical.requester
    return Origin(
        kind=pathway.kind,
        practice=npi_in(requester.organization_npi) or principal.organization,
        clinician=npi_in(requester.npi),
        location=intake.location,
        language=intake.clinical.patient.language,
        zip3=_zip3(intake.clinical.patient.postal_code),
    )


def _zip3(postal_code: str | None) -> str | None:
    """Return what of a ZIP code figures may be cut by; None where it is none."""
    digits = (postal_code or "").strip()[:3]
    is_zip = len(digits) == 3 and digits.isascii() and digits.isdigit()  # noqa: PLR2004 - ZIP3
    return digits if is_zip else None

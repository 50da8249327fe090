"""Orders that were placed together for one patient: the patient is asked once about all of them."""

from __future__ import annotations

from hashlib import sha256

from referral_core.domain.orders.clinical_content import ClinicalContent


def requisition_key(referrer: str, content: ClinicalContent) -> str | None:
    """Return what the orders of one requisition have in common; None of an order that stands alone.

    It is a hash: the number is the author's, and the patient is among what is hashed, so that a
    number used for two patients brings nobody's orders together.

    Args:
        referrer: the EHR, whose number it is.
        content: of the order.
    """
    if content.requisition is None:
        return None
    patient = content.patient
    who = (patient.family, patient.given, patient.birth_date, patient.phone or patient.email)
    said = "|".join(str(part) for part in (referrer, content.requisition, *who))
    return f"requisition|{sha256(said.encode()).hexdigest()}"

"""Which facts that a pathway requires an order lacks."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from referral_core.domain.orders.clinical_content import ClinicalContent

CONSENT: Final = "consent"
SERVICE: Final = "service"
"""Facts that the lifecycle knows more of than the content does."""
DECEASED: Final = "patient.deceased"
"""What every pathway must know, and is missing where a death is stated that cannot be."""
IN_FORCE: Final = "coverage.in_force"
"""What is missing where the coverage that counts is over, has not begun, or was cancelled."""


def not_in_force(content: ClinicalContent, required: Iterable[str], today: date) -> tuple[str, ...]:
    """Return that a coverage is missing which holds today, where one is required at all."""
    coverage = content.coverage
    needed = any(name.startswith("coverage.") for name in required)
    if not needed or coverage.self_pay:
        return ()
    ended = coverage.end is not None and coverage.end < today
    to_come = coverage.start is not None and coverage.start > today
    withdrawn = coverage.status in {"cancelled", "entered-in-error"}
    return (IN_FORCE,) if ended or to_come or withdrawn else ()


def missing(
    content: ClinicalContent, required: Iterable[str], *, consented: bool = False
) -> tuple[str, ...]:
    """Return the names of required facts (`patient.phone`, `coverage.payor`, `service`) not there.

    Args:
        content: what the order says; of a patient who pays no coverage is needed.
        required: by the pathway.
        consented: whether staff recorded the patient's consent.

    Raises:
        AttributeError: a pathway requires a fact that does not exist.
    """
    return tuple(
        name
        for name in (*required, DECEASED)
        if not _has(content, name) and not (consented and name == CONSENT)
    )


def _has(content: ClinicalContent, name: str) -> bool:
    if content.coverage.self_pay and name.startswith("coverage."):
        return True
    match name:
        case "patient.deceased":
            return DECEASED not in content.patient.not_understood
        case "consent":
            return content.consent
        case "service":
            return content.service.is_stated
        case "reason":
            return bool(content.reasons)
    value: Any = content
    for part in name.split("."):
        value = getattr(value, part)
    return value not in (None, "", ())

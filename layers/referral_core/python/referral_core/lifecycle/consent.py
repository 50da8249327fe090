"""Whether what an order discloses may be disclosed: asked wherever content goes out or on.

A consent that staff record is to what the order disclosed then: another version that discloses more
is asked about again, whatever was recorded before.
"""

from __future__ import annotations

from referral_core.domain.change import Regions
from referral_core.domain.orders.required_facts import CONSENT
from referral_core.domain.terminology import ConsentClass
from referral_core.lifecycle.case import Case


def disclosed(case: Case) -> frozenset[ConsentClass]:
    """Return all that the order, as it was read and as it is now, discloses."""
    return case.referral.service.discloses_all(case.content.service.wanted)


def recorded(case: Case) -> Regions:
    """Return that staff hold the patient's consent to what the order discloses now."""
    return {"consent_recorded": True, "consented_to": tuple(sorted(disclosed(case)))}


def staff_hold_consent(case: Case) -> bool:
    """Whether staff recorded a consent to all that the order discloses now."""
    referral = case.referral
    return referral.consent_recorded and disclosed(case) <= set(referral.consented_to)


def has_consent(case: Case) -> bool:
    """Whether the order comes with an active consent, or staff hold one to all of it."""
    return case.content.consent or staff_hold_consent(case)


def needs_consent(case: Case) -> bool:
    """Whether the order, as it is now, discloses what its patient must consent to."""
    return CONSENT in case.rules.readiness.required or bool(disclosed(case))


def lacks_consent(case: Case) -> bool:
    """Whether the order discloses what needs the patient's consent, and none is on record."""
    return bool(disclosed(case)) and not has_consent(case)

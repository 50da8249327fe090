"""Whether what an order discloses may be disclosed: asked wherever a referral goes on from."""

from __future__ import annotations

from referral_core.domain.terminology import ConsentClass
from referral_core.lifecycle.case import Case


def lacks_consent(case: Case) -> bool:
    """Whether the order discloses what needs the patient's consent, and none is on record."""
    needed = case.referral.service.consent is not ConsentClass.NONE
    return needed and not (case.content.consent or case.referral.consent_recorded)

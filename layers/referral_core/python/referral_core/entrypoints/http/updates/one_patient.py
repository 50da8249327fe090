"""Whatever comes in about a referral names its patient, or nobody: the one place that compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from referral_core.domain.errors import NotFound
from referral_core.domain.ids import ReferralId
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.patient_identity import (
    Likeness,
    PatientIdentity,
    compare,
    identity_of,
    insured_identity_of,
)
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role
from referral_core.fhir.ids import patient_copy_of
from referral_core.fhir.inbound.named_patient import NamedPatient
from referral_core.ports.lifecycle import Referrals

_LOCAL: Final = ("#", "urn:")


@dataclass(frozen=True)
class OnePatient:
    """Compares whom something names with the patient of the referral that it is about."""

    referrals: Referrals

    def is_another(self, referral: Referral, named: NamedPatient, role: Role) -> bool:
        """Whether something names another patient than the referral's.

        Args:
            referral: that it is about.
            named: whom it names.
            role: of its sender: an EHR's references are those of its order.
        """
        payload = ClinicalPayload.load(self.referrals.payload(referral))
        if named.others:  # each must be shown to be the patient's: a visit is one patient's
            everybody = (named, *named.others)
            return any(self._likeness(referral, payload, o) is not Likeness.SAME for o in everybody)
        likeness = self._likeness(referral, payload, named)
        if likeness is Likeness.UNKNOWN and role is Role.EHR:
            ours = payload.service_request.get("subject", {}).get("reference")
            return _lead_elsewhere(ours, named.literal)
        return likeness is Likeness.ANOTHER

    def _likeness(
        self, referral: Referral, payload: ClinicalPayload, named: NamedPatient
    ) -> Likeness:
        known, identity = insured_identity_of(payload.content), named.identity
        copied_for = patient_copy_of(named.literal or "")
        if copied_for == referral.id:
            # Its own patient, as it was sent: what is displayed beside it is no name to go by.
            found = compare(known, identity.but(words=None))
            return Likeness.SAME if found is Likeness.UNKNOWN else found
        if copied_for is not None and not identity.identifiers:
            identity = self._patient_of(referral, copied_for) or identity
        return compare(known, identity)

    def _patient_of(self, referral: Referral, other: ReferralId) -> PatientIdentity | None:
        try:
            found = self.referrals.load(referral.tenant, other).referral
        except NotFound:
            return None
        return identity_of(ClinicalPayload.load(self.referrals.payload(found)).content.patient)


def _lead_elsewhere(ours: str | None, theirs: str | None) -> bool:
    """Whether two references of one server lead to two records."""
    if ours is None or theirs is None or any(r.startswith(_LOCAL) for r in (ours, theirs)):
        return False
    if "?" in ours or "?" in theirs or patient_copy_of(theirs) is not None:
        return False
    return ours.split("/")[-2:] != theirs.split("/")[-2:]

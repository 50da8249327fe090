"""What payers are asked and answer: by a 270 and its 271, by a PAS Claim and its response."""

from datetime import date, datetime

from referral_core.domain.ids import ReferralId
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import Subscriber
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.terminology import ConsentClass


class EligibilityRequest(Model):
    """What a 270 needs, at least. PHI: never logged, never stored outside the payload.

    Attributes:
        member_id: the subscriber's number.
        family, given, suffix, birth_date, gender: the patient's.
        subscriber: whose coverage it is, where that is not the patient.
    """

    trace: str
    provider_npi: str
    provider_name: str
    member_id: str
    family: str
    given: str
    suffix: str | None = None
    birth_date: date
    gender: str | None
    subscriber: Subscriber | None = None
    service_type: str
    service_date: date


class EligibilityResponse(Model):
    """What a 271 says, reduced to what routing needs.

    Attributes:
        authorization_required: EB11; None when the payer does not say (U).
        in_network: EB12; None when the payer does not say.
        reject_reason: AAA03 when the payer could not answer, or why its answer is not clear.
        other_payer: whether it names another payer, which may be the one that pays (EB01 R).
        patient: whom it is about. PHI.
        source: the payer's own document, as it came. PHI: kept as evidence, nowhere else.
    """

    verdict: EligibilityVerdict
    authorization_required: bool | None
    in_network: bool | None
    reject_reason: str | None
    other_payer: bool = False
    patient: PatientIdentity = PatientIdentity()
    source: bytes = b""


class AuthorizationRequest(Model):
    """What PAS `Claim/$submit` needs. PHI.

    Attributes:
        subscriber: whose coverage it is, where that is not the patient.
        trace: our identifier of the request (TRN): a repeat with it is the same request.
        service_type: X12 service type (data element 1365), `3` is a consultation.
        request_type: X12 request category (data element 1525).
        discloses: what its codes disclose that law protects beyond other health data.
    """

    trace: str
    referral_id: ReferralId
    created: datetime
    urgent: bool
    patient_family: str
    patient_given: str
    patient_suffix: str | None = None
    birth_date: date
    gender: str | None
    member_id: str
    subscriber: Subscriber | None = None
    provider_organization: str
    provider_npi: str
    performer_npi: str
    performer_name: str
    service_system: str | None
    service_code: str | None
    service_text: str
    diagnoses: tuple[tuple[str, str], ...]
    service_from: date
    service_to: date
    discloses: ConsentClass = ConsentClass.NONE
    service_type: str = "3"
    request_type: str = "SC"


class AuthorizationResponse(Model):
    """What the payer's ClaimResponse says, read from the review action and never from outcome.

    Attributes:
        reason: the payer's reason codes, free of PHI.
        performers: NPIs of the clinicians whom it authorizes, as far as it says who they are.
        note: the payer's own words, which may hold PHI: for a person's eyes, never the projection.
        source: the payer's own document, as it came. PHI: kept as evidence, nowhere else.
        patient: whom it names, when it does. PHI.
    """

    verdict: AuthorizationVerdict
    review_action: str
    trace: str
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str | None = None
    note: str | None = None
    source: bytes = b""
    patient: PatientIdentity = PatientIdentity.blank()
    performers: tuple[str, ...] = ()

    def for_performer(self, npi: str | None) -> "AuthorizationResponse":
        """Return what it says for one clinician: granted for another only, a person reads it."""
        is_anothers = npi is not None and bool(self.performers) and npi not in self.performers
        granted = self.verdict is AuthorizationVerdict.APPROVED
        if not (is_anothers and granted):
            return self
        return self.but(verdict=AuthorizationVerdict.NEEDS_REVIEW)

"""Prior authorization: what the payer is asked, what it decides, and where it stands."""

from datetime import date, datetime
from enum import StrEnum

from referral_core.domain.codes import Coded, Numbered
from referral_core.domain.ids import ReferralId
from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import Subscriber
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.terminology import ConsentClass


class AuthorizationVerdict(StrEnum):
    """The review action, as the router reads it."""

    APPROVED = "approved"
    DENIED = "denied"
    PENDED = "pended"
    NOT_REQUIRED = "not-required"
    NEEDS_REVIEW = "needs-review"


class AuthorizationStatus(StrEnum):
    """Where prior authorization stands."""

    NOT_REQUIRED = "not-required"
    SUBMITTED = "submitted"
    PENDED = "pended"
    APPROVED = "approved"
    DENIED = "denied"
    APPEALED = "appealed"
    REVOKED = "revoked"


class Authorization(Model):
    """One PAS request for one performer; a re-route to another performer starts a new one.

    Attributes:
        payer: whom it was put to: nobody else decides it; None where nobody was asked.
        due_at: when the payer's clock runs out.
        expedited: whether the clock for urgent requests runs.
        warned: whether the team was told that it soon does.
        let_stand: whether a person lets the referral go on though it has ended.
    """

    status: AuthorizationStatus
    trace: str
    performer: str
    payer: str | None = None
    requested_at: datetime
    number: Numbered = None
    valid_from: date | None = None
    valid_to: date | None = None
    denial_reason: Coded = None
    due_at: datetime | None = None
    warned: bool = False
    expedited: bool = False
    let_stand: bool = False


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

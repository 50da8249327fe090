"""The clinical content that the steps need, in plain words: FHIR's many ways to say it end here.

Everything is optional: what is missing, the pathway decides about. All of it is PHI.
"""

from datetime import date, datetime
from typing import Any, Final, Literal, Self

from pydantic import Field

from referral_core.domain import exact_json
from referral_core.domain.model import Model
from referral_core.domain.terminology.order import Coding, OrderedService

OF_AGE: Final = 18
"""Years from which on a patient is no child."""


class ContactPerson(Model):
    """Somebody to contact about the patient.

    Attributes:
        relationship: the code that the EHR sends; see `relationships.py`.
        phone: E.164.
    """

    name: str | None = None
    relationship: str | None = None
    phone: str | None = None
    email: str | None = None


class PatientContent(Model):
    """Who is referred.

    Attributes:
        given: first given name; `middle`: the others; `suffix`: `Jr`, `III`, no title.
        former_families: the other family names that the patient has or had.
        phone: E.164, a mobile number before others; of a child without one, a contact's.
        contacts: whom else to contact, in the EHR's order.
        through_contact: whether phone or email are a contact's: the patient is a child.
        language: ISO 639-1, else 639-3 (`en`, `es`, `yue`).
        interpreter: whether the patient needs one.
        not_understood: names of facts that were sent, in a form that nobody can use.
        identifiers: `system|value`.
        latitude, longitude: of the address, when the EHR sends its geolocation.
    """

    family: str | None = None
    given: str | None = None
    middle: str | None = None
    suffix: str | None = None
    former_families: tuple[str, ...] = ()
    birth_date: date | None = None
    gender: str | None = None
    phone: str | None = None
    email: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    language: str | None = None
    interpreter: bool = False
    contacts: tuple[ContactPerson, ...] = ()
    through_contact: bool = False
    not_understood: tuple[str, ...] = ()
    deceased: bool = False
    mrn: str | None = None
    identifiers: tuple[str, ...] = ()


class Payor(Model):
    """Who pays, as the coverage names it. Attributes: identifiers: `system|value`."""

    name: str | None = None
    identifiers: tuple[str, ...] = ()


Relationship = Literal["spouse", "child", "common", "parent", "injured", "other"]


class Subscriber(Model):
    """Whose coverage it is. PHI. Attributes: relationship: HL7's, of the patient to them."""

    family: str | None = None
    given: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    suffix: str | None = None
    relationship: Relationship = "other"


class CoverageContent(Model):
    """What pays: the coverage in force, or the only one there is.

    Attributes:
        member_id: the subscriber's number, as the payer knows it.
        start, end: first and last day, as far as they are stated.
        subscriber: None where the patient is the subscriber.
        self_pay: the patient pays (coverage type `pay`, or the patient is the payor).
        fee_class: of the sliding fee scale, `A` to `D`, sent as coverage class `class`.
    """

    member_id: str | None = None
    payor: Payor | None = None
    plan: str | None = None
    group: str | None = None
    status: str | None = None
    start: date | None = None
    end: date | None = None
    subscriber: Subscriber | None = None
    self_pay: bool = False
    fee_class: str | None = None


class RequesterContent(Model):
    """Who refers, and where an answer reaches them."""

    name: str | None = None
    npi: str | None = None
    organization: str | None = None
    organization_npi: str | None = None
    phone: str | None = None
    fax: str | None = None


class ServiceContent(Model):
    """What is asked for.

    Attributes:
        system, code, display: the first coding of the order's code, or its words.
        wanted: all that says which service it is: codes and words, as sent.
        performer_npis: of who the order names, if it names anybody.
        labels: what the labels of the Bundles that it came in disclose, whatever comes later.
    """

    system: str | None = None
    code: str | None = None
    display: str | None = None
    wanted: OrderedService = OrderedService.blank()
    performer_npis: tuple[str, ...] = ()
    labels: tuple[Coding, ...] = ()

    @property
    def is_stated(self) -> bool:
        """Whether the order says what is asked for, by a code, in words, or by who is to do it."""
        wanted = self.wanted
        named = (*wanted.performer_type, *wanted.order_detail, *wanted.performer)
        return bool(self.code or self.display or named)


class Reason(Model):
    """Why: a diagnosis or problem."""

    system: str | None = None
    code: str | None = None
    text: str | None = None


class ClinicalContent(Model):
    """All of it.

    Attributes:
        consent: whether the order comes with the patient's active consent to disclose.
        setting: class of the encounter it was written in (HL7 ActEncounterCode).
        seen_by: NPIs of who saw the patient before: of their encounters and their care team.
        requisition: number of the requisition that the order is part of, as `system|value`.
        status, intent: of the order: who may act on it, and whether anybody may.
    """

    patient: PatientContent = PatientContent.blank()
    coverage: CoverageContent = CoverageContent.blank()
    requester: RequesterContent = RequesterContent.blank()
    service: ServiceContent = ServiceContent.blank()
    reasons: tuple[Reason, ...] = ()
    consent: bool = False
    setting: str | None = None
    seen_by: tuple[str, ...] = ()
    status: str = "active"
    intent: str = "order"
    requisition: str | None = None
    notes: tuple[str, ...] = ()

    def as_of(self, at: datetime) -> Self:
        """Return what is known of a patient of its age: a parent's number is no adult's."""
        patient = self.patient
        if not patient.through_contact or is_child(patient.birth_date, at):
            return self
        numbers = {c.phone for c in patient.contacts} | {c.email for c in patient.contacts}
        grown = patient.but(
            phone=None if patient.phone in numbers else patient.phone,
            email=None if patient.email in numbers else patient.email,
            through_contact=False,
        )
        return self.but(patient=grown)

    @property
    def waits_for(self) -> str | None:
        """What its author must do before anything may be done; None when the order may be."""
        if self.status in {"draft", "unknown", "completed"}:
            return f"The order is {self.status}; its author is to send it as active."
        if self.status == "on-hold":
            return "The order is on hold; its author is to send it as active again."
        if self.intent == _OF_THE_PATIENT:
            return (
                "The order is a directive, which patients and relatives write; "
                "its author is to send it as an order, once a clinician orders it."
            )
        if self.intent in _NO_ORDERS:
            return f"The order is a {self.intent}; its author is to send it as an order."
        return None


AS_SENT: Final = ("resources", "service_request")
"""What is FHIR of the EHR's, and stays to the digit as it was sent."""


class Moved(Model):
    """One large part of what was sent, which is a document of its own.

    Attributes:
        path: to its place: `service_request` or `resources`, then names and indexes.
        sha256: of the document that holds it.
        form: `base64`: what the document's bytes are in base64; `text`; `json`: whatever JSON.
    """

    path: tuple[str | int, ...]
    sha256: str
    form: Literal["base64", "text", "json"]


class ClinicalPayload(Model):
    """What is stored compressed, once per version the author sent. All of it is PHI.

    Attributes:
        service_request: the EHR's resource.
        resources: what it leads to and what leads to it, by the reference that leads there.
        attached: of them, those that the order does not lead to.
        order_links: references to the order in them.
        uploads: what names an upload in them → the address at which the document is read.
        content: the same, normalised.
        source_sha256: the document that holds the request's bytes as they came: of a patch, the
            patch; what it changes is the version before.
        content_hash: SHA-256 of what the order and its resources say.
        moved: what is left out here, in the order in which it was (`large_parts.py`).
    """

    service_request: dict[str, Any]
    resources: dict[str, dict[str, Any]]
    attached: tuple[str, ...] = ()
    order_links: tuple[str, ...] = ()
    uploads: dict[str, str] = Field(default_factory=dict)
    content: ClinicalContent
    source_sha256: str
    content_hash: str
    moved: tuple[Moved, ...] = ()

    @classmethod
    def load(cls, stored: bytes) -> Self:
        """Read a stored payload."""
        return cls.model_validate(exact_json.loads(stored))

    def dump(self) -> bytes:
        """Return the payload as it is stored."""
        apart = {*AS_SENT, *(() if self.moved else ("moved",))}
        return exact_json.dumps(
            {
                **self.model_dump(mode="json", exclude=apart, exclude_none=True),
                **{name: getattr(self, name) for name in AS_SENT},
            }
        ).encode()


_NO_ORDERS: Final = frozenset({"proposal", "plan", "option"})
"""Intents that authorize nobody to act (HL7 request-intent)."""
_OF_THE_PATIENT: Final = "directive"
"""The intent of an instruction by a Patient or RelatedPerson: of no clinician's (the same list)."""


def is_child(birth_date: date | None, at: datetime) -> bool:
    """Whether a patient is not of age yet; of one without birth date nobody knows."""
    if birth_date is None:
        return False
    today = at.date()
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday) < OF_AGE

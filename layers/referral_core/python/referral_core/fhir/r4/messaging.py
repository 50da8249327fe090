"""What carries resources, and what partners send about a referral under way."""

from typing import Annotated, Any, Literal

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Annotation,
    Attachment,
    Boolean,
    CodeableConcept,
    Coding,
    DateTime,
    Element,
    Id,
    Identifier,
    Instant,
    Integer,
    Period,
    Reference,
    Resource,
    Uri,
    Words,
)
from referral_core.fhir.r4.orders import Coded, Priority


class BundleRequest(Element):
    """What a transaction asks to be done with an entry."""

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
    url: Words | None = None
    if_match: Words | None = None
    if_none_match: Words | None = None
    if_none_exist: Words | None = None


class BundleEntry(Element):
    """One resource of a Bundle; it stays JSON until somebody asks for it."""

    full_url: Uri | None = None
    resource: dict[str, Any] | None = None
    request: BundleRequest | None = None


class Bundle(Resource):
    """Resources sent together."""

    identifier: Identifier | None = None
    type: Literal[
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    ]
    timestamp: Instant | None = None
    entry: Annotated[tuple[BundleEntry, ...], Field(max_length=5_000)] = ()


class MessageResponse(Element):
    """What a message answers."""

    identifier: Id | None = None


class MessageSource(Element):
    """Who sends a message, and where an answer goes."""

    name: Words | None = None
    endpoint: Uri | None = None


class MessageHeader(Resource):
    """What a message is about."""

    event_coding: Coding | None = None
    event_uri: Uri | None = None
    sender: Reference | None = None
    source: MessageSource | None = None
    response: MessageResponse | None = None
    focus: tuple[Reference, ...] = ()


class Parameter(Element):
    """A parameter of an operation."""

    name: Words | None = None
    resource: dict[str, Any] | None = None


class Parameters(Resource):
    """The parameters of an operation."""

    parameter: tuple[Parameter, ...] = ()


class Schedule(Resource):
    """Whose slots a clinic publishes."""

    active: Boolean | None = None
    actor: tuple[Reference, ...] = Field(min_length=1, max_length=20)


class Slot(Resource):
    """A time at which a clinic could see somebody."""

    service_category: tuple[CodeableConcept, ...] = ()
    service_type: tuple[CodeableConcept, ...] = ()
    specialty: Annotated[tuple[CodeableConcept, ...], Field(max_length=20)] = ()
    appointment_type: CodeableConcept | None = None
    schedule: Reference
    status: Literal["busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"]
    start: Instant
    end: Instant
    overbooked: Boolean | None = None


class Participant(Element):
    """Who comes to an appointment."""

    actor: Reference | None = None
    status: Literal["accepted", "declined", "tentative", "needs-action"] | None = None


class Appointment(Resource):
    """A visit, as the clinic books and reports it."""

    identifier: tuple[Identifier, ...] = ()
    status: Literal[
        "proposed",
        "pending",
        "booked",
        "arrived",
        "fulfilled",
        "cancelled",
        "noshow",
        "entered-in-error",
        "checked-in",
        "waitlist",
    ]
    cancelation_reason: CodeableConcept | None = None
    start: Instant | None = None
    end: Instant | None = None
    minutes_duration: Integer | None = None
    created: DateTime | None = None
    based_on: tuple[Reference, ...] = ()
    slot: tuple[Reference, ...] = ()
    participant: tuple[Participant, ...] = ()
    requested_period: tuple[Period, ...] = ()


class DocumentContent(Element):
    """One form of a document."""

    attachment: Attachment
    format: Coding | None = None


class DocumentContext(Element):
    """What a document is about."""

    period: Period | None = None
    related: tuple[Reference, ...] = ()


class DocumentReference(Resource):
    """A report, inline or by address; `basedOn` is R5's way to name the order, read as well."""

    identifier: tuple[Identifier, ...] = ()
    status: Literal["current", "superseded", "entered-in-error"]
    doc_status: Literal["preliminary", "final", "amended", "entered-in-error"] | None = None
    type: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    date: Instant | None = None
    author: tuple[Reference, ...] = ()
    description: str | None = None
    content: tuple[DocumentContent, ...] = Field(min_length=1)
    context: DocumentContext | None = None
    based_on: tuple[Reference, ...] = ()


class Observation(Coded):
    """A measurement of a report. Attributes: interpretation: `HH`, `LL`, `AA` are critical."""

    interpretation: tuple[CodeableConcept, ...] = ()


class DiagnosticReport(Coded):
    """The result of a diagnostic service."""

    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    category: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    status: (
        Literal[
            "registered",
            "partial",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "appended",
            "cancelled",
            "entered-in-error",
            "unknown",
        ]
        | None
    ) = None
    performer: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()
    conclusion_code: tuple[CodeableConcept, ...] = ()
    presented_form: tuple[Attachment, ...] = ()


class CommunicationPayload(Element):
    """A part of a communication."""

    content_string: str | None = None
    content_reference: Reference | None = None


class Communication(Resource):
    """Word between systems: our notice, or the EHR's acknowledgement of it."""

    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    in_response_to: tuple[Reference, ...] = ()
    status: Literal[
        "preparation",
        "in-progress",
        "not-done",
        "on-hold",
        "stopped",
        "completed",
        "entered-in-error",
        "unknown",
    ]
    category: tuple[CodeableConcept, ...] = ()
    priority: Priority | None = None
    subject: Reference | None = None
    about: tuple[Reference, ...] = ()
    sent: DateTime | None = None
    received: DateTime | None = None
    recipient: tuple[Reference, ...] = ()
    sender: Reference | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    payload: tuple[CommunicationPayload, ...] = ()
    note: tuple[Annotation, ...] = ()

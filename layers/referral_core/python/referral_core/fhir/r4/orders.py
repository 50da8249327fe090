"""The referral itself and why: ServiceRequest, Condition."""

from typing import Annotated, Literal

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Annotation,
    Boolean,
    CodeableConcept,
    DateTime,
    Identifier,
    Period,
    Reference,
    Resource,
    Timing,
    Uri,
)

Priority = Literal["routine", "urgent", "asap", "stat"]
RequestIntent = Literal[
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
]


class ServiceRequest(Resource):
    """The EHR's order; status, intent and subject are the only elements that R4 requires."""

    identifier: Annotated[tuple[Identifier, ...], Field(max_length=100)] = ()
    instantiates_canonical: tuple[Uri | None, ...] = ()
    instantiates_uri: tuple[Uri | None, ...] = ()
    based_on: tuple[Reference, ...] = ()
    replaces: Annotated[tuple[Reference, ...], Field(max_length=20)] = ()
    requisition: Identifier | None = None
    status: Literal[
        "draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"
    ]
    intent: RequestIntent
    category: tuple[CodeableConcept, ...] = ()
    priority: Priority | None = None
    do_not_perform: Boolean | None = None
    code: CodeableConcept | None = None
    order_detail: tuple[CodeableConcept, ...] = ()
    subject: Reference
    encounter: Reference | None = None
    occurrence_date_time: DateTime | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    as_needed_boolean: Boolean | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    authored_on: DateTime | None = None
    requester: Reference | None = None
    performer_type: CodeableConcept | None = None
    performer: Annotated[tuple[Reference, ...], Field(max_length=50)] = ()
    location_code: tuple[CodeableConcept, ...] = ()
    location_reference: tuple[Reference, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    insurance: Annotated[tuple[Reference, ...], Field(max_length=20)] = ()
    supporting_info: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()
    body_site: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()
    patient_instruction: str | None = None
    relevant_history: tuple[Reference, ...] = ()


class Coded(Resource):
    """What an order may give as its reason: a Condition, Observation, DiagnosticReport, …."""

    code: CodeableConcept | None = None


class Condition(Coded):
    """A problem or diagnosis: why the patient is referred."""

    identifier: tuple[Identifier, ...] = ()
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    severity: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    encounter: Reference | None = None
    onset_date_time: DateTime | None = None
    abatement_date_time: DateTime | None = None
    recorded_date: DateTime | None = None
    note: tuple[Annotation, ...] = ()

"""The referral itself and what surrounds it: ServiceRequest, Condition, Claim, Task."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Annotation,
    Boolean,
    CodeableConcept,
    Coding,
    DateTime,
    Element,
    Identifier,
    Integer,
    Period,
    Reference,
    Resource,
    ShortWords,
    Timing,
    Uri,
    Words,
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


class EncounterLocation(Element):
    """A place of an encounter."""

    location: Reference | None = None


class EncounterParticipant(Element):
    """Who took part in an encounter."""

    individual: Reference | None = None


class Encounter(Resource):
    """Where the patient was seen, and by whom. Attributes: class_: ActEncounterCode."""

    status: ShortWords | None = None
    class_: Coding | None = Field(default=None, alias="class")
    participant: tuple[EncounterParticipant, ...] = ()
    location: tuple[EncounterLocation, ...] = ()


class Definition(Coded):
    """What an order was made from: an ActivityDefinition, or a PlanDefinition, which has no code.

    Attributes:
        url: its canonical URL, by which an order names it.
    """

    url: Uri | None = None
    title: Words | None = None
    name: Words | None = None


class CareTeamParticipant(Element):
    """A member of a care team."""

    role: tuple[CodeableConcept, ...] = ()
    member: Reference | None = None


class CareTeam(Resource):
    """Who cares for the patient, or a team that an order may name as its performer."""

    status: ShortWords | None = None
    name: Words | None = None
    participant: tuple[CareTeamParticipant, ...] = ()


class ConsentProvision(Element):
    """What a consent says by default. Attributes: type: `permit` or `deny`."""

    type: ShortWords | None = None


class Consent(Resource):
    """What the patient allows to be disclosed."""

    status: ShortWords | None = None
    patient: Reference | None = None
    provision: ConsentProvision | None = None

    @property
    def allows(self) -> bool:
        """Whether the patient agrees, and does not say so only to forbid it."""
        return self.status == "active" and (self.provision is None or self.provision.type != "deny")


class ClaimInsurance(Element):
    """A coverage that a claim names."""

    focal: Boolean | None = None
    coverage: Reference | None = None


class ClaimDiagnosis(Element):
    """A diagnosis that a claim names."""

    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None


class ClaimItem(Element):
    """A line of a claim; PAS names the request it is for in an extension."""


class Claim(Resource):
    """A PAS authorization request or an ExplanationOfBenefit, as the carrier of a referral."""

    patient: Reference | None = None
    provider: Reference | None = None
    referral: Reference | None = None
    insurance: tuple[ClaimInsurance, ...] = ()
    diagnosis: tuple[ClaimDiagnosis, ...] = ()
    item: tuple[ClaimItem, ...] = ()


class RequestGroupAction(Element):
    """One thing to be done, or several within it."""

    resource: Reference | None = None
    action: "tuple[RequestGroupAction, ...]" = ()


class RequestGroup(Resource):
    """Orders that were placed together, as its actions."""

    identifier: tuple[Identifier, ...] = ()
    group_identifier: Identifier | None = None
    priority: Priority | None = None
    action: "tuple[RequestGroupAction, ...]" = ()

    def orders(self) -> Iterator[Reference]:
        """Iterate over what the actions are about, those within others too."""
        open_ones = list(self.action)
        while open_ones:
            action = open_ones.pop(0)
            if action.resource is not None:
                yield action.resource
            open_ones += action.action


class TaskRestriction(Element):
    """Until when a Task is to be done."""

    repetitions: Integer | None = None
    period: Period | None = None
    recipient: tuple[Reference, ...] = ()


class TaskValue(Element):
    """What a Task is given, or produced."""

    type: CodeableConcept | None = None
    value_reference: Reference | None = None
    value_string: str | None = None
    value_codeable_concept: CodeableConcept | None = None


class Task(Resource):
    """A Task about a referral: another system's answer, or the envelope of an order."""

    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    part_of: tuple[Reference, ...] = ()
    group_identifier: Identifier | None = None
    status: Literal[
        "draft",
        "requested",
        "received",
        "accepted",
        "rejected",
        "ready",
        "cancelled",
        "in-progress",
        "on-hold",
        "failed",
        "completed",
        "entered-in-error",
    ]
    status_reason: CodeableConcept | None = None
    business_status: CodeableConcept | None = None
    intent: RequestIntent | Literal["unknown"] | None = None
    priority: Priority | None = None
    code: CodeableConcept | None = None
    description: str | None = None
    focus: Reference | None = None
    for_: Reference | None = Field(default=None, alias="for")
    encounter: Reference | None = None
    execution_period: Period | None = None
    authored_on: DateTime | None = None
    last_modified: DateTime | None = None
    requester: Reference | None = None
    owner: Reference | None = None
    reason_code: CodeableConcept | None = None
    reason_reference: Reference | None = None
    insurance: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()
    restriction: TaskRestriction | None = None
    input: tuple[TaskValue, ...] = ()
    output: tuple[TaskValue, ...] = ()

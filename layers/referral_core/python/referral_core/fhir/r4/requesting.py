"""What asks for an order: a Task, a claim, a group of orders; read when the first of them comes."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Annotation,
    Boolean,
    CodeableConcept,
    DateTime,
    Element,
    Identifier,
    Integer,
    Period,
    Reference,
    Resource,
)
from referral_core.fhir.r4.orders import Priority, RequestIntent


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

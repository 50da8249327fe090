"""One event, and the dimensions by which every figure can be cut."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field, SerializeAsAny, model_validator

from referral_core.domain.codes import Coded
from referral_core.domain.events.kinds import EventKind
from referral_core.domain.events.step_facts import STEP_KINDS, Facts, StepFacts
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Party, Queue, ReferralKind, Status, Step
from referral_core.domain.model import Model
from referral_core.domain.payers.vocabulary import PayerClass

SCHEMA_VERSION: Final = 2


class Dimensions(Model):
    """By what every figure can be cut: codes and ids, as far as they are known by then.

    Attributes:
        payer_class: `self-pay` where the patient pays.
        referring_practice: NPI of the referring organization, else the id of its EHR.
        referring_clinician: NPI.
        location: where the referral was written, as the EHR identifies it.
        performer: NPI of the practitioner in hand, or the last one.
        network: whether that performer is in the payer's network.
        zip3: the first three digits of the patient's ZIP code.
        fee_class: of the sliding fee scale, where the patient pays.
    """

    pathway: str
    kind: ReferralKind
    priority: str
    specialty: Coded = None
    payer: str | None = None
    payer_class: PayerClass | None = None
    referring_practice: Coded = None
    referring_clinician: Coded = None
    location: Coded = None
    performer_organization: str | None = None
    performer: str | None = None
    network: bool | None = None
    tier: int | None = None
    language: Coded = None
    zip3: Coded = None
    fee_class: Coded = None


class Event(Model):
    """One change, append-only; carries no PHI.

    Attributes:
        version: the referral's version that this event made; its number.
        in_status_s: seconds spent in `from_status` until this event.
        step: where the referral is after it.
        queue, waits_for: whose move it is after it, where that is not the status's usual.
        update: id of the update that brought it about.
        facts: small values that explain the change, of the class of the kind.
        dimensions: what was known of the referral by then.
        metered: counted units for the cost ledger (states, sms_parts, payer_transactions, …).
    """

    tenant: Tenant
    referral_id: ReferralId
    version: int
    run: int
    kind: EventKind
    at: datetime
    actor: str
    from_status: Status | None
    to_status: Status
    status_reason: str
    outcome: Outcome | None = None
    in_status_s: int | None = None
    step: Step | None = None
    queue: Queue | None = None
    waits_for: Party | None = None
    update: str | None = None
    facts: SerializeAsAny[Facts] = Facts.blank()
    dimensions: Dimensions
    metered: Mapping[str, int] = Field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @model_validator(mode="before")
    @classmethod
    def _facts_of_the_kind(cls, data: Any) -> Any:
        """Read the facts as the class of the event's kind; another class is an error."""
        if isinstance(data, Mapping) and "kind" in data:
            wanted = facts_of(EventKind(data["kind"]))
            return {**data, "facts": wanted.model_validate(data.get("facts") or {})}
        return data


def facts_of(kind: EventKind) -> type[Facts]:
    """Return the class of what an event of a kind may say."""
    if kind in STEP_KINDS:
        return StepFacts
    # Eleven classes, of which a new referral's event needs none.
    from referral_core.domain.events.facts import FACTS  # noqa: PLC0415

    return FACTS[kind]

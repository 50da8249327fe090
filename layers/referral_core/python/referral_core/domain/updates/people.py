"""Updates from patients and staff."""

from datetime import datetime
from typing import Literal

from referral_core.domain.codes import Coded
from referral_core.domain.outreach.vocabulary import CallResult, Reply
from referral_core.domain.performer_choice import Override
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.updates.reported import Reported


class PatientReplied(Reported):
    """A patient's message. Attributes: may_mean_visit: a stop that may cancel the visit as well."""

    kind: Literal[UpdateKind.PATIENT_REPLIED] = UpdateKind.PATIENT_REPLIED
    reply: Reply
    may_mean_visit: bool = False


class ContactRecorded(Reported):
    """A call that staff made to the patient, or to somebody else of the order, and its result.

    Attributes:
        spoke_with: who was on the telephone; None: who was called.
    """

    kind: Literal[UpdateKind.CONTACT_RECORDED] = UpdateKind.CONTACT_RECORDED
    result: CallResult
    spoke_with: Literal["patient", "contact"] | None = None


class DecisionMade(Reported):
    """What a person decides on a work item.

    Attributes:
        action: one of the item's actions.
        item: when the item that was meant was opened; None: whichever is open.
        fee_class: of the sliding fee scale, with `self-pay`.
        specialty: NUCC code, with `name-service`.
        performer, override: NPI of who is asked next, and why, with `choose-performer`; the first
            also of who gave care that was received elsewhere; None: whose document was read.
        keep: whether the answer is kept for the tenant's next orders, with `name-service`.
    """

    kind: Literal[UpdateKind.DECISION] = UpdateKind.DECISION
    action: str
    item: datetime | None = None
    fee_class: Coded = None
    specialty: Coded = None
    keep: bool = False
    performer: Coded = None
    override: Override | None = None


WorkItemAct = Literal["claim", "assign", "release", "snooze", "comment"]


class WorkItemUpdated(Reported):
    """Care of a work item: nothing is decided by it.

    Attributes:
        owner: of `assign`: a client id.
        until: of `snooze`.
    """

    kind: Literal[UpdateKind.WORK_ITEM_UPDATED] = UpdateKind.WORK_ITEM_UPDATED
    act: WorkItemAct
    item: datetime | None = None
    owner: str | None = None
    until: datetime | None = None

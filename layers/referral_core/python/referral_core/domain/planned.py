"""What is going to happen to a referral, when, and who acts then: its plan as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from referral_core.domain.lifecycle import RESPONSIBLE, Party, Queue, Status
from referral_core.domain.model import Model
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason


class PlannedAct(StrEnum):
    """What is going to happen; unless the name says otherwise, if nothing comes until then."""

    STEP_LOOKED_AFTER = "step-looked-after"
    PAUSE_LOOKED_AT = "pause-looked-at"
    INFORMATION_ASKED_AGAIN = "information-asked-again"
    ROUTED_AGAIN = "routed-again"
    CLINIC_REMINDED_TO_ANSWER = "clinic-reminded-to-answer"
    ANOTHER_CLINIC_CHOSEN = "another-clinic-chosen"
    PAYER_CLOCK_WARNED = "payer-clock-warned"
    AUTHORIZATION_ENDS = "authorization-ends"
    PATIENT_CONTACTED = "patient-contacted"
    CALL_TO_BE_MADE = "call-to-be-made"
    SERIES_LOOKED_AT = "series-looked-at"
    SERIES_ENDS = "series-ends"
    PATIENT_REMINDED = "patient-reminded"
    PATIENT_TOLD = "patient-told"
    VISIT = "visit"
    CLINIC_REMINDED_OF_REPORT = "clinic-reminded-of-report"
    NOTICE_ASKED_AGAIN = "notice-asked-again"
    PERSON_LOOKS = "person-looks"
    ITEM_DUE = "item-due"
    ITEM_AWAKES = "item-awakes"
    WANTED_BY = "wanted-by"


_A = PlannedAct
_SENTENCES: Final[Mapping[PlannedAct, str]] = MappingProxyType(
    {
        _A.STEP_LOOKED_AFTER: "The router is at work; if it is silent until then, it starts anew.",
        _A.PAUSE_LOOKED_AT: "Operations hold it back; it goes on once the pause is over.",
        _A.INFORMATION_ASKED_AGAIN: "The referrer is asked again for what the order lacks.",
        _A.ROUTED_AGAIN: "The directory is looked at again for a specialist with room.",
        _A.CLINIC_REMINDED_TO_ANSWER: "The clinic is reminded to accept or decline.",
        _A.ANOTHER_CLINIC_CHOSEN: "A clinic that has not answered loses the referral to another.",
        _A.PAYER_CLOCK_WARNED: "The team is warned that the payer's clock has nearly run out.",
        _A.AUTHORIZATION_ENDS: "The authorized period is over.",
        _A.PATIENT_CONTACTED: "The next attempt to reach the patient is made.",
        _A.CALL_TO_BE_MADE: "Staff are to have called the patient.",
        _A.SERIES_LOOKED_AT: "The router looks whether the patient answered the other order.",
        _A.SERIES_ENDS: "The series of attempts ends; the referrer is told, or a person decides.",
        _A.PATIENT_REMINDED: "The patient is reminded of the visit.",
        _A.PATIENT_TOLD: "The patient is told that the visit is off, or that it has ended.",
        _A.VISIT: "The visit takes place.",
        _A.CLINIC_REMINDED_OF_REPORT: "The clinic is reminded of its report.",
        _A.NOTICE_ASKED_AGAIN: "The referring provider's EHR is given the notice once more.",
        _A.ITEM_DUE: "Staff are to have decided.",
        _A.ITEM_AWAKES: "The work item that was put off is shown again.",
        _A.WANTED_BY: "The patient is to have been seen.",
    }
)
_ACTS_THEN: Final[Mapping[PlannedAct, Party]] = MappingProxyType(
    {
        _A.CALL_TO_BE_MADE: Party.STAFF,
        _A.ITEM_DUE: Party.STAFF,
        _A.PERSON_LOOKS: Party.STAFF,
        _A.VISIT: Party.CLINIC,
        _A.WANTED_BY: Party.CLINIC,
    }
)
"""Who acts, where it is not the router itself."""


class Planned(Model):
    """One thing that is going to happen.

    Attributes:
        at: when; what has a due time may come sooner, and then the plan is another one.
        acts: who acts then.
        queue: of the team that acts, where staff do.
        says: one sentence without PHI.
        reason: why a person looks then.
        channel: by which the patient is contacted.
    """

    at: datetime
    act: PlannedAct
    acts: Party
    queue: Queue | None = None
    says: str
    reason: Reason | None = None
    channel: Channel | None = None


def will(
    act: PlannedAct, at: datetime, *, queue: Queue | None = None, channel: Channel | None = None
) -> Planned:
    """Return something that is going to happen."""
    acts, says = _ACTS_THEN.get(act, Party.ROUTER), _SENTENCES[act]
    if channel == "call" and act is _A.PATIENT_CONTACTED:
        acts, queue = Party.STAFF, RESPONSIBLE[Status.CONTACTING_PATIENT].queue
        says = "Staff are asked to call the patient."
    return Planned(at=at, act=act, acts=acts, queue=queue, says=says, channel=channel)


def person_looks(reason: Reason, at: datetime, queue: Queue | None = None) -> Planned:
    """Return that a person is going to look, and why."""
    policy = WORK_ITEM_POLICIES[reason]
    return Planned(
        at=at,
        act=_A.PERSON_LOOKS,
        acts=Party.STAFF,
        queue=queue or policy.queue,
        says=f"A person looks: {policy.status_reason}",
        reason=reason,
    )

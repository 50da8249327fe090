"""The kinds of policy: of any team, of those who speak with the patient, of what must be seen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.update_kinds import UpdateKind
from referral_core.domain.work_items.vocabulary import (
    APPEAL,
    CHOOSE_PERFORMER,
    CONTACT_AGAIN,
    ENTER_AUTHORIZATION,
    RECORD_CALL,
    RESUBMIT,
    ROUTE_AGAIN,
    SELF_PAY,
    WorkItemPolicy,
)

ROUTE: Final = Step.ROUTE_REFERRAL
OTHER_PERFORMER: Final = {ROUTE_AGAIN: ROUTE, CHOOSE_PERFORMER: ROUTE}
OF_AUTHORIZATION: Final = {
    ENTER_AUTHORIZATION: Step.REQUEST_AUTHORIZATION,
    RESUBMIT: Step.REQUEST_AUTHORIZATION,
    APPEAL: Step.REQUEST_AUTHORIZATION,
    "override": Step.OFFER_REFERRAL,
    SELF_PAY: Step.OFFER_REFERRAL,
    **OTHER_PERFORMER,
}
_GIVE_UP: Final = (Outcome.CANCELLED_BY_REFERRER, Outcome.EXPIRED_UNRESOLVED)
_ABOUT_PATIENT: Final = frozenset(
    {
        UpdateKind.PATIENT_REPLIED,
        UpdateKind.CONTACT_RECORDED,
        UpdateKind.APPOINTMENT_BOOKED,
        UpdateKind.OFFER_DECLINED,
    }
)
_PATIENT_ENDS: Final = (
    Outcome.PATIENT_DECLINED,
    Outcome.CARE_RECEIVED_ELSEWHERE,
    Outcome.DECEASED_OR_MOVED,
)


def policy(
    queue: Queue, status_reason: str, actions: Mapping[str, Step | None], *closes: Outcome
) -> WorkItemPolicy:
    """Return the policy of a matter that is not the patient's own."""
    return WorkItemPolicy(
        queue,
        status_reason,
        MappingProxyType(dict(actions)),
        (*closes, *_GIVE_UP),
        also_accepts=frozenset(),
    )


def of_patient(
    queue: Queue, status_reason: str, actions: Mapping[str, Step | None], *closes: Outcome
) -> WorkItemPolicy:
    """Return the policy of those who speak with the patient."""
    usual: dict[str, Step | None] = {
        RECORD_CALL: Step.CONTACT_PATIENT,
        "patient-agreed": Step.AWAIT_VISIT,
        CONTACT_AGAIN: Step.CONTACT_PATIENT,
        **OTHER_PERFORMER,
    }
    ends = (*_PATIENT_ENDS, *closes, *_GIVE_UP)
    return WorkItemPolicy(
        queue,
        status_reason,
        MappingProxyType({**usual, **actions}),
        ends,
        also_accepts=_ABOUT_PATIENT,
    )


def to_be_seen(
    queue: Queue, status_reason: str, actions: Mapping[str, Step | None]
) -> WorkItemPolicy:
    """Return the policy of what a person must see: it closes nothing, and nothing settles it."""
    no_update: frozenset[UpdateKind] = frozenset()
    return WorkItemPolicy(queue, status_reason, MappingProxyType(dict(actions)), (), no_update)

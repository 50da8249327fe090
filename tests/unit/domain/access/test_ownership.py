"""Who may speak for whom: every kind of update by every role, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from referral_core.domain.access.ownership import Authority, authority_of, require_authority
from referral_core.domain.access.principal import Principal
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.lifecycle import Outcome, Queue, Step
from referral_core.domain.payers.authorization import Authorization, AuthorizationStatus
from referral_core.domain.referral import Offer, Referral, WorkItem
from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.work_items import Reason, actions_of
from tests.unit.builders import NOW, TENANT, a_referral, an_update

P, E, N = Authority.PRESENT, Authority.ENDED, "not found"
NO: Final = "forbidden"

EHR, CLINIC, PAYER = Role.EHR, Role.CLINIC, Role.PAYER
CALLERS: Final[Mapping[str, tuple[Role, str, frozenset[Queue] | None]]] = {
    "own ehr": (EHR, "main-ehr", None),
    "other ehr": (EHR, "other-ehr", None),
    "in hand": (CLINIC, "clinic-2", None),
    "declined": (CLINIC, "clinic-1", None),
    "never asked": (CLINIC, "clinic-3", None),
    "payer asked": (PAYER, "harbor", None),
    "other payer": (PAYER, "pioneer", None),
    "team": (Role.STAFF, "lakeside", frozenset({Queue.CLINICAL_REVIEW})),
    "other team": (Role.STAFF, "lakeside", frozenset({Queue.CONTACT_CENTER})),
    "one team": (Role.STAFF, "lakeside", None),
    "channel": (Role.PATIENT_CHANNEL, "carrier", None),
    "router": (Role.ROUTER, "", None),
}
_OF_EHR: Final = (P, N, NO, NO, NO, NO, NO, P, P, P, NO, NO)
_OF_EHR_ALONE: Final = (P, N, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO)
_OF_CLINIC: Final = (NO, NO, P, E, N, NO, NO, P, P, P, NO, NO)
_OF_TEAM: Final = (NO, NO, NO, NO, NO, NO, NO, P, NO, P, NO, NO)
_OF_ROUTER: Final = (NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, P)
WANTED: Final[Mapping[UpdateKind, tuple[str, ...]]] = {
    UpdateKind.INFORMATION_SUPPLIED: _OF_EHR,
    UpdateKind.CANCEL: _OF_EHR,
    UpdateKind.ENTERED_IN_ERROR: _OF_EHR_ALONE,
    UpdateKind.CARE_RECEIVED_ELSEWHERE: _OF_EHR,
    UpdateKind.DECEASED_OR_MOVED: _OF_EHR,
    UpdateKind.SUPERSEDED: _OF_EHR_ALONE,
    UpdateKind.AUTHORIZATION_DECIDED: (NO, NO, NO, NO, NO, P, N, P, NO, P, NO, NO),
    UpdateKind.OFFER_ACCEPTED: _OF_CLINIC,
    UpdateKind.OFFER_DECLINED: _OF_CLINIC,
    UpdateKind.PATIENT_REPLIED: (NO, NO, NO, NO, NO, NO, NO, P, P, P, P, NO),
    UpdateKind.CONTACT_RECORDED: _OF_TEAM,
    UpdateKind.APPOINTMENT_BOOKED: _OF_CLINIC,
    UpdateKind.APPOINTMENT_CANCELLED: _OF_CLINIC,
    UpdateKind.APPOINTMENT_NOSHOW: _OF_CLINIC,
    UpdateKind.APPOINTMENT_FULFILLED: _OF_CLINIC,
    UpdateKind.REPORT_RECEIVED: _OF_CLINIC,
    UpdateKind.SERVICE_ATTESTED: _OF_CLINIC,
    UpdateKind.PROGRESS_NOTED: (P, N, P, E, N, NO, NO, P, P, P, NO, NO),
    UpdateKind.NOTICE_DELIVERED: _OF_ROUTER,
    UpdateKind.NOTICE_UNDELIVERABLE: _OF_ROUTER,
    UpdateKind.NOTICE_ACKNOWLEDGED: _OF_EHR,
    UpdateKind.DECISION: _OF_TEAM,
    UpdateKind.WORK_ITEM_UPDATED: _OF_TEAM,
    UpdateKind.DEADLINE: _OF_ROUTER,
    UpdateKind.PLACE_OPENED: _OF_ROUTER,
    UpdateKind.CLINIC_CLOSED: _OF_ROUTER,
}
PAIRS: Final = [
    (kind, caller, wanted)
    for kind, row in WANTED.items()
    for caller, wanted in zip(CALLERS, row, strict=True)
]


def an_offer(number: int, **fields: Any) -> Offer:
    base = {
        "number": number,
        "npi": f"199990000{number}",
        "organization": f"clinic-{number}",
        "specialty": "207N00000X",
        "reservation": None,
        "decision": number,
    }
    return Offer.model_validate({**base, **fields})


def the_referral(**fields: Any) -> Referral:
    """Declined by clinic 1, accepted by clinic 2, put to Harbor, before Clinical review."""
    item = WorkItem(
        reason=Reason.CRITICAL_RESULT,
        opened_at=NOW,
        resume_at=Step.VERIFY_CLOSURE,
        actions=actions_of(Reason.CRITICAL_RESULT),
    )
    base: dict[str, Any] = {
        "offers": (an_offer(1, status="declined"), an_offer(2, status="accepted")),
        "authorization": the_authorization("harbor"),
        "queue": Queue.CLINICAL_REVIEW,
        "work_item": item,
    }
    return a_referral(**{**base, **fields})


def the_authorization(payer: str | None) -> Authorization:
    return Authorization(
        status=AuthorizationStatus.PENDED,
        trace="r1-a2.1",
        performer="1999900002",
        payer=payer,
        requested_at=NOW,
    )


def a_caller(name: str) -> Principal:
    role, organization, teams = CALLERS[name]
    return Principal(
        client_id=name, tenant=TENANT, role=role, organization=organization, teams=teams
    )


def judged(
    caller: str, kind: UpdateKind, referral: Referral | None = None, offer: int | None = None
) -> str:
    try:
        return require_authority(a_caller(caller), kind, referral or the_referral(), offer)
    except Forbidden:
        return NO
    except NotFound:
        return N


def test_every_kind_is_in_the_table() -> None:
    assert set(WANTED) == set(UpdateKind)


@pytest.mark.parametrize(("kind", "caller", "wanted"), PAIRS)
def test_a_role_is_not_enough_the_referral_must_be_ones_own(
    kind: UpdateKind, caller: str, wanted: str
) -> None:
    assert judged(caller, kind) == wanted


@pytest.mark.parametrize(("kind", "caller", "wanted"), PAIRS)
def test_the_same_is_asked_again_when_an_update_is_used(
    kind: UpdateKind, caller: str, wanted: str
) -> None:
    role, organization, teams = CALLERS[caller]
    if role is Role.STAFF and teams is not None:
        return  # a team is judged at the door, by the item that its decision names
    update = an_update(kind, role=role, organization=organization)
    found = authority_of(update, the_referral())
    assert found is (wanted if wanted in {P, E} else Authority.NONE)


def test_authority_ends_with_the_role_while_an_update_waits() -> None:
    # Given a booking of the clinic in hand, which takes its yes back before it is used
    booked = an_update(UpdateKind.APPOINTMENT_BOOKED, role=CLINIC, organization="clinic-2")
    assert authority_of(booked, the_referral()) is P
    gone = the_referral(offers=(an_offer(2, status="withdrawn"), an_offer(3)))
    assert authority_of(booked, gone) is E


def test_the_offer_that_is_named_counts() -> None:
    # A clinic that declined once and was asked again speaks for the second offer alone.
    twice = the_referral(
        offers=(an_offer(1, status="declined"), an_offer(2, organization="clinic-1"))
    )
    assert judged("declined", UpdateKind.OFFER_ACCEPTED, twice) is P
    assert judged("declined", UpdateKind.OFFER_ACCEPTED, twice, 2) is P
    assert judged("declined", UpdateKind.OFFER_ACCEPTED, twice, 1) is E
    assert judged("declined", UpdateKind.OFFER_ACCEPTED, twice, 7) == N


@pytest.mark.parametrize("status", ["declined", "withdrawn", "silent"])
def test_a_clinic_that_gave_the_referral_up_reports_no_more_of_it(status: str) -> None:
    ended = the_referral(
        offers=(an_offer(1, status=status),), proposed_outcome=Outcome.CANCELLED_BY_REFERRER
    )
    assert judged("declined", UpdateKind.REPORT_RECEIVED, ended) is E


def test_what_was_seen_before_the_referral_was_cancelled_is_still_reported() -> None:
    ended = the_referral(
        offers=(an_offer(2, status="taken-back"),), proposed_outcome=Outcome.CANCELLED_BY_REFERRER
    )
    assert judged("in hand", UpdateKind.REPORT_RECEIVED, ended) is P
    assert judged("in hand", UpdateKind.APPOINTMENT_BOOKED, ended) is E
    # Not where the patient wanted another clinic, and nobody else's report with it.
    elsewhere = ended.but(proposed_outcome=None)
    assert judged("in hand", UpdateKind.REPORT_RECEIVED, elsewhere) is E
    first = ended.but(offers=(an_offer(1, status="taken-back"), *ended.offers))
    assert judged("declined", UpdateKind.REPORT_RECEIVED, first) is E


def test_a_payer_decides_what_was_put_to_it_before_it_is_on_record_and_nothing_else() -> None:
    kind = UpdateKind.AUTHORIZATION_DECIDED
    assert judged("payer asked", kind, the_referral(authorization=the_authorization(None))) == N
    assert judged("other payer", kind, the_referral(authorization=None)) == N

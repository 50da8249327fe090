"""Each thing that must be on record before the loop is closed, or a patient counts as unreachable.

From a record in which nothing is missing, one thing at a time is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from referral_core.domain.calendar import DayPart
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.outreach.plan import Channel
from referral_core.domain.pathway import Pathway
from referral_core.domain.referral import Contact, Notice, Report
from referral_core.domain.updates import Cancel, EnteredInError, NoticeDelivered, Role
from referral_core.lifecycle.case import Case
from referral_core.lifecycle.evidence import closes_loop, is_unreachable, proposed_outcome
from referral_core.pathways import pathway
from tests.in_memory import World
from tests.partner_actions import TO_THE_END, notified, reported
from tests.unit.builders import NOW, a_new_referral, a_referral
from tests.unit.lifecycle.work_item_worlds import a_world

RULES: Final = pathway("generic-specialist", 1)
"""Wants five attempts over two channels and two parts of the day, and a letter."""
ATTESTED: Final = RULES.but(closure=RULES.closure.but(attestation=True))
REPORT: Final = Report(sha256="a" * 64, loinc="11488-4", received_at=NOW, sufficient=True)
DRAFT_REPORT: Final = REPORT.but(sufficient=False)


def attempts(*made: tuple[Channel, DayPart | None]) -> tuple[Contact, ...]:
    return tuple(
        Contact(number=number, channel=channel, at=NOW, state="sent", day_part=part)
        for number, (channel, part) in enumerate(made, 1)
    )


REACHED_BY: Final = attempts(
    ("sms", "morning"),
    ("sms", "morning"),
    ("call", "evening"),
    ("sms", "morning"),
    ("letter", None),
)
"""Exactly what the pathway wants, and nothing more."""


NOBODY_ELSE: Final = ClinicalPayload(
    service_request={},
    resources={},
    content=ClinicalContent(),
    source_sha256="0" * 64,
    content_hash="0" * 64,
).dump()


def a_case(
    rules: Pathway = RULES, *, delivered: bool = True, acknowledged: bool = True, **fields: Any
) -> Case:
    """The case of a referral whose referrer has the notice and acknowledged it."""
    notice = Notice(
        number=1,
        queued_at=NOW,
        delivered_at=NOW if delivered else None,
        acknowledged_at=NOW if acknowledged else None,
    )
    referral = a_referral(notices=(notice,), **fields)
    world = World(pathways=lambda _id, _version: rules)
    world.referrals.accept([a_new_referral(referral, NOBODY_ELSE)])
    return world.engine.case(referral)


@pytest.mark.parametrize(
    ("outcome", "case"),
    [
        (Outcome.COMPLETED_REPORT_ACKNOWLEDGED, a_case(reports=(REPORT,))),
        (Outcome.COMPLETED_ATTESTED, a_case(ATTESTED)),
        (Outcome.UNABLE_TO_REACH, a_case(contacts=REACHED_BY, acknowledged=False)),
        (Outcome.PATIENT_DECLINED, a_case(acknowledged=False)),
    ],
    ids=["report acknowledged", "attested", "unable to reach", "declined"],
)
def test_an_outcome_with_everything_on_record_closes_the_loop(outcome: Outcome, case: Case) -> None:
    assert closes_loop(case, outcome)


@pytest.mark.parametrize(
    ("outcome", "case"),
    [
        (Outcome.COMPLETED_REPORT_ACKNOWLEDGED, a_case(reports=(REPORT,), acknowledged=False)),
        (Outcome.COMPLETED_REPORT_ACKNOWLEDGED, a_case(reports=(DRAFT_REPORT,))),
        (Outcome.COMPLETED_REPORT_ACKNOWLEDGED, a_case()),
        (Outcome.COMPLETED_ATTESTED, a_case(ATTESTED, acknowledged=False)),
        (Outcome.COMPLETED_ATTESTED, a_case(RULES)),
        (Outcome.UNABLE_TO_REACH, a_case(contacts=REACHED_BY[:-1])),
        (Outcome.EXPIRED_UNRESOLVED, a_case()),
    ],
)
def test_an_outcome_that_lacks_one_thing_leaves_the_loop_open(outcome: Outcome, case: Case) -> None:
    assert not closes_loop(case, outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_no_outcome_closes_the_loop_before_the_referrer_has_the_notice(outcome: Outcome) -> None:
    case = a_case(ATTESTED, delivered=False, reports=(REPORT,), contacts=REACHED_BY)
    assert not closes_loop(case, outcome)


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        ((REPORT,), Outcome.COMPLETED_REPORT_ACKNOWLEDGED),
        ((DRAFT_REPORT, REPORT), Outcome.COMPLETED_REPORT_ACKNOWLEDGED),
        ((DRAFT_REPORT,), None),
        ((), None),
    ],
)
def test_only_a_report_that_suffices_proposes_completed_care(
    reports: Sequence[Report], outcome: Outcome | None
) -> None:
    assert proposed_outcome(a_case(reports=tuple(reports))) is outcome


def test_the_attempts_that_the_pathway_wants_prove_a_patient_unreachable() -> None:
    assert is_unreachable(a_case(contacts=REACHED_BY))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(REACHED_BY[1:], id="one attempt too few"),
        pytest.param(
            (*REACHED_BY[:3], REACHED_BY[3].but(state="failed"), REACHED_BY[4]),
            id="an attempt that failed",
        ),
        pytest.param(
            (*REACHED_BY[:3], REACHED_BY[3].but(purpose="reminder"), REACHED_BY[4]),
            id="a reminder",
        ),
        pytest.param(
            attempts(
                ("sms", "morning"),
                ("sms", "evening"),
                ("sms", "morning"),
                ("sms", "evening"),
                ("letter", None),
            ),
            id="one channel, and a letter",
        ),
        pytest.param(
            attempts(
                ("sms", "morning"),
                ("sms", "morning"),
                ("call", "morning"),
                ("call", "morning"),
                ("letter", None),
            ),
            id="one part of the day, and a letter",
        ),
        pytest.param(
            attempts(
                ("sms", "morning"),
                ("sms", "morning"),
                ("call", "evening"),
                ("call", "evening"),
                ("sms", "afternoon"),
            ),
            id="no letter",
        ),
    ],
)
def test_attempts_that_lack_one_thing_prove_nothing(made: tuple[Contact, ...]) -> None:
    assert not is_unreachable(a_case(contacts=made))


def test_where_the_pathway_wants_no_letter_none_is_needed() -> None:
    wanted = RULES.outreach.evidence.but(letter=False, attempts=4)
    rules = RULES.but(outreach=RULES.outreach.but(evidence=wanted))
    assert is_unreachable(a_case(rules, contacts=REACHED_BY[:-1]))


def test_completed_care_stays_open_until_the_referrer_acknowledges_it() -> None:
    world = a_world()
    for act in TO_THE_END[:-1]:
        act(world)
    assert not world.referral.is_closed
    # Nor does the step close it when it is entered anew
    world.clock.move(timedelta(minutes=1))
    world.report(NoticeDelivered, notice=1)
    assert not world.referral.is_closed
    TO_THE_END[-1](world)
    assert world.referral.loop_closed


def test_the_delivery_of_another_notice_delivers_nothing() -> None:
    world = a_world()
    for act in TO_THE_END[:4]:
        act(world)
    reported(world)
    notice = world.referral.notice
    assert notice is not None
    world.report(NoticeDelivered, notice=notice.number + 1)
    assert world.referral.notice == notice
    notified(world)
    assert world.referral.notice.delivered_at is not None


def test_a_cancellation_after_the_report_ends_nothing_and_an_error_does() -> None:
    world = a_world()
    for act in TO_THE_END[:5]:
        act(world)
    proposed = []
    for ending in (Cancel, EnteredInError):
        world.report(ending, role=Role.EHR)
        proposed.append(world.referral.proposed_outcome)
    assert proposed == [Outcome.COMPLETED_REPORT_ACKNOWLEDGED, Outcome.ENTERED_IN_ERROR]

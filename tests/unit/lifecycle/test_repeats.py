"""Whether a report that is on record already is news: the referral's own state says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from referral_core.domain.mailbox import Mailbox
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.referral import Appointment, Notice, Report
from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.writes import ReferralState
from referral_core.lifecycle.engine.repeats import is_repeat
from tests.unit.builders import NOW, an_update
from tests.unit.domain.access.test_ownership import an_offer, the_authorization, the_referral

SOON: Final = NOW + timedelta(days=7)
VISIT: Final = Appointment(number=1, start=SOON)
SHA: Final = "a" * 64
REPORT: Final = Report(sha256=SHA, loinc="", received_at=NOW, sufficient=True)
ACCEPTED: Final = (an_offer(2, status="accepted"),)
_K: Final = UpdateKind

REPEATED: Final = [
    (_K.APPOINTMENT_BOOKED, {"start": SOON}, {"appointment": VISIT}),
    (_K.APPOINTMENT_CANCELLED, {}, {"appointment": VISIT.cancelled()}),
    (_K.APPOINTMENT_NOSHOW, {}, {"appointment": VISIT.but(status="noshow")}),
    (_K.APPOINTMENT_FULFILLED, {}, {"appointment": VISIT.but(status="fulfilled")}),
    (_K.SERVICE_ATTESTED, {}, {"attestation": "service-completed"}),
    (_K.OFFER_ACCEPTED, {"offer": 2}, {"offers": ACCEPTED}),
    (_K.OFFER_DECLINED, {"offer": 2}, {"offers": (an_offer(2, status="declined"),)}),
    (_K.OFFER_DECLINED, {"offer": 1}, {"offers": ACCEPTED}),
    (_K.REPORT_RECEIVED, {"sha256": SHA}, {"reports": (REPORT,)}),
    (
        _K.AUTHORIZATION_DECIDED,
        {"trace": "r1-a2.1", "verdict": "approved"},
        {"authorization": the_authorization("harbor").but(status=AuthorizationStatus.APPROVED)},
    ),
    (_K.AUTHORIZATION_DECIDED, {"trace": "r1-a1.1", "verdict": "approved"}, {}),
    (
        _K.NOTICE_ACKNOWLEDGED,
        {"notice": 1},
        {"notices": (Notice(number=1, queued_at=NOW, acknowledged_at=NOW),)},
    ),
]
NEWS: Final = [
    (_K.APPOINTMENT_BOOKED, {"start": SOON}, {"appointment": VISIT.cancelled()}),
    (_K.APPOINTMENT_BOOKED, {"start": SOON}, {"appointment": VISIT.but(start=NOW)}),
    (_K.APPOINTMENT_CANCELLED, {}, {"appointment": VISIT}),
    (_K.APPOINTMENT_NOSHOW, {}, {"appointment": VISIT}),
    (_K.APPOINTMENT_FULFILLED, {}, {"appointment": VISIT.but(status="noshow")}),
    (_K.SERVICE_ATTESTED, {}, {"attestation": None}),
    (_K.OFFER_ACCEPTED, {"offer": 2}, {"offers": (an_offer(2),)}),
    (_K.OFFER_DECLINED, {"offer": 2}, {"offers": ACCEPTED}),
    (_K.REPORT_RECEIVED, {"sha256": SHA}, {"reports": ()}),
    (
        _K.AUTHORIZATION_DECIDED,
        {"trace": "r1-a2.1", "verdict": "approved"},
        {"authorization": the_authorization("harbor").but(status=AuthorizationStatus.DENIED)},
    ),
    (_K.NOTICE_ACKNOWLEDGED, {"notice": 1}, {"notices": (Notice(number=1, queued_at=NOW),)}),
]


def judged(kind: UpdateKind, said: dict[str, Any], known: dict[str, Any]) -> bool:
    by = {"organization": "clinic-2"} if kind is _K.REPORT_RECEIVED else {}
    state = ReferralState(referral=the_referral(**known), mailbox=Mailbox())
    return is_repeat(state, an_update(kind, **said, **by))


@pytest.mark.parametrize(("kind", "said", "known"), REPEATED)
def test_what_still_holds_is_a_repeat(
    kind: UpdateKind, said: dict[str, Any], known: dict[str, Any]
) -> None:
    assert judged(kind, said, known)


@pytest.mark.parametrize(("kind", "said", "known"), NEWS)
def test_what_no_longer_holds_is_news(
    kind: UpdateKind, said: dict[str, Any], known: dict[str, Any]
) -> None:
    assert not judged(kind, said, known)


def test_what_waits_to_be_used_is_a_repeat_and_lets_a_cancellation_be_news() -> None:
    # Given a booking that no wait has used yet, of a referral whose earlier visit was cancelled
    booked = an_update(_K.APPOINTMENT_BOOKED, "b-1", start=SOON)
    state = ReferralState(
        referral=the_referral(appointment=VISIT.cancelled()), mailbox=Mailbox(pending=(booked,))
    )
    # Then the booking said again is the one that waits, and a cancellation is of that one
    assert is_repeat(state, booked)
    assert not is_repeat(state, an_update(_K.APPOINTMENT_CANCELLED))
    # As is one that got an id of its own
    later = Mailbox(pending=(booked.but(id="b-1-7"),))
    assert is_repeat(state.but(mailbox=later), booked)


def test_a_document_of_a_clinic_that_gave_the_referral_up_is_read_once() -> None:
    state = ReferralState(referral=the_referral(), mailbox=Mailbox())
    update = an_update(_K.REPORT_RECEIVED, role=Role.CLINIC, organization="clinic-1", sha256=SHA)
    assert is_repeat(state, update)

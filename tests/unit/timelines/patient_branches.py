"""What the patient may say or not say, before the visit and on its day."""

from __future__ import annotations

from datetime import UTC, datetime

from referral_core.domain.referral import Referral
from referral_core.domain.updates import PatientReplied
from referral_core.domain.work_items import Reason
from tests.partner_actions import notified
from tests.unit.fhir.orders import Json
from tests.unit.timelines.openings import accepted, asked, booked, stands_for
from tests.unit.timelines.world import PathwayWorld, at_work_item, order

_BEFORE_A_HOLIDAY = datetime(2026, 5, 22, 20, 30, tzinfo=UTC)
"""A Friday, 16:30 in Boston; Monday is Memorial Day."""
_RIGHT_NUMBER: list[Json] = [{"system": "phone", "value": "(508) 555-0177"}]


def nobody_reaches_the_patient(pathway_id: str) -> PathwayWorld:
    """The patient never answers and staff make their calls: unable to reach, with its evidence."""
    world = accepted(pathway_id)

    def ended(referral: Referral) -> bool:
        return referral.proposed_outcome is not None or stands_for(
            referral, Reason.CLOSING_SIGN_OFF
        )

    while not ended(world.referral):
        assert not stands_for(world.referral, Reason.PATIENT_NOT_REACHED), (
            "the attempts prove nothing"
        )
        item = world.referral.work_item
        if item is not None and item.reason is Reason.CALL_DUE:
            world.later(0.5)
            world.staff_call("voicemail")
        elif stands_for(world.referral, Reason.ESCALATED):
            world.later(1)
            world.staff_call("no-answer")
        else:
            world.wait()
    if world.referral.proposed_outcome is None:
        world.decide("sign-off")
    notified(world)
    return world


def nobody_calls_the_patient(pathway_id: str) -> PathwayWorld:
    """The patient never answers and staff make no call: there is no proof, a person decides."""
    world = accepted(pathway_id)
    world.until(at_work_item)
    return world


def friday_before_a_holiday(pathway_id: str) -> PathwayWorld:
    """The referral comes on a Friday afternoon, Monday is a holiday, and nobody picks it up."""
    world = PathwayWorld(pathway_id, at=_BEFORE_A_HOLIDAY)
    world.clinic_accepts()
    world.until(at_work_item)
    return world


def patient_declines(pathway_id: str) -> PathwayWorld:
    """The patient does not want the visit; clinic and referrer are notified."""
    world = asked(pathway_id)
    world.patient_says("no", "declined")
    notified(world)
    return world


def patient_wants_another_clinic(pathway_id: str) -> PathwayWorld:
    """The clinic is notified, its place released, another one chosen."""
    world = asked(pathway_id)
    world.patient_says("another-clinic", "another-clinic")
    return world


def patient_says_stop(pathway_id: str) -> PathwayWorld:
    """No message is sent any more; staff call, and the patient wants the visit."""
    world = asked(pathway_id)
    world.report(PatientReplied, reply="stop")
    world.later(2)
    world.staff_call("agreed")
    world.clinic_books()
    return world


def patient_writes_something_else(pathway_id: str) -> PathwayWorld:
    """The patient's words are not understood: a person reads them, calls, and hears a yes."""
    world = asked(pathway_id)
    world.report(PatientReplied, reply="other")
    world.later(2)
    world.staff_call("agreed")
    return world


def patient_wants_another_time_before_booking(pathway_id: str) -> PathwayWorld:
    """The patient asks for another time before there is one; staff agree on it by telephone."""
    world = asked(pathway_id)
    world.report(PatientReplied, reply="another-time")
    world.later(2)
    world.staff_call("another-time")
    world.clinic_books()
    return world


def call_finds_a_wrong_number(pathway_id: str) -> PathwayWorld:
    """A stranger answers the call: nothing more goes there until it is corrected."""
    world = asked(pathway_id)
    world.until(lambda r: r.work_item is not None)
    world.later(0.25)
    world.staff_call("wrong-number")
    assert stands_for(world.referral, Reason.MESSAGE_REFUSED)
    world.later(1)
    world.supplies(order(pathway_id, telecom=_RIGHT_NUMBER))
    world.decide("contact-again")
    return world


def patient_wants_another_time(pathway_id: str) -> PathwayWorld:
    """The booked time does not suit; staff agree on another with the patient, the clinic books."""
    world = booked(pathway_id)
    world.later(2)
    world.report(PatientReplied, reply="another-time")
    world.later(1)
    world.staff_call("another-time")
    world.clinic_books()
    return world


def patient_cancels_the_visit(pathway_id: str) -> PathwayWorld:
    """The patient answers NO to a booked visit; called, they want another time after all."""
    world = booked(pathway_id)
    world.later(2)
    world.report(PatientReplied, reply="no")
    world.later(1)
    world.staff_call("another-time")
    world.clinic_books()
    return world


def patient_cancels_for_good(pathway_id: str) -> PathwayWorld:
    """The patient answers NO to a booked visit, and says so again when called."""
    world = booked(pathway_id)
    world.later(2)
    world.report(PatientReplied, reply="no")
    world.later(1)
    world.staff_call("declined")
    notified(world)
    return world


def patient_never_comes(pathway_id: str) -> PathwayWorld:
    """No-show after no-show, each rebooked, until a person takes over."""
    world = booked(pathway_id)
    world.no_show()
    while not stands_for(world.referral, Reason.REBOOKINGS_EXHAUSTED):
        world.patient_agrees()
        world.clinic_books()
        world.no_show()
    return world

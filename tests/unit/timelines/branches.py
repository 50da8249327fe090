"""What may happen to a referral of any pathway, played by its partners in virtual time.

Each branch takes a pathway and returns the world after it. Partners answer as they usually do but
for what the branch is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from referral_core.adapters.memory_payer import PayerScript
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Role, UpdateKind
from referral_core.domain.work import Reason
from tests.acts import told
from tests.in_memory import REFERRAL, TENANT
from tests.unit.timelines.world import PathwayWorld, at_work_item


def _booked(pathway_id: str) -> PathwayWorld:
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()
    world.patient_agrees()
    world.clinic_books()
    return world


def _seen(pathway_id: str) -> PathwayWorld:
    world = _booked(pathway_id)
    world.patient_is_seen()
    return world


def all_goes_well(pathway_id: str) -> PathwayWorld:
    """Everybody answers in time; the loop is closed with the report and its acknowledgement."""
    world = _seen(pathway_id)
    world.reports()
    world.referrer_acknowledges()
    return world


def information_never_comes(pathway_id: str) -> PathwayWorld:
    """The patient's phone is missing; the referrer is asked, reminded, then the front office."""
    world = PathwayWorld(pathway_id, telecom=[])
    world.until(at_work_item)
    return world


def payer_never_decides(pathway_id: str) -> PathwayWorld:
    """The payer pends and stays silent; the team is warned at 75 % and has it at 100 %."""
    world = PathwayWorld(pathway_id, PayerScript(authorization="A4-then-A1"))
    if world.referral.status is Status.AWAITING_AUTHORIZATION:
        world.until(at_work_item)
    return world


def payer_denies_and_an_appeal_wins(pathway_id: str) -> PathwayWorld:
    """The payer denies; the team appeals; the payer approves."""
    world = PathwayWorld(pathway_id, PayerScript(authorization="A3"))
    if world.referral.authorization is None:
        return world
    if at_work_item(world.referral):
        world.decide("appeal")
        world.later(100)
        trace = world.referral.authorization.trace
        kind = UpdateKind.AUTHORIZATION_DECIDED
        world.tell(kind, Role.PAYER, trace=trace, verdict="approved", review_action="A1")
    return world


def no_clinic_answers(pathway_id: str) -> PathwayWorld:
    """Every clinic is reminded where the pathway says so, stays silent and is left."""
    world = PathwayWorld(pathway_id)
    world.until(at_work_item)
    return world


def no_room_then_room(pathway_id: str) -> PathwayWorld:
    """Nobody has room: waitlisted, looked at again; a place opens at the second look."""
    world = PathwayWorld(pathway_id, capacity=0)
    assert world.referral.status is Status.WAITLISTED
    world.wait()
    world.clinics_named(world.specialty)
    world.wait()
    return world


def nobody_reaches_the_patient(pathway_id: str) -> PathwayWorld:
    """The patient never answers and staff make their calls: unable to reach, with its evidence."""
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()

    def ended(referral: Referral) -> bool:
        return referral.closing is not None or _is(referral, Reason.CLOSING_SIGN_OFF)

    while not ended(world.referral):
        assert not _is(world.referral, Reason.PATIENT_NOT_REACHED), "the attempts prove nothing"
        item = world.referral.work_item
        if item is not None and item.reason is Reason.CALL_DUE:
            world.later(0.5)
            world.staff_call("voicemail")
        elif _is(world.referral, Reason.ESCALATED):
            world.later(1)
            world.staff_call("no-answer")
        else:
            world.wait()
    if world.referral.closing is None:
        world.decide("sign-off")
    told(world)
    return world


def nobody_calls_the_patient(pathway_id: str) -> PathwayWorld:
    """The patient never answers and staff make no call: there is no proof, a person decides."""
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()
    world.until(at_work_item)
    return world


def clinic_never_books(pathway_id: str) -> PathwayWorld:
    """The patient agreed and the clinic does not book."""
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()
    world.patient_agrees()
    world.until(at_work_item)
    return world


def patient_never_comes(pathway_id: str) -> PathwayWorld:
    """No-show after no-show, each rebooked, until a person takes over."""
    world = _booked(pathway_id)
    world.no_show()
    while not _is(world.referral, Reason.REBOOKINGS_EXHAUSTED):
        world.patient_agrees()
        world.clinic_books()
        world.no_show()
    return world


def report_never_comes(pathway_id: str) -> PathwayWorld:
    """The patient was seen; the clinic is reminded of the report, then a person gets it."""
    world = _seen(pathway_id)
    world.until(at_work_item)
    return world


def nobody_says_whether_the_visit_was(pathway_id: str) -> PathwayWorld:
    """The visit's day passes without a word."""
    world = _booked(pathway_id)
    world.until(at_work_item)
    return world


def result_is_critical(pathway_id: str) -> PathwayWorld:
    """The report holds a critical result: the referrer is alerted, a clinician signs off."""
    world = _seen(pathway_id)
    world.reports(critical=True)
    world.decide("sign-off")
    world.referrer_acknowledges()
    return world


def referrer_does_not_acknowledge(pathway_id: str) -> PathwayWorld:
    """The notice is delivered and nobody acknowledges it."""
    world = _seen(pathway_id)
    world.reports()
    told(world)
    world.until(at_work_item)
    return world


def patient_declines(pathway_id: str) -> PathwayWorld:
    """The patient does not want the visit; clinic and referrer are told."""
    world = _asked(pathway_id)
    world.patient_says("no", "declined")
    told(world)
    return world


def patient_wants_another_clinic(pathway_id: str) -> PathwayWorld:
    """The clinic is told, its place released, another one chosen."""
    world = _asked(pathway_id)
    world.patient_says("another-clinic", "another-clinic")
    return world


def patient_says_stop(pathway_id: str) -> PathwayWorld:
    """No message is sent any more; staff call, and the patient wants the visit."""
    world = _asked(pathway_id)
    world.tell(UpdateKind.PATIENT_REPLIED, Role.PATIENT_CHANNEL, keyword="stop")
    world.later(2)
    world.staff_call("agreed")
    world.clinic_books()
    return world


def patient_wants_another_time(pathway_id: str) -> PathwayWorld:
    """The booked time does not suit; staff agree on another with the patient, the clinic books."""
    world = _booked(pathway_id)
    world.later(2)
    world.tell(UpdateKind.PATIENT_REPLIED, Role.PATIENT_CHANNEL, keyword="another-time")
    world.later(1)
    world.staff_call("another-time")
    world.clinic_books()
    return world


def clinic_moves_then_cancels(pathway_id: str) -> PathwayWorld:
    """The clinic moves the visit, then cancels it; the patient is asked again."""
    world = _booked(pathway_id)
    world.clinic_books()
    world.later(2)
    world.tell(UpdateKind.APPOINTMENT_CANCELLED)
    world.patient_is_asked()
    return world


def wrong_document_then_the_right_one(pathway_id: str) -> PathwayWorld:
    """A document of another type closes nothing; the report does."""
    world = _seen(pathway_id)
    world.later(24)
    world.tell(UpdateKind.REPORT_RECEIVED, sha256="f" * 64, loinc="57133-1", final=True)
    world.reports()
    world.referrer_acknowledges()
    return world


def referrer_cancels(pathway_id: str) -> PathwayWorld:
    """The order is revoked when a visit is booked; the clinic is told, the place released."""
    world = _booked(pathway_id)
    world.later(1)
    world.tell(UpdateKind.CANCEL, Role.EHR)
    told(world)
    return world


def closed_then_reopened(pathway_id: str) -> PathwayWorld:
    """Declined and closed; the patient calls later, staff open it again at routing."""
    world = patient_declines(pathway_id)
    world.clock.move(timedelta(days=3))
    world.engine.reopen(TENANT, REFERRAL, Step.ROUTE_REFERRAL, "staff-1", "patient-changed-mind")
    world.settle()
    world.clinic_accepts()
    return world


def _asked(pathway_id: str) -> PathwayWorld:
    world = PathwayWorld(pathway_id)
    world.clinic_accepts()
    world.patient_is_asked()
    world.later(0.5)
    return world


def _is(referral: Referral, reason: Reason) -> bool:
    item = referral.work_item
    return item is not None and item.reason is reason and referral.phase is Step.OPEN_WORK_ITEM


Branch = Callable[[str], PathwayWorld]
BRANCHES: Final[Mapping[str, Branch]] = MappingProxyType(
    {
        branch.__name__.replace("_", " "): branch
        for branch in (
            all_goes_well,
            information_never_comes,
            payer_never_decides,
            payer_denies_and_an_appeal_wins,
            no_room_then_room,
            no_clinic_answers,
            nobody_reaches_the_patient,
            nobody_calls_the_patient,
            clinic_never_books,
            nobody_says_whether_the_visit_was,
            patient_never_comes,
            report_never_comes,
            result_is_critical,
            referrer_does_not_acknowledge,
            patient_declines,
            patient_wants_another_clinic,
            patient_says_stop,
            patient_wants_another_time,
            clinic_moves_then_cancels,
            wrong_document_then_the_right_one,
            referrer_cancels,
            closed_then_reopened,
        )
    }
)

"""How each reason for a person to look comes about: a world that stands there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.directory import TenantProfile
from referral_core.domain.effects import StorePayload
from referral_core.domain.ids import ReferralId
from referral_core.domain.terminology import Concept
from referral_core.domain.updates import (
    AppointmentBooked,
    AppointmentFulfilled,
    AppointmentNoshow,
    AuthorizationDecided,
    Cancel,
    ChangedPart,
    ContactRecorded,
    DecisionMade,
    InformationSupplied,
    OfferDeclined,
    PatientReplied,
    Role,
    WorkItemUpdated,
)
from referral_core.domain.work_items import Reason
from referral_core.lifecycle.engine.apply_update import apply_update
from tests.in_memory import REFERRAL, TENANT, World, a_new_referral_of
from tests.partner_actions import accepted, agreed, booked, notified, reason_of, reported, seen
from tests.unit.fhir.orders import PLACER, Json, a_coverage, a_patient, an_order
from tests.unit.timelines.world import PathwayWorld

DERMATOLOGY: Final = {
    "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}]
}
_SELF_PAY: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-selfpay", "code": "pay"}]
}
PATIENT_PHONE: Final = "+15085550131"


def a_world(sample: str = "happy-path", script: PayerScript | None = None) -> World:
    """Return a world with a sample referral that went as far as it goes by itself."""
    world = World(script)
    world.accept(sample)
    world.settle()
    return world


UNCLEAR: Final[Json] = {"text": "Somebody for the skin"}


def of_order(order: Json, world: World | None = None) -> World:
    """Return a world with an order of a generic specialist."""
    world = world or World()
    sent = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}, **order}
    world.referrals.accept([a_new_referral_of(world.read(json.dumps(sent).encode()), world.clock)])
    world.settle()
    return world


OTHERS_ORDER: Final = ReferralId("d" * 32)


def asked_twice(other: Json | None = None, **fields: Any) -> World:
    """Let another practice have asked for the same before.

    Args:
        other: its order; one for the same patient, when None.
        **fields: of its referral.
    """
    world = World()
    sent = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
    theirs = an_order(**{**sent, "identifier": [{**PLACER, "value": "X-9"}], **(other or {})})
    known = {"id": OTHERS_ORDER, "referrer": "another-ehr", **fields}
    intake = world.read(json.dumps(theirs).encode())
    world.referrals.accept([a_new_referral_of(intake, world.clock, **known)])
    world.settle()
    mine = world.read(json.dumps(an_order(**sent)).encode())
    world.referrals.accept([a_new_referral_of(mine, world.clock)])
    world.settle()
    return world


def with_sliding_fee(world: World) -> World:
    """Make the tenant an FQHC."""
    world.directory._records = tuple(
        r.but(sliding_fee=True) if isinstance(r, TenantProfile) else r
        for r in world.directory._records
    )
    return world


def until(world: World, reason: Reason, meanwhile: Callable[[World], None] | None = None) -> World:
    """Let time pass until a person must look for this reason."""
    for _ in range(200):
        if reason_of(world) is reason:
            return world
        if meanwhile is not None and reason_of(world) is not None:
            meanwhile(world)
        else:
            world.wait()
    raise AssertionError(f"{world.referral.status}: {world.referral.status_reason}")


def decide(world: World, action: str, **fields: Any) -> None:
    """Decide as staff do."""
    world.report(DecisionMade, role=Role.STAFF, action=action, **fields)


def call(world: World, result: str) -> None:
    """Record a call as staff do."""
    world.report(ContactRecorded, role=Role.STAFF, result=result)


def care(world: World, act: str, **fields: Any) -> None:
    """Claim, assign, release, snooze or comment."""
    world.report(WorkItemUpdated, role=Role.STAFF, act=act, **fields)


def taken_back(world: World) -> World:
    """Take the authorization back as its payer does."""
    known = world.referral.authorization
    trace = known.trace if known else None
    world.report(
        AuthorizationDecided, role=Role.PAYER, trace=trace, verdict="denied", review_action="A3"
    )
    return world


def reply(world: World, reply: str) -> None:
    """Answer as the patient."""
    world.report(PatientReplied, reply=reply)


def _accepted() -> World:
    world = a_world()
    accepted(world)
    return world


def _booked() -> World:
    world = _accepted()
    agreed(world)
    booked(world)
    return world


def _visit_unauthorized() -> World:
    world = _accepted()
    agreed(world)
    world.report(AppointmentBooked, start=world.clock.now() + timedelta(days=120))
    return world


def _visit_too_early() -> World:
    world = of_order(an_order(occurrencePeriod={"start": "2026-03-20"}))
    accepted(world)
    agreed(world)
    booked(world)
    return world


def _clinic_closed() -> World:
    """The clinic's entry is gone when the visit is booked."""
    world = _accepted()
    agreed(world)
    npi = world.referral.offers[-1].npi
    gone = world.directory.entries_of(TENANT, npi)
    world.directory._records = tuple(r for r in world.directory._records if r not in gone)
    booked(world)
    return world


def _interpreter_needed() -> World:
    world = _accepted()
    for at, body in world.referrals.payloads.items():
        payload = json.loads(body)
        payload["content"]["patient"]["interpreter"] = True
        world.referrals.payloads[at] = json.dumps(payload).encode()
    agreed(world)
    booked(world)
    return world


def _seen() -> World:
    world = _booked()
    seen(world)
    return world


def _replied(text: str) -> World:
    world = _accepted()
    reply(world, text)
    return world


def _wrote(world: World) -> World:
    reply(world, "other")
    return world


def _payer_unknown() -> World:
    coverage = a_coverage(payor=[{"display": "A plan nobody knows"}])
    return of_order(an_order(contained=[a_patient(), coverage]))


def _fee_class_missing() -> World:
    coverage = a_coverage(type=_SELF_PAY, payor=[{"display": "Self"}])
    order = an_order(contained=[a_patient(), coverage])
    return of_order(order, with_sliding_fee(World()))


def another_version(
    world: World, discloses: Concept, *changed: ChangedPart, consent: bool = False
) -> World:
    """Store another version of the order, along with which something is sent that discloses."""
    update = world.update(InformationSupplied, role=Role.EHR, changed=changed)
    payload = world.engine.case(world.referral).payload
    service = payload.content.service
    wanted = service.wanted.but(also_sent=(discloses,))
    content = payload.content.but(service=service.but(wanted=wanted), consent=consent)
    stored = StorePayload(body=payload.but(content=content).dump())
    apply_update(world.engine, TENANT, REFERRAL, update, effects=(stored,))
    world.settle()
    return world


def _order_changed() -> World:
    world = _accepted()
    world.report(InformationSupplied, role=Role.EHR, changed=(ChangedPart.COVERAGE,))
    return world


def _no_candidate() -> World:
    world = a_world()
    while world.referral.offer is not None:
        world.report(OfferDeclined, offer=world.referral.offers[-1].number)
    return until(world, Reason.NO_CANDIDATE)


def _overdue() -> World:
    return until(
        a_world(script=PayerScript(authorization="A4-then-A1")), Reason.AUTHORIZATION_OVERDUE
    )


def _high_risk() -> PathwayWorld:
    world = PathwayWorld("high-risk-cardiology")
    accepted(world)
    return world


def _voicemail(world: World) -> None:
    call(world, "voicemail")


def _sign_off() -> World:
    return until(_high_risk(), Reason.CLOSING_SIGN_OFF, _voicemail)


def _message_ambiguous() -> World:
    world = a_world()
    world.messenger.mode = "fails"
    accepted(world)
    world.messenger.mode = "up"
    return world


def _message_refused() -> World:
    world = of_order(an_order())
    world.messenger.opted_out.add(PATIENT_PHONE)
    accepted(world)
    return world


def _not_booked() -> World:
    world = _accepted()
    agreed(world)
    return until(world, Reason.NOT_BOOKED)


def _rebookings_exhausted() -> World:
    world = _accepted()
    while reason_of(world) is not Reason.REBOOKINGS_EXHAUSTED:
        agreed(world)
        booked(world)
        world.clock.move(timedelta(days=8))
        world.report(AppointmentNoshow)
    return world


def _patient_cancels() -> World:
    world = _booked()
    reply(world, "no")
    return world


def _patient_not_told() -> World:
    """Booked, then stopped all texts, then the referrer cancels."""
    world = _booked()
    reply(world, "stop")
    world.report(Cancel, role=Role.EHR)
    return world


def _ending_contradicted() -> World:
    """Cancelled; and meanwhile, by a call that staff took, the patient has been seen."""
    world = _booked()
    world.report(Cancel, role=Role.EHR)
    world.wait()
    world.report(AppointmentFulfilled, role=Role.STAFF)
    return world


def _critical() -> World:
    world = _seen()
    reported(world, critical=True)
    return world


def _not_acknowledged() -> World:
    world = _seen()
    reported(world)
    notified(world)
    return until(world, Reason.NOT_ACKNOWLEDGED)


def _undelivered() -> World:
    world = _seen()
    reported(world)
    return until(world, Reason.NOTICE_UNDELIVERED)


def _report_of_former() -> World:
    world = a_world()
    world.report(OfferDeclined, offer=1)
    accepted(world)
    reported(world, organization=world.referral.offers[0].organization)
    return world


STANDS_AT: Final[Mapping[Reason, Callable[[], World]]] = MappingProxyType(
    {
        Reason.FAULT: lambda: a_world(script=PayerScript(eligibility="down")),
        Reason.MISSING_INFORMATION: lambda: until(
            a_world("missing-information"), Reason.MISSING_INFORMATION
        ),
        Reason.CONSENT_MISSING: lambda: another_version(
            _accepted(), Concept(text="Alcohol detoxification"), ChangedPart.CONTENT
        ),
        Reason.PAYER_UNKNOWN: _payer_unknown,
        Reason.NOT_ELIGIBLE: lambda: a_world(script=PayerScript(eligibility="inactive")),
        Reason.ELIGIBILITY_UNCLEAR: lambda: a_world(script=PayerScript(eligibility="unclear")),
        Reason.FEE_CLASS_MISSING: _fee_class_missing,
        Reason.POSSIBLE_DUPLICATE: asked_twice,
        Reason.SERVICE_UNCLEAR: lambda: of_order(an_order(performerType=UNCLEAR)),
        Reason.NOT_IN_TIME: lambda: of_order(an_order(occurrenceDateTime="2026-02-27")),
        Reason.ORDER_CHANGED: _order_changed,
        Reason.NO_CANDIDATE: _no_candidate,
        Reason.AUTHORIZATION_DENIED: lambda: a_world(script=PayerScript(authorization="A3")),
        Reason.AUTHORIZATION_UNCLEAR: lambda: a_world(script=PayerScript(authorization="A2")),
        Reason.AUTHORIZATION_OVERDUE: _overdue,
        Reason.AUTHORIZATION_ENDED: lambda: taken_back(_accepted()),
        Reason.AUTHORIZATION_DENIED_LATE: lambda: taken_back(_seen()),
        Reason.CALL_DUE: lambda: until(_accepted(), Reason.CALL_DUE),
        Reason.ESCALATED: lambda: until(_high_risk(), Reason.ESCALATED, _voicemail),
        Reason.PATIENT_OPTED_OUT: lambda: _replied("stop"),
        Reason.PATIENT_WROTE: lambda: _replied("other"),
        Reason.PATIENT_WROTE_UNASKED: lambda: _wrote(_seen()),
        Reason.ANOTHER_TIME_WANTED: lambda: _replied("another-time"),
        Reason.PATIENT_CANCELS: _patient_cancels,
        Reason.PATIENT_NOT_REACHED: lambda: until(_accepted(), Reason.PATIENT_NOT_REACHED),
        Reason.CLOSING_SIGN_OFF: _sign_off,
        Reason.PATIENT_NOT_TOLD: _patient_not_told,
        Reason.ENDING_CONTRADICTED: _ending_contradicted,
        Reason.MESSAGE_AMBIGUOUS: _message_ambiguous,
        Reason.MESSAGE_REFUSED: _message_refused,
        Reason.NOT_BOOKED: _not_booked,
        Reason.VISIT_UNAUTHORIZED: _visit_unauthorized,
        Reason.VISIT_TOO_EARLY: _visit_too_early,
        Reason.CLINIC_CLOSED: _clinic_closed,
        Reason.INTERPRETER_NEEDED: _interpreter_needed,
        Reason.VISIT_UNCONFIRMED: lambda: until(_booked(), Reason.VISIT_UNCONFIRMED),
        Reason.REBOOKINGS_EXHAUSTED: _rebookings_exhausted,
        Reason.REPORT_OVERDUE: lambda: until(_seen(), Reason.REPORT_OVERDUE),
        Reason.CRITICAL_RESULT: _critical,
        Reason.NOTICE_UNDELIVERED: _undelivered,
        Reason.NOT_ACKNOWLEDGED: _not_acknowledged,
        Reason.REPORT_OF_FORMER_PERFORMER: _report_of_former,
    }
)

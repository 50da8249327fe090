"""Patients' replies: a stop is honoured first, and a carrier that is away loses nothing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryDocuments, MemoryMessenger, MemoryOptOuts
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.adapters.memory.unmatched import MemoryUnmatched
from referral_core.adapters.memory.workflow import MemoryWorkflow
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import TenantProfile
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Outcome, Status
from referral_core.domain.orders.clinical_content import (
    ClinicalContent,
    ClinicalPayload,
    PatientContent,
)
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.unmatched import Mismatch, Sign, Unmatched
from referral_core.domain.updates import PatientReplied, Role
from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.lifecycle.case import Sources
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from referral_core.pathways import pathway
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral

PHONE, NUMBER = "+15085550131", "+15085550100"
PROFILE = TenantProfile(
    tenant=TENANT,
    name="Lakeside Family Medicine",
    npi="1999900107",
    time_zone="America/New_York",
    holidays="US-MA",
    sender_name="Lakeside Care",
    call_back="508-555-0101",
)


def _payload(phone: str) -> bytes:
    return ClinicalPayload(
        service_request={},
        resources={},
        content=ClinicalContent(patient=PatientContent(phone=phone)),
        source_sha256="0" * 64,
        content_hash="0" * 64,
    ).dump()


class World:
    """What the function works on, in memory; `done` holds in which order the lists were written."""

    def __init__(self, *referrals: str) -> None:
        done: list[str] = []

        class Recording(MemoryReferrals):
            def opt_out(self, tenant: Tenant, contact_hash: str, at: datetime) -> None:
                done.append("table")
                super().opt_out(tenant, contact_hash, at)

        class Listing(MemoryOptOuts):
            def add(self, number: str) -> None:
                done.append("carrier")
                super().add(number)

        self.done = done
        self.referrals = Recording()
        for referral_id in referrals:
            new_referral = a_new_referral(a_referral(referral_id), _payload(PHONE))
            known = new_referral.but(contact_hash=contact_hash(PHONE))
            self.referrals.accept([known])
        self.carrier = MemoryMessenger()
        self.opt_outs = Listing(self.carrier)
        channel = Principal(
            client_id=NUMBER, tenant=TENANT, role=Role.PATIENT_CHANNEL, organization="carrier"
        )
        clock, directory = ManualClock(NOW), MemoryDirectory(self.referrals, [PROFILE, channel])
        self.unmatched = MemoryUnmatched()
        self.receive = ReceiveReply(
            referrals=self.referrals,
            documents=MemoryDocuments(),
            engine=Engine(Sources(self.referrals, directory, pathway), MemoryWorkflow(), clock, {}),
            directory=directory,
            clock=clock,
            opt_outs=self.opt_outs,
            kept=KeepUnmatched(self.unmatched, self.referrals),
            messenger=self.carrier,
        )

    @property
    def opted_out(self) -> bool:
        return self.referrals.opted_out(TENANT, contact_hash(PHONE))

    def replies(self, referral_id: str) -> list[tuple[str, Reply]]:
        """The replies that are pending for a referral, by id."""
        pending = self.referrals.load(TENANT, ReferralId(referral_id)).mailbox.pending
        return [(u.id, u.reply) for u in pending if isinstance(u, PatientReplied)]


def an_event(*texts: str) -> dict[str, Any]:
    def record(number: int, text: str) -> dict[str, Any]:
        message = {
            "originationNumber": PHONE,
            "destinationNumber": NUMBER,
            "messageKeyword": "KEYWORD_REFERRALS",
            "messageBody": text,
            "inboundMessageId": f"in-{number}",
        }
        return {"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}

    return {"Records": [record(number, text) for number, text in enumerate(texts)]}


def test_a_reply_reaches_the_referral_of_its_phone() -> None:
    world = World("r1")

    world.receive.handle(an_event("Yes!"))

    assert world.replies("r1") == [("reply-in-0", "yes")]
    assert world.done == []
    assert not world.opted_out


@pytest.mark.parametrize("text", ["STOP", "alto", "Revoke", "opt out"])
def test_a_stop_is_put_on_the_table_first_and_then_at_the_carrier(text: str) -> None:
    world = World("r1")

    world.receive.handle(an_event(text))

    assert world.done == ["table", "carrier"]
    assert world.opted_out
    assert world.carrier.opted_out == {PHONE}
    assert world.replies("r1") == [("reply-in-0", "stop")]


def test_a_stop_without_open_referral_is_honoured_all_the_same() -> None:
    world = World()

    world.receive.handle(an_event("STOP"))

    assert world.opted_out
    assert world.carrier.opted_out == {PHONE}


def test_a_stop_concerns_every_referral_of_the_phone_while_a_yes_is_for_a_person() -> None:
    world = World("r1", "r2")

    world.receive.handle(an_event("YES", "STOP"))

    for referral_id in ("r1", "r2"):
        assert world.replies(referral_id) == [("reply-in-0", "other"), ("reply-in-1", "stop")]


def test_a_carrier_that_is_away_loses_no_reply_and_is_asked_when_the_event_comes_again() -> None:
    world = World("r1")
    world.opt_outs.mode = "down"

    with pytest.raises(Retryable):
        world.receive.handle(an_event("STOP"))

    assert world.opted_out
    assert world.replies("r1") == [("reply-in-0", "stop")]
    assert world.carrier.opted_out == set()

    world.opt_outs.mode = "up"
    world.receive.handle(an_event("STOP"))

    assert world.carrier.opted_out == {PHONE}
    assert world.replies("r1") == [("reply-in-0", "stop")]


def test_a_text_that_was_cut_inside_a_character_is_taken() -> None:
    world = World("r1")

    world.receive.handle(an_event("Yes \ud83d", "STOP \udc4d"))

    assert world.replies("r1") == [("reply-in-0", "yes"), ("reply-in-1", "stop")]
    assert world.opted_out


def test_a_message_that_cannot_be_read_keeps_no_other_from_being_taken() -> None:
    world = World("r1")
    records = an_event("STOP")["Records"]

    with pytest.raises(json.JSONDecodeError):
        world.receive.handle({"Records": [{"Sns": {"Message": "no JSON"}}, *records]})

    assert world.replies("r1") == [("reply-in-0", "stop")]
    assert world.opted_out


def test_a_carrier_that_refuses_is_a_fault_that_somebody_hears_of() -> None:
    world = World("r1")
    world.opt_outs.mode = "refuses"

    with pytest.raises(Permanent):
        world.receive.handle(an_event("STOP"))

    assert world.opted_out
    assert world.replies("r1") == [("reply-in-0", "stop")]


def test_one_reply_that_fails_does_not_hold_up_the_others() -> None:
    world = World("r1")
    world.opt_outs.mode = "down"

    with pytest.raises(Retryable):
        world.receive.handle(an_event("STOP", "YES"))

    assert world.replies("r1") == [("reply-in-0", "stop"), ("reply-in-1", "yes")]


def test_a_table_that_is_away_is_written_first_when_the_event_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World("r1")

    def away(*_: object) -> None:
        raise Retryable("down")

    monkeypatch.setattr(world.referrals, "opt_out", away)
    with pytest.raises(Retryable):
        world.receive.handle(an_event("STOP"))
    monkeypatch.undo()

    assert world.carrier.opted_out == set()
    assert world.replies("r1") == []

    world.receive.handle(an_event("STOP"))

    assert world.done == ["table", "carrier"]


def test_a_text_without_open_referral_waits_for_a_person() -> None:
    world = World("r1")
    closed = world.referrals.load(TENANT, ReferralId("r1"))
    ended = closed.referral.but(status=Status.CLOSED, outcome=Outcome.CANCELLED_BY_REFERRER)
    world.referrals._referrals[TENANT, ReferralId("r1")] = closed.but(referral=ended)
    # What the carrier publishes twice is one text.
    world.receive.handle(an_event("Can I still come?"))
    world.receive.handle(an_event("Can I still come?"))
    (item,) = world.unmatched.items.values()
    assert item.mismatch is Mismatch.NO_OPEN_REFERRAL
    assert isinstance(item.update, PatientReplied)
    (candidate,) = item.candidates
    assert (candidate.referral_id, candidate.signs) == ("r1", (Sign.SAME_NUMBER,))
    assert not candidate.is_open


def test_a_text_that_crossed_the_end_waits_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("r1")
    open_then = world.referrals.by_phone(TENANT, contact_hash(PHONE))
    closed = world.referrals.load(TENANT, ReferralId("r1"))
    ended = closed.referral.but(status=Status.CLOSED, outcome=Outcome.CANCELLED_BY_REFERRER)
    world.referrals._referrals[TENANT, ReferralId("r1")] = closed.but(referral=ended)
    monkeypatch.setattr(world.referrals, "by_phone", lambda *_: open_then)

    def away(_: Unmatched) -> bool:
        raise Retryable("away")

    with monkeypatch.context() as faulty:
        faulty.setattr(world.unmatched, "keep", away)
        with pytest.raises(Retryable):
            world.receive.handle(an_event("Can I still come?", "STOP"))
    for _ in range(2):
        world.receive.handle(an_event("Can I still come?", "STOP"))
    (item,) = world.unmatched.items.values()
    assert isinstance(item.update, PatientReplied)
    assert item.update.reply is Reply.OTHER


@pytest.mark.parametrize("referrals", [("r1",), ("r1", "r2"), ()])
def test_a_start_takes_the_number_off_both_lists(referrals: tuple[str, ...]) -> None:
    world = World(*referrals)
    world.receive.handle(an_event("STOP", "Start please"))
    assert not world.opted_out
    assert world.carrier.opted_out == set()
    for referral in referrals:
        assert world.replies(referral)[-1] == ("reply-in-1", "start")


def test_a_start_of_a_number_that_never_stopped_changes_nothing() -> None:
    world = World("r1")
    world.receive.handle(an_event("START"))
    assert (world.opted_out, world.carrier.opted_out) == (False, set())


@pytest.mark.parametrize("known", [(), ("r1",), ("r1", "r2")])
@pytest.mark.parametrize(
    ("said", "word"), [("I need help", "Reply STOP"), ("ayuda por favor", "Responda STOP")]
)
def test_who_asks_for_help_is_told_once_who_writes_and_how_to_call(
    known: tuple[str, ...], said: str, word: str
) -> None:
    world = World(*known)
    world.receive.handle(an_event(said))
    (answer,) = world.carrier.sent
    assert answer.to == PHONE
    assert "Lakeside Care" in answer.body
    assert "508-555-0101" in answer.body
    assert word in answer.body
    world.receive.handle(an_event(said))
    assert len(world.carrier.sent) == 1, "what the carrier publishes twice is one question"


def test_the_carriers_own_keyword_the_carrier_answers() -> None:
    world = World("r1")
    world.receive.handle(an_event("HELP"))
    assert world.carrier.sent == []
    assert world.replies("r1") == [("reply-in-0", Reply.HELP)]


def test_help_that_the_carrier_does_not_take_is_on_record_all_the_same() -> None:
    world = World("r1")
    world.carrier.opted_out.add(PHONE)
    world.receive.handle(an_event("help me please"))
    assert world.carrier.sent == []
    assert world.replies("r1") == [("reply-in-0", Reply.HELP)]

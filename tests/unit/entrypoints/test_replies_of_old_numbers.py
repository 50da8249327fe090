"""A reply from a number that the EHR has corrected since is no word of this patient."""

from __future__ import annotations

import json

import pytest

from referral_core.domain.access.principal import Principal
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.updates import PatientReplied, Role
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.sms_replies import ReceiveReply
from referral_core.lifecycle.keep_unmatched import KeepUnmatched
from tests.in_memory import REFERRAL, TENANT
from tests.partner_actions import accepted, reason_of
from tests.unit.entrypoints.http.parties import RIVERSIDE, Parties, Party, Request, the_order
from tests.unit.fhir.orders import a_coverage, a_patient

OLD, NEW = "+15085550131", "+15085550199"
OURS, AWAY = "+15085550100", "+15085550200"


def being_contacted(phone: str = NEW) -> Parties:
    """The clinic accepted and the patient was written to; then the EHR sends this number."""
    parties = Parties()
    world = parties.world
    channels = [
        Principal(client_id=number, tenant=tenant, role=Role.PATIENT_CHANNEL, organization="c")
        for number, tenant in ((OURS, TENANT), (AWAY, RIVERSIDE))
    ]
    clinic = Principal(
        client_id="+15085550300", tenant=TENANT, role=Role.CLINIC, organization="clinic-1"
    )
    world.directory._records = (*world.directory._records, *channels, clinic)
    # The other referrals have the same patient; they end, so that a yes is clear.
    for party, referral_id in ((Party.OTHER_EHR, "1" * 32), (Party.AWAY_EHR, "2" * 32)):
        task = {"resourceType": "Task", "id": f"{referral_id}.a", "intent": "order"}
        gone = Request("PUT", f"/fhir/Task/{referral_id}.a", {**task, "status": "entered-in-error"})
        assert parties.call(gone, party).status == 200
        world.settle()
        notice = {
            "resourceType": "Communication",
            "status": "completed",
            "inResponseTo": [{"reference": f"Communication/{referral_id}.n1"}],
        }
        seen = Request("POST", "/fhir/Communication", notice)
        assert parties.call(seen, party).status == 201
        world.settle()
    accepted(world)
    patient = a_patient(telecom=[{"system": "phone", "value": phone}])
    order = the_order(id=REFERRAL, contained=[patient, a_coverage()])
    put = Request("PUT", f"/fhir/ServiceRequest/{REFERRAL}", order)
    assert parties.call(put, Party.OWN_EHR).status == 200
    world.settle()
    return parties


def write(parties: Parties, text: str, sender: str, to: str = OURS) -> None:
    world = parties.world
    receive = ReceiveReply(
        referrals=world.referrals,
        documents=parties.api.documents,
        engine=world.engine,
        directory=world.directory,
        clock=world.clock,
        opt_outs=parties.api.opt_outs,
        kept=KeepUnmatched(parties.api.unmatched, world.referrals),
        messenger=world.messenger,
    )
    message = {
        "originationNumber": sender,
        "destinationNumber": to,
        "messageBody": text,
        "inboundMessageId": "in-1",
    }
    receive.handle({"Records": [{"Sns": {"Message": json.dumps(message)}}]})
    world.settle()


def replies(parties: Parties) -> list[str]:
    """What the referral's patient replied, as it was understood."""
    updates = parties.world.referrals.updates[TENANT, REFERRAL].values()
    return [u.reply for u in updates if isinstance(u, PatientReplied)]


def test_a_yes_from_the_number_of_now_is_the_patients() -> None:
    parties = being_contacted()
    write(parties, "YES", NEW)
    assert replies(parties) == ["yes"]
    assert reason_of(parties.world) is None


@pytest.mark.parametrize("text", ["YES", "NO", "STOP"])
def test_a_word_from_the_number_of_before_is_read_by_a_person(text: str) -> None:
    parties = being_contacted()
    write(parties, text, OLD)
    assert replies(parties) == ["other"]
    assert reason_of(parties.world) is Reason.PATIENT_WROTE


def test_a_stop_from_the_number_of_before_stops_that_number_only() -> None:
    parties = being_contacted()
    write(parties, "STOP", OLD)
    referrals = parties.world.referrals
    assert referrals.opted_out(TENANT, contact_hash(OLD))
    assert not referrals.opted_out(TENANT, contact_hash(NEW))


def test_a_reply_to_another_tenants_number_is_not_ours() -> None:
    parties = being_contacted()
    write(parties, "STOP", NEW, to=AWAY)
    referrals = parties.world.referrals
    assert replies(parties) == []
    assert not referrals.opted_out(TENANT, contact_hash(NEW))
    assert referrals.opted_out(RIVERSIDE, contact_hash(NEW))


def test_a_number_of_no_patient_channel_takes_no_replies() -> None:
    parties = being_contacted()
    with pytest.raises(Exception, match="patient-channel"):
        write(parties, "STOP", NEW, to="+15085550300")
    assert replies(parties) == []
    assert not parties.world.referrals.opted_out(TENANT, contact_hash(NEW))

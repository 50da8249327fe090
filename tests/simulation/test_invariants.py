"""Each check finds nothing on a good day, and what a hand broke."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from local.inputs import inputs
from local.simulation import accountability, invariants, ledger
from local.simulation.day import Day, Posted
from local.simulation.invariants import CHECKS, Check
from local.simulation.privacy import Canaries, canaries_of, leaks
from referral_core.domain.change import Change
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Party, Status, Step
from referral_core.domain.mailbox import Wait
from referral_core.domain.referral import Referral
from referral_core.domain.updates import Update, UpdateKind
from referral_core.reporting.rows import row_of
from tests.unit.builders import an_update
from tests.unit.simulation.days import (
    SAMPLES,
    a_day,
    a_whole_day,
    event_replaced,
    mailbox_replaced,
    replaced,
    samples,
    the_referral,
)

LEDGER = ledger.LEDGER_CHECKS

Break = Callable[[Day, Referral], Any]


@pytest.fixture
def day() -> Day:
    """Given a referral that was completed."""
    return a_day("happy-path")


@pytest.fixture
def waiting() -> Day:
    """Given a referral that stands on a worklist."""
    return a_day("authorization-denied")


def found(check: Check, day: Day) -> list[str]:
    return list(check(day))


@pytest.mark.parametrize("name", CHECKS)
def test_a_good_day_breaks_nothing(name: str) -> None:
    assert found(CHECKS[name], a_whole_day()) == []


@pytest.mark.parametrize("name", LEDGER)
def test_the_ledger_of_a_good_day_adds_up(name: str) -> None:
    assert found(LEDGER[name], a_whole_day()) == []


def test_states_of_a_good_day_are_counted() -> None:
    assert found(ledger.states_are_counted, a_whole_day()) == []


def updates_of(day: Day, referral: Referral) -> Mapping[str, Update]:
    return day.table.updates[referral.tenant, referral.id]


def index_of_update(day: Day, referral: Referral) -> int:
    """The position of the only event that names some update."""
    named = Counter(event.update for event in day.events(referral))
    events = enumerate(day.events(referral))
    return next(i for i, e in events if e.update is not None and named[e.update] == 1)


def moved_to(day: Day, referral: Referral, status: Status) -> None:
    event_replaced(day, referral, 3, to_status=status)
    event_replaced(day, referral, 4, from_status=status)


def entry_of(day: Day, partner: str) -> Any:
    """What a partner was sent first."""
    return next(entry for entry in day.logs[partner] if entry["did"] == "received")


def patient_of(body: Any) -> Any:
    return next(accountability._patients_in(body))


def submitted(day: Day) -> Any:
    """The PAS Bundle that the payer was sent."""
    bodies = [entry["body"] for entry in day.logs["payer"] if isinstance(entry["body"], dict)]
    return next(body for body in bodies if body.get("resourceType") == "Bundle")


def a_letter(referral: Referral, name: str) -> bytes:
    said = {"reference": f"{referral.id}-c1", "to": [name, "1 Elm St"], "body": "Please call."}
    return json.dumps(said).encode()


def for_portal(referral: Referral, system: str, value: str) -> dict[str, Any]:
    whom = {"type": "Patient", "identifier": {"system": system, "value": value}}
    category = [{"coding": [{"code": "instruction"}]}]
    return {"id": f"{referral.id}-c1", "category": category, "subject": whom, "recipient": [whom]}


def position_of(day: Day, referral: Referral, kind: EventKind) -> int:
    return [event.kind for event in day.events(referral)].index(kind)


BROKEN: dict[str, tuple[Check, Break]] = {
    "closed without outcome": (
        invariants.ended_or_on_a_worklist,
        lambda day, r: replaced(day, r, outcome=None),
    ),
    "open and nobody's": (
        invariants.ended_or_on_a_worklist,
        lambda day, r: replaced(day, r, status=Status.SCHEDULED, waits_for=Party.CLINIC),
    ),
    "nobody was told": (
        invariants.accepted_once,
        lambda day, _r: day.posted.clear(),  # type: ignore[attr-defined]
    ),
    "one body, two referrals": (
        invariants.accepted_once,
        lambda day, _r: day.posted.append(  # type: ignore[attr-defined]
            replace(day.posted[0], referral_id=ReferralId("other"))
        ),
    ),
    "an idempotency key that leads nowhere": (
        invariants.accepted_once,
        lambda day, _r: day.table.keys.update(
            {k: t.model_copy(update={"referral_id": "gone"}) for k, t in day.table.keys.items()}
        ),
    ),
    "a reservation released twice": (
        invariants.capacity_kept,
        lambda day, _r: day.table.reserved.update(dict.fromkeys(day.table.reserved, 0)),
    ),
    "more reservations than capacity": (
        invariants.capacity_kept,
        lambda day, r: (
            replaced(day, r, offers=r.offers * 9)
            or day.table.reserved.update(dict.fromkeys(day.table.reserved, 9))
        ),
    ),
    "a message twice": (
        invariants.one_message_per_attempt,
        lambda day, _r: day.messages.append(day.messages[0]),  # type: ignore[attr-defined]
    ),
    "a message not sent": (
        invariants.one_message_per_attempt,
        lambda day, _r: day.messages.pop(),  # type: ignore[attr-defined]
    ),
    "a message not on record": (
        invariants.one_message_per_attempt,
        lambda day, r: replaced(day, r, contacts=()),
    ),
    "an illegal move": (
        invariants.moves_are_legal,
        lambda day, r: moved_to(day, r, Status.SCHEDULED),
    ),
    "a version left out": (
        invariants.moves_are_legal,
        lambda day, r: day.table._events[r.tenant, r.id].pop(5),
    ),
    "a stale run that wrote": (
        invariants.moves_are_legal,
        lambda day, r: event_replaced(day, r, 2, run=2),
    ),
    "a record that no event made": (
        invariants.moves_are_legal,
        lambda day, r: replaced(day, r, version=r.version + 1),
    ),
    "a late update that altered": (
        invariants.late_changes_nothing,
        lambda day, r: day.table.late[r.tenant, r.id].append(
            Change(
                before=r,
                after=r.model_copy(update={"appointment": None}),
                event=day.events(r)[-1],
            )
        ),
    ),
    "an update that no event names": (
        invariants.late_changes_nothing,
        lambda day, r: event_replaced(day, r, index_of_update(day, r), update=None),
    ),
    "an update not on record": (
        invariants.late_changes_nothing,
        lambda day, r: day.table.updates[r.tenant, r.id].clear(),
    ),
    "another pathway": (
        invariants.pathway_is_kept,
        lambda day, r: replaced(day, r, pathway="social-need"),
    ),
    "an update used twice": (
        invariants.mailbox_is_sound,
        lambda day, r: event_replaced(day, r, -1, update=next(iter(updates_of(day, r)))),
    ),
    "a closed referral that waits": (
        invariants.mailbox_is_sound,
        lambda day, r: mailbox_replaced(
            day,
            r,
            wait=Wait(
                id="1-1",
                step=Step.AWAIT_VISIT,
                token="t",
                accepts=frozenset({UpdateKind.DEADLINE}),
                deadline=r.updated_at,
            ),
        ),
    ),
    "a report that is not stored": (
        invariants.documents_are_kept,
        lambda day, _r: day.documents.clear(),  # type: ignore[attr-defined]
    ),
    "a text to another patient": (
        accountability.one_patient,
        lambda day, _r: entry_of(day, "carrier")["body"].update(
            DestinationPhoneNumber="+15085550999"
        ),
    ),
    "an offer with another patient": (
        accountability.one_patient,
        lambda day, _r: patient_of(entry_of(day, "clinic")["body"]).update(birthDate="1901-01-01"),
    ),
    "a payer asked about another": (
        accountability.one_patient,
        lambda day, _r: entry_of(day, "payer").update(
            body=re.sub(r"(\*MI\*)[^~]*", r"\g<1>SOMEBODY", entry_of(day, "payer")["body"])
        ),
    ),
    "an authorization of another's visit": (
        accountability.one_patient,
        lambda day, _r: patient_of(submitted(day)).update(birthDate="1901-01-01"),
    ),
    "a letter to another patient": (
        accountability.one_patient,
        lambda day, r: day.documents.update(  # type: ignore[attr-defined]
            {(r.tenant, "f" * 64): (a_letter(r, "Somebody Else"), "application/json")}
        ),
    ),
    "a portal message to another patient": (
        accountability.one_patient,
        lambda day, r: day.logs["ehr"].append(  # type: ignore[attr-defined]
            {"did": "received", "body": for_portal(r, "https://ehr.example.org/mrn", "X-9")}
        ),
    ),
    "an update forgotten at the end": (
        accountability.every_update_counts,
        lambda day, r: mailbox_replaced(day, r, pending=(an_update("cancel"),)),
    ),
    "a report that is only recorded": (
        accountability.every_update_counts,
        lambda day, r: event_replaced(
            day, r, position_of(day, r, EventKind.REPORT_RECEIVED), kind=EventKind.UPDATE_RECORDED
        ),
    ),
    "a loop closed without notice": (
        invariants.loops_are_closed_by_evidence,
        lambda day, r: replaced(day, r, notices=()),
    ),
    "a part not counted": (
        ledger.messages_are_counted,
        lambda day, r: replaced(
            day, r, contacts=tuple(c.model_copy(update={"parts": 2}) for c in r.contacts)
        ),
    ),
    "a state not counted": (
        ledger.states_are_counted,
        lambda day, r: event_replaced(day, r, 1, metered={}),
    ),
    "a unit without a price": (
        LEDGER["8 units are listed"],
        lambda day, r: event_replaced(day, r, 1, metered={"carrier-pigeons": 1}),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_a_hand_broke_is_found(what: str, day: Day) -> None:
    check, broken = BROKEN[what]
    assert found(check, day) == []
    broken(day, the_referral(day))
    assert found(check, day) != []


def test_a_work_item_without_due_time_is_found(waiting: Day) -> None:
    referral = the_referral(waiting)
    item = referral.work_item
    assert item is not None
    replaced(waiting, referral, work_item=item.model_copy(update={"due_at": None}))
    assert found(invariants.ended_or_on_a_worklist, waiting) != []


def test_an_update_that_nobody_used_is_found(waiting: Day) -> None:
    referral = the_referral(waiting)
    mailbox = waiting.table.load(referral.tenant, referral.id).mailbox
    kept = an_update(UpdateKind.DECISION)
    wait = mailbox.wait
    assert wait is not None
    mailbox_replaced(
        waiting,
        referral,
        pending=(kept,),
        wait=wait.but(accepts=wait.accepts | {kept.kind}),
    )
    assert found(invariants.mailbox_is_sound, waiting) != []


# --- canaries --------------------------------------------------------------------------------


def test_the_canaries_of_a_sample_are_its_patients_and_diagnoses() -> None:
    canaries = canaries_of(samples("happy-path"))
    assert {"Whitlock", "LS-10231", "(508) 555-0131", "HHP4410231", "L20.9"} <= canaries.texts


def test_a_canary_is_a_word_and_not_a_part_of_a_hash() -> None:
    canaries = Canaries(["1234567", "Atopic dermatitis", "Lee"])
    assert canaries.within("the hash ab1234567cd") == []
    assert canaries.within("number 1234567.") == ["1234567"] or canaries.within("no 1234567 ")
    assert canaries.within("has Atopic dermatitis, he says") == ["Atopic dermatitis"]


def test_a_good_day_leaks_nothing() -> None:
    assert list(leaks(a_whole_day(), canaries_of(inputs(SAMPLES)))) == []


LEAKING: dict[str, Break] = {
    "a log line": lambda day, _r: day.lines.append("patient Whitlock"),  # type: ignore[attr-defined]
    "an execution": lambda day, _r: day.executions[0].data.update(name="Whitlock"),
    "a queue": lambda day, _r: day.bodies["notices"].append('{"for": "Whitlock"}'),  # type: ignore[attr-defined]
    "a text message": lambda day, _r: day.messages.append(  # type: ignore[attr-defined]
        {"reference": "x", "body": "Dear Whitlock"}
    ),
    "an event": lambda day, r: event_replaced(day, r, 1, status_reason="For Whitlock."),
    "the projection": lambda day, r: replaced(day, r, status_reason="For Whitlock."),
    "the lake": lambda day, r: day.lake.put(
        [{**row_of(day.events(r)[1]), "reason": "For Whitlock."}]
    ),
    "an address": lambda day, _r: entry_of(day, "ehr").update(path="/ehr/Patient?name=Whitlock"),
    "a dead letter": lambda day, _r: day.dead["stream"].append("For Whitlock."),  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("where", LEAKING)
def test_a_planted_canary_is_found(where: str, day: Day) -> None:
    canaries = canaries_of(samples("happy-path"))
    assert list(leaks(day, canaries)) == []
    LEAKING[where](day, the_referral(day))
    assert list(leaks(day, canaries)) != []


def test_payloads_hold_the_canaries(day: Day) -> None:
    # Then the search is not blind: what is excused is full of them.
    (payload,) = day.table.payloads.values()
    assert "Whitlock" in canaries_of(samples("happy-path")).within(payload.decode())


def test_a_refused_post_is_no_referral(day: Day) -> None:
    day.posted.append(Posted("a", 422, "b", refusal={}))  # type: ignore[attr-defined]
    assert found(invariants.accepted_once, day) == []

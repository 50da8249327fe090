"""Whatever breaks under a referral, it still finishes, and what is superseded changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from infra import STACK_NAME
from local.stack import Stack
from referral_core.adapters.aws.dynamodb import keys
from referral_core.domain.change import change
from referral_core.domain.errors import StaleRun
from referral_core.domain.events import AppointmentFacts, EventKind
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Outcome, Party, Queue, Status, Step
from referral_core.domain.writes import Commit, ReferralState
from tests.end_to_end.callers import Caller
from tests.end_to_end.faults import (
    frozen,
    kill,
    lost_answers,
    lost_stream_records,
    partners,
    workers,
)
from tests.end_to_end.orders import a_complete_order
from tests.end_to_end.partner_scripts import scripted
from tests.end_to_end.records import Records
from tests.end_to_end.waiting import until

Strike = Callable[[Stack, Caller, Records], str]


# --- the faults, each done to a referral of its own --------------------------------------------


def start_dropped(stack: Stack, ehr: Caller, records: Records) -> str:
    with lost_stream_records(stack, "publish_outbox"):
        referral_id = ehr.refer(a_complete_order(scripted("brisk", 1))).referral_id
    assert records.referral(referral_id).current_step is Step.CHECK_READINESS
    return referral_id


def worker_killed_before_it_begins(stack: Stack, ehr: Caller, records: Records) -> str:
    victims = workers(stack, "route_referral")
    with frozen(victims):
        referral_id = ehr.refer(a_complete_order(scripted("brisk", 2))).referral_id
        until(
            lambda: records.has_entered(referral_id, 1, Step.ROUTE_REFERRAL),
            "the state machine to call the frozen worker",
        )
        kill(victims)
    return referral_id


def worker_killed_while_the_payer_thinks(stack: Stack, ehr: Caller, records: Records) -> str:
    victims = workers(stack, "request_authorization")
    with ExitStack() as payer_is_silent:
        with frozen(victims):
            referral_id = ehr.refer(a_complete_order(scripted("brisk", 3))).referral_id
            until(
                lambda: records.has_entered(referral_id, 1, Step.REQUEST_AUTHORIZATION),
                "the state machine to call the frozen worker",
            )
            payer_is_silent.enter_context(frozen([partners(stack)]))
        until(
            lambda: records.referral(referral_id).current_step is Step.REQUEST_AUTHORIZATION,
            "the step to begin",
        )
        # Another worker may have been started for the call while the known ones stood still.
        kill(workers(stack, "request_authorization"))
    return referral_id


def execution_stopped(stack: Stack, ehr: Caller, records: Records) -> str:
    referral_id = ehr.refer(a_complete_order(scripted("slow-clinic", 1))).referral_id
    records.waiting(referral_id, Step.OFFER_REFERRAL)
    stack.emulator.client("stepfunctions").stop_execution(
        executionArn=records.execution_arn(referral_id, 1)
    )
    return referral_id


def answer_lost(stack: Stack, ehr: Caller, records: Records) -> str:
    referral_id = ehr.refer(a_complete_order(scripted("slow-clinic", 2))).referral_id
    records.waiting(referral_id, Step.OFFER_REFERRAL)
    with lost_answers(stack, "receive_update"):
        until(
            lambda: records.loaded(referral_id).mailbox.resolution is not None,
            "the clinic's answer to be on record",
        )
        assert records.referral(referral_id).status is Status.ACCEPTED
        assert not records.has_entered(referral_id, 1, Step.CONTACT_PATIENT)
    return referral_id


class Fault(NamedTuple):
    """What is done, and what the record must show besides a good end."""

    strike: Strike
    mended_by: str
    runs: int


FAULTS: Final[Mapping[str, Fault]] = {
    "a start is dropped": Fault(start_dropped, "run-restarted", runs=2),
    "a worker is killed before its step begins": Fault(
        worker_killed_before_it_begins, "run-restarted", runs=2
    ),
    "a worker is killed before its step waits": Fault(
        worker_killed_while_the_payer_thinks, "run-restarted", runs=2
    ),
    "an execution is stopped": Fault(execution_stopped, "run-restarted", runs=2),
    "an answer is lost": Fault(answer_lost, "resolution-resent", runs=1),
}


@pytest.fixture(scope="session")
def struck(stack: Stack, ehr: Caller, records: Records) -> Mapping[str, str]:
    """Strike one referral with each fault; all of them recover side by side."""
    return {name: fault.strike(stack, ehr, records) for name, fault in FAULTS.items()}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.waits
def test_the_referral_finishes_all_the_same(
    fault: str, struck: Mapping[str, str], records: Records
) -> None:
    ended = records.ended(struck[fault])
    assert ended.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED, (
        ended.status_reason,
        ended.notices,
        [(e.kind.value, e.at.isoformat()) for e in records.events(ended.id)],
    )
    assert ended.loop_closed
    records.has_kept_the_rules(ended.id)


@pytest.mark.waits
def test_the_watchdog_mended_it(fault: str, struck: Mapping[str, str], records: Records) -> None:
    ended = records.ended(struck[fault])
    assert FAULTS[fault].mended_by in records.kinds(ended.id)
    assert ended.run >= FAULTS[fault].runs


@pytest.mark.waits
def test_nothing_was_done_twice(fault: str, struck: Mapping[str, str], records: Records) -> None:
    ended = records.ended(struck[fault])
    assert len(ended.offers) == 1
    kinds = records.kinds(ended.id)
    assert kinds.count("patient-contacted") == len(ended.contacts)
    # A clinic whose booking and our reminder cross moves its visit; no booking is recorded twice.
    starts = [
        e.facts.start
        for e in records.events(ended.id)
        if isinstance(e.facts, AppointmentFacts) and e.kind is EventKind.APPOINTMENT_BOOKED
    ]
    assert len(starts) == len(set(starts)) >= 1
    assert kinds.count("closed") == 1


def test_a_dropped_start_never_happened(struck: Mapping[str, str], records: Records) -> None:
    assert records.execution_status(struck["a start is dropped"], run=1) is None


@pytest.mark.waits
def test_a_stopped_execution_stays_stopped(struck: Mapping[str, str], records: Records) -> None:
    referral_id = struck["an execution is stopped"]
    records.ended(referral_id)
    assert records.execution_status(referral_id, run=1) == "ABORTED"


@pytest.mark.waits
def test_an_answer_that_was_lost_needs_no_new_run(
    struck: Mapping[str, str], records: Records
) -> None:
    assert records.ended(struck["an answer is lost"]).run == 1


# --- the fence -----------------------------------------------------------------------------------


def as_of_an_old_run(present: ReferralState) -> Commit:
    """Make the write that a run which does not know that it is superseded would try."""
    stale = present.referral.but(run=present.referral.run - 1)
    return Commit(
        change=change(
            stale,
            EventKind.STEP_STARTED,
            at=stale.updated_at + timedelta(minutes=1),
            actor="router",
            status_reason="A run that was superseded.",
            due_at=stale.due_at,
            status=Status.CANCEL_REQUESTED if not stale.is_closed else None,
            queue=Queue.FRONT_OFFICE,
            waits_for=Party.ROUTER,
        ),
        mailbox_before=present.mailbox,
    )


@pytest.mark.waits
def test_a_stale_runs_write_is_refused(struck: Mapping[str, str], records: Records) -> None:
    # Given a referral that its second run carried to the end
    referral_id = struck["an execution is stopped"]
    records.ended(referral_id)
    before = records.loaded(referral_id)
    assert before.referral.run == 2
    # When its first run writes
    with pytest.raises(StaleRun):
        records.table.commit(as_of_an_old_run(before))
    # Then nothing changed
    assert records.loaded(referral_id) == before


@pytest.mark.waits
def test_a_stale_runs_step_ends_quietly(
    stack: Stack, struck: Mapping[str, str], records: Records
) -> None:
    referral_id = struck["an execution is stopped"]
    records.ended(referral_id)
    before = records.loaded(referral_id)
    answer = stack.emulator.client("lambda").invoke(
        FunctionName=f"{STACK_NAME}-check_eligibility",
        Payload=json.dumps(
            {
                "tenant": before.referral.tenant,
                "referral_id": referral_id,
                "run": 1,
                "step": "CheckEligibility",
            }
        ),
    )
    assert json.loads(answer["Payload"].read()) == {"next": "RunSuperseded"}
    assert records.loaded(referral_id) == before


# --- poison ---------------------------------------------------------------------------------------


def test_a_poisoned_record_goes_aside_and_stops_nothing(
    stack: Stack, ehr: Caller, records: Records
) -> None:
    # Given a record in the stream that no consumer can read, with content that is nobody's business
    pk = keys.referral(records.referral(posted(ehr, 4)).tenant, ReferralId("poisoned"))
    key = {"pk": {"S": pk}, "sk": {"S": "@REFERRAL"}}
    item = {**key, "run": {"N": "1"}, "body": {"S": '{"family": "Poisonwood"'}}
    table = {"TableName": stack.deployment["TableName"]}
    dynamodb, queue = records.client("dynamodb"), stack.deployment["StreamDlqUrl"]
    dynamodb.put_item(**table, Item=item)
    # When it comes to the consumer
    until(lambda: records.queued(queue), "the dead letter")
    # Then it lies in the queue by its keys alone
    received = records.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    (message,) = received
    letter = json.loads(message["Body"])
    assert letter["consumer"] == "publish_outbox"
    assert letter["keys"] == key
    assert "Poisonwood" not in message["Body"]
    # And those who come after it go their way
    ended = records.ended(posted(ehr, 5))
    assert ended.outcome is Outcome.COMPLETED_REPORT_ACKNOWLEDGED
    dynamodb.delete_item(**table, Key=key)
    records.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def posted(ehr: Caller, number: int) -> str:
    return ehr.refer(a_complete_order(scripted("brisk", number))).referral_id

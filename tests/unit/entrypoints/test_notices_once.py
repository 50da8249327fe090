"""A notice that the queue hands over twice reaches the EHR once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from referral_core.adapters.memory.directory import MemoryDirectory
from referral_core.adapters.memory.partners import MemoryEhr
from referral_core.domain.directory import EhrSystem
from referral_core.domain.ids import Tenant
from referral_core.domain.referral import Notice, Referral
from referral_core.domain.updates import NoticeDelivered
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.notice_delivery import NoticeDelivery
from referral_core.fhir.ids import notice_id
from referral_core.lifecycle.engine.process_due import process_due
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, agreed, booked, reason_of, reported, seen
from tests.unit.lifecycle.work_item_worlds import a_world

RIVERSIDE = Tenant("riverside")


class CountingEhr(MemoryEhr):
    """Remembers every delivery, repeats included, and to whom it went.

    Attributes:
        meanwhile: what happens once, before the next delivery is answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[tuple[str, str, str]] = []
        self.meanwhile: Callable[[], object] | None = None

    def notify(self, ehr: EhrSystem, referral: Referral, notice: Notice) -> None:
        super().notify(ehr, referral, notice)
        self.posted.append((ehr.tenant, ehr.id, notice_id(referral.id, notice.number)))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()


class Queue:
    """Stands for SQS; remembers what is to come again, and when."""

    def __init__(self) -> None:
        self.again: list[tuple[str, int]] = []

    def change_message_visibility(self, **asked: Any) -> None:
        self.again.append((asked["ReceiptHandle"], asked["VisibilityTimeout"]))


class Delivery:
    """A world whose referral has a notice about its end, and the function."""

    def __init__(self) -> None:
        self.world: World = a_world()
        for act in (accepted, agreed, booked, seen, reported):
            act(self.world)
        systems = [
            EhrSystem(tenant=tenant, id=name, name="EHR", notices_url="https://e", secret="s")
            for tenant, name in (
                (RIVERSIDE, "lakeside-ehr"),
                (TENANT, "another-ehr"),
                (TENANT, "lakeside-ehr"),
            )
        ]
        self.ehr, self.queue = CountingEhr(), Queue()
        self.function = NoticeDelivery(
            engine=self.world.engine,
            referrals=self.world.referrals,
            directory=MemoryDirectory(self.world.referrals, systems),
            ehr=self.ehr,
            clock=self.world.clock,
            queue=self.queue,  # type: ignore[arg-type]
            queue_url="https://queue",
        )

    def handle(
        self, *receives: int, notice: int = 1, ask: int = 1, **other: str
    ) -> list[dict[str, str]]:
        body = {"tenant": TENANT, "referral_id": REFERRAL, "notice": notice, "ask": ask, **other}
        records: list[dict[str, Any]] = [
            {
                "messageId": f"m{number}",
                "body": json.dumps(body),
                "receiptHandle": f"h{number}",
                "attributes": {"ApproximateReceiveCount": str(count)},
            }
            for number, count in enumerate(receives)
        ]
        failed = self.function.handle({"Records": records})["batchItemFailures"]
        self.world.settle()
        return failed

    def recorded(self) -> int:
        """How often it is on record that the notice was delivered."""
        updates = self.world.referrals.updates[TENANT, REFERRAL].values()
        return sum(isinstance(update, NoticeDelivered) for update in updates)


def test_a_notice_handed_over_again_after_its_delivery_is_not_posted_again() -> None:
    delivery = Delivery()
    assert delivery.handle(1) == []
    notice = delivery.world.referral.notice
    assert notice is not None
    assert notice.delivered_at is not None
    version = delivery.world.referral.version
    assert delivery.handle(2) == []
    assert delivery.ehr.posted == [(TENANT, "lakeside-ehr", f"{REFERRAL}.n1")]
    assert delivery.world.referral.version == version


def test_a_notice_twice_in_one_batch_is_posted_once() -> None:
    delivery = Delivery()
    assert delivery.handle(1, 1) == []
    assert len(delivery.ehr.posted) == 1


def test_of_two_deliveries_at_once_one_is_heard() -> None:
    # Given a second delivery that has the same notice, and is done a second before the first
    delivery = Delivery()

    def second() -> None:
        delivery.handle(1)
        delivery.world.clock.move(timedelta(seconds=1))

    delivery.ehr.meanwhile = second
    assert delivery.handle(1) == []
    # Then the EHR has one notice under one id, and the delivery is on record once
    assert list(delivery.ehr.notices) == [f"{REFERRAL}.n1"]
    assert delivery.recorded() == 1


def test_a_delivery_whose_record_was_lost_is_repeated_under_the_same_id() -> None:
    # Given a delivery that died between the EHR's answer and our record of it
    delivery = Delivery()
    notice = delivery.world.referral.notice
    assert notice is not None
    system = delivery.function.directory.ehr(TENANT, "lakeside-ehr")
    delivery.ehr.notify(system, delivery.world.referral, notice)
    # When the queue hands the notice over again
    delivery.handle(2)
    # Then the EHR overwrites what it has, and one delivery is on record
    assert delivery.ehr.posted == [(TENANT, "lakeside-ehr", f"{REFERRAL}.n1")] * 2
    assert list(delivery.ehr.notices) == [f"{REFERRAL}.n1"]
    assert delivery.recorded() == 1


@pytest.mark.parametrize(
    "other",
    [{"referral_id": "f" * 32}, {"tenant": "riverside"}, {"notice": 7}],
    ids=["no such referral", "another tenant", "no such notice"],
)
def test_a_notice_that_is_not_there_goes_to_nobody(other: dict[str, Any]) -> None:
    delivery = Delivery()
    version = delivery.world.referral.version
    assert delivery.handle(1, **other) == []
    assert delivery.ehr.posted == []
    assert delivery.world.referral.version == version


def test_a_notice_stays_in_the_queue_while_the_ehr_is_down_and_is_delivered_once() -> None:
    delivery = Delivery()
    delivery.ehr.mode = "down"
    assert delivery.handle(1) == [{"itemIdentifier": "m0"}]
    assert delivery.queue.again == [("h0", 30)]
    delivery.ehr.mode = "up"
    assert delivery.handle(2) == []
    assert delivery.handle(3) == []
    assert len(delivery.ehr.posted) == 1


def test_a_notice_goes_to_the_referrer_and_to_nobody_else() -> None:
    delivery = Delivery()
    delivery.handle(1)
    assert {(tenant, ehr) for tenant, ehr, _ in delivery.ehr.posted} == {(TENANT, "lakeside-ehr")}


def test_a_message_of_an_earlier_ask_is_dropped() -> None:
    # Given a notice that was asked for again meanwhile
    delivery = Delivery()
    delivery.world.clock.move(timedelta(minutes=20))
    process_due(delivery.world.engine, TENANT, REFERRAL)
    # When the first message comes after all, then it is done with, and the second one delivers
    assert delivery.handle(1) == []
    assert delivery.ehr.posted == []
    assert delivery.handle(1, ask=2) == []
    assert len(delivery.ehr.posted) == 1


def test_an_ehr_whose_address_or_token_is_wrong_is_tried_until_the_time_is_up() -> None:
    # Given an EHR that answers 401, 403, 404 or 302: no word about the notice
    delivery = Delivery()
    delivery.ehr.mode = "misconfigured"
    assert delivery.handle(1) == [{"itemIdentifier": "m0"}]
    assert reason_of(delivery.world) is None
    delivery.world.clock.move(timedelta(hours=71))
    assert delivery.handle(9) == [{"itemIdentifier": "m0"}]
    # When nobody mended it within three days, then a person tells the referrer
    delivery.world.clock.move(timedelta(hours=1))
    assert delivery.handle(10) == []
    assert reason_of(delivery.world) is Reason.NOTICE_UNDELIVERED


def test_an_ehr_that_left_the_directory_is_tried_until_the_time_is_up() -> None:
    delivery = Delivery()
    nobody = MemoryDirectory(delivery.world.referrals, [])
    delivery.function = replace(delivery.function, directory=nobody)
    assert delivery.handle(1) == [{"itemIdentifier": "m0"}]
    assert reason_of(delivery.world) is None


def test_one_ehr_without_a_secret_fails_alone() -> None:
    # Given an EHR at which the first delivery fails in a way that nobody thought of
    delivery = Delivery()

    def fail() -> None:
        raise RuntimeError("no such secret")

    delivery.ehr.meanwhile = fail
    assert delivery.handle(1, 1) == [{"itemIdentifier": "m0"}]
    assert delivery.queue.again == [("h0", 30)]
    assert delivery.recorded() == 1


def test_a_pause_that_the_queue_does_not_take_fails_nothing() -> None:
    delivery = Delivery()
    delivery.ehr.mode = "down"

    def throttled(**_: Any) -> None:
        raise RuntimeError("throttled")

    delivery.queue.change_message_visibility = throttled  # type: ignore[method-assign]
    assert delivery.handle(1, 1) == [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]

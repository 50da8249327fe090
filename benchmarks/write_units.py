"""Counts what each event of a whole referral writes, in write units, over moto's DynamoDB.

The record in memory runs the lifecycle; every write of it is made on the table too, and counted
from the items that the table then holds. What memory makes smaller than it is on AWS (the task
token, the origin and the locks of intake, the evidence of a report) is as large here as there.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256, shake_256
from typing import Any, Final
from unittest.mock import patch

import boto3
from moto import mock_aws
from rich.table import Table as Grid

from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.dynamodb.write_units import Write, item_size, units_of
from referral_core.adapters.memory.metering import HASHED_KEYS
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.effects import Evidence, KeepEvidence
from referral_core.domain.events import Event
from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.mailbox import Mailbox
from referral_core.domain.money.cost_ledger import WRITE_UNITS
from referral_core.domain.new_referral import ExistingKey, Key, KeyKind, NewReferral
from referral_core.domain.referral import Origin
from referral_core.domain.routing.published import unpublished
from referral_core.domain.updates import OfferDeclined, ReportReceived
from referral_core.domain.writes import Commit
from referral_core.lifecycle.engine.apply_update import apply_update
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted, acknowledged, agreed, booked, notified, seen

_TABLE: Final = "referrals"
_TOKEN_BYTES: Final = 480
"""As base64, the 640 characters of a Step Functions task token."""
_SPECIALTY: Final = "207N00000X"
"""What the referral that goes well is for."""
_REPORT: Final = sha256(b"consult note").hexdigest()
_BETWEEN: Final = timedelta(minutes=47, microseconds=123_457)
"""What lies between two things that partners do; instants have microseconds, as on AWS."""
_CONTACT_HASH: Final = sha256(b"+15085550131").hexdigest()


@dataclass
class Counted:
    """One event and what its transaction cost.

    Attributes:
        units: counted from the items that the table then holds.
        sizes: bytes of each item written, by the first word of its sort key.
        stated: what the event on the table says of itself.
        in_memory: what the event in memory says.
    """

    event: str
    units: int
    sizes: Mapping[str, int]
    stated: int
    in_memory: int = 0


@dataclass
class CountingTable:
    """A table's client that counts its transactions."""

    client: Any
    counted: list[Counted] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        """Hand all other calls to the client."""
        return getattr(self.client, name)

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> Any:  # noqa: N803
        """Write the transaction; note its cost by the items before and after it."""
        at = [_key_of(request) for request in TransactItems]
        before = [self._read(key) for key in at]
        answer = self.client.transact_write_items(TransactItems=TransactItems)
        after = [self._read(key) for key in at]
        writes = [Write(*pair) for pair in zip(before, after, strict=True)]
        sizes = {
            item["sk"]["S"].partition("#")[0]: item_size(item) for item in after if item is not None
        }
        self.counted.append(Counted("", units_of(writes), sizes, _stated(after)))
        return answer

    def _read(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.client.get_item(TableName=_TABLE, Key=key).get(
            "Item"
        )
        return found


def _stated(written: Iterable[Mapping[str, Any] | None]) -> int:
    (item,) = (i for i in written if i and i["sk"]["S"].startswith(Sort.EVENT))
    return event_in(plain(item)).metered[WRITE_UNITS]


def _key_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    ((kind, asked),) = request.items()
    key: Mapping[str, Any] = asked["Item"] if kind == "Put" else asked["Key"]
    return {"pk": key["pk"], "sk": key["sk"]}


class MirroredReferrals(MemoryReferrals):
    """The record in memory, and the same on a table whose writes are counted."""

    def __init__(self) -> None:
        super().__init__()
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**create_table_request(_TABLE))
        self.counting = CountingTable(client)
        counted: Any = self.counting
        self.table = ReferralTable(counted, _TABLE, HASHED_KEYS)

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Accept on both, with the origin, the locks and the phone number that intake adds."""
        full = [
            new.but(
                referral=new.referral.but(origin=_ORIGIN), keys=_LOCKS, contact_hash=_CONTACT_HASH
            )
            for new in new_referrals
        ]
        taken = super().accept(full)
        self.table.accept(full)
        self._note(full[-1].event)
        return taken

    def commit(self, commit: Commit) -> None:
        """Commit on both; the table gets a task token as long as AWS's."""
        super().commit(commit)
        mailbox, before = self.on_aws(commit.mailbox), self.on_aws(commit.mailbox_before)
        self.table.commit(commit.but(mailbox=mailbox, mailbox_before=before))
        self._note(commit.change.event)

    def on_aws(self, mailbox: Mailbox | None) -> Mailbox | None:
        """Return a mailbox with a task token as long as those of AWS."""
        if mailbox is None or mailbox.wait is None or not mailbox.wait.token:
            return mailbox
        token = base64.b64encode(shake_256(mailbox.wait.token.encode()).digest(_TOKEN_BYTES))
        return mailbox.but(wait=mailbox.wait.but(token=token.decode()))

    def _note(self, event: Event) -> None:
        last = self.counting.counted[-1]
        last.event = event.kind.value
        last.in_memory = self.events(event.tenant, event.referral_id)[-1].metered[WRITE_UNITS]


_ORIGIN: Final = Origin(
    kind=ReferralKind.EXTERNAL_PROVIDER,
    practice="1999900107",
    clinician="1999900206",
    location="Location/lakeside-main-campus",
    language="es",
)
_LOCKS: Final = (
    Key(kind=KeyKind.PLACER, value="urn:oid:1.2.3|A-1", content_hash="0" * 64, owner="main-ehr"),
    Key(kind=KeyKind.CONTENT, value="0" * 64, content_hash="0" * 64, owner="main-ehr"),
)


Action = Callable[[World], None]


def _declined(world: World) -> None:
    world.report(OfferDeclined, offer=world.referral.offers[-1].number, reason="no-capacity")


def _report(world: World) -> None:
    """Send the report, with its evidence, as the API does."""
    update = world.update(ReportReceived, sha256=_REPORT, loinc="11488-4")
    evidence = Evidence(
        sha256=_REPORT,
        kind="report",
        source="clinic-1",
        received_at=world.clock.now(),
        content_type="application/pdf",
        size=48_000,
    )
    apply_update(world.engine, TENANT, REFERRAL, update, effects=(KeepEvidence(evidence=evidence),))
    world.settle()


_AFTER_THE_VISIT: Final[tuple[Action, ...]] = (seen, _report, notified, acknowledged)
GOES_WELL: Final[tuple[Action, ...]] = (accepted, agreed, booked, *_AFTER_THE_VISIT)
GOES_ON_AND_ON: Final[tuple[Action, ...]] = (
    *(_declined, accepted),
    *(World.wait, World.wait, World.wait, agreed, booked),
    *(World.wait, World.wait, *_AFTER_THE_VISIT),
)
"""A clinic declines, the patient replies to the fifth attempt, and is reminded twice."""


def counted_of(
    actions: Sequence[Action], mirror: Callable[[], MirroredReferrals] = MirroredReferrals
) -> list[Counted]:
    """Run a referral to its end; return what each of its events cost."""
    with _aws():
        record = mirror()
        world = World(referrals=record)
        world.clock.move(_BETWEEN)
        _publish_market(world, record)
        world.accept("happy-path")
        world.settle()
        for action in actions:
            world.clock.move(_BETWEEN)
            action(world)
        written = record.table.load(TENANT, REFERRAL).referral
        if written != world.referral or not written.is_closed:
            raise AssertionError("the table does not hold what the lifecycle wrote")
        return record.counting.counted


def _publish_market(world: World, record: MemoryReferrals) -> None:
    """Publish the market: only the first referral of a specialty puts it up for publishing."""
    listed = world.directory.practitioners(TENANT, _SPECIALTY)
    market = unpublished(_SPECIALTY, listed, world.clock.now()).but(version="published")
    record.markets[TENANT, _SPECIALTY] = market


@contextmanager
def _aws() -> Iterator[None]:
    test_credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    logging.disable(logging.INFO)
    try:
        with patch.dict(os.environ, test_credentials), mock_aws():
            yield
    finally:
        logging.disable(logging.NOTSET)


def mean(counted: Sequence[Counted]) -> float:
    """Return the mean of the write units of an event."""
    return sum(one.units for one in counted) / len(counted)


def grid() -> Grid:
    """Return the cost of each event of a referral that goes well, and their mean."""
    counted, longer = counted_of(GOES_WELL), counted_of(GOES_ON_AND_ON)
    shown = Grid(title="DynamoDB write units of a referral that goes well", title_justify="left")
    shown.add_column("event")
    shown.add_column("units", justify="right")
    shown.add_column("bytes of its items")
    for one in counted:
        sizes = ", ".join(f"{name} {size}" for name, size in one.sizes.items())
        shown.add_row(one.event, str(one.units), sizes)
    shown.add_section()
    shown.add_row("mean (before the next house: 16.4 to 18.5)", f"{mean(counted):.2f}", "")
    shown.add_row(f"mean of one with {len(longer)} events", f"{mean(longer):.2f}", "")
    return shown

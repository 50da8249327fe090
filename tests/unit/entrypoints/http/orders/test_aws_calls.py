"""What a request costs in calls of AWS: a warm post is one document and one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from referral_core.adapters.aws.dynamodb.directory import DynamoDbDirectory
from referral_core.adapters.aws.dynamodb.directory_store import DirectoryTable
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.adapters.aws.dynamodb.schema import create_table_request
from referral_core.adapters.aws.dynamodb.unmatched import UnmatchedTable
from referral_core.adapters.aws.dynamodb.work_lists import WorkLists
from referral_core.adapters.aws.s3 import S3Documents
from referral_core.adapters.clock import ManualClock
from referral_core.adapters.memory.audit import MemoryAuditTrail
from referral_core.entrypoints.http.audit.events import ReadAudit
from referral_core.entrypoints.http.audit.trace import Audit
from referral_core.entrypoints.http.directory.reads import ShowDirectory
from referral_core.entrypoints.http.directory.slot_search import ShowSlots
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.orders.binaries import ReadBinaries
from referral_core.entrypoints.http.orders.changes import ReceiveOrderUpdate
from referral_core.entrypoints.http.orders.intake import ReceiveReferral
from referral_core.entrypoints.http.orders.reads import ReadRecords
from referral_core.entrypoints.http.orders.timeline import ShowTimeline
from referral_core.entrypoints.http.routes import intake_app, read_app
from referral_core.entrypoints.http.staff.documents import ShowDocuments
from referral_core.entrypoints.http.staff.list_values import CountListValues
from referral_core.entrypoints.http.staff.lookups import ShowReferrals
from referral_core.entrypoints.http.staff.unmatched import ListUnmatched
from referral_core.entrypoints.http.staff.worklist import ListWorkItems
from referral_core.lifecycle.case import Sources
from referral_core.pathways import pathway, pathway_for
from tests.adapters.secret_keys import HASHED_KEYS
from tests.unit.builders import NOW
from tests.unit.entrypoints.http.events import an_event
from tests.unit.fhir.orders import PLACER, Json, a_bundle, an_order, bundled_order

WARM = ["PutObject", "TransactWriteItems"]


def no_engine() -> Any:
    raise AssertionError("a new order needs no engine")


class Aws:
    """Intake and reads over a table and a bucket; `calls` are the operations since `forget`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        dynamodb = boto3.client("dynamodb", "us-east-1")
        s3 = boto3.client("s3", "us-east-1")
        dynamodb.create_table(**create_table_request("referrals"))
        s3.create_bucket(Bucket="documents")
        for client in (dynamodb, s3):
            client.meta.events.register("before-call", self._count)
        table, documents = (
            ReferralTable(dynamodb, "referrals", HASHED_KEYS),
            S3Documents(s3, "documents"),
        )
        self.clock = ManualClock(NOW)
        orders = ReceiveOrderUpdate(table, documents, no_engine, self.clock)
        intake = ReceiveReferral(table, documents, self.clock, lambda: orders, pathway_for)
        directory = DynamoDbDirectory(dynamodb, "referrals", HASHED_KEYS)
        self._intake = intake_app(intake)
        reads = ReadRecords(
            table, table, self.clock, "https://auth.example.org/token", lambda: documents
        )
        items = UnmatchedTable(dynamodb, "referrals")
        unmatched = ListUnmatched(items, lambda: documents, self.clock)
        lists = WorkLists(dynamodb, "referrals", HASHED_KEYS)
        worklist = ListWorkItems(table, lists, self.clock, directory.people, items.count)
        staff = ShowReferrals(table, lists, directory, self.clock)
        sources = Sources(table, directory, pathway)
        timelines = ShowTimeline(table, lambda: sources, self.clock)
        trail = MemoryAuditTrail()
        opened = ShowDocuments(table, table, lambda: documents)
        self._reads = read_app(
            reads,
            worklist,
            unmatched,
            staff,
            timelines=timelines,
            documents=opened,
            binaries=ReadBinaries(table, table, lambda: documents),
            values=CountListValues(lists, self.clock),
            audits=ReadAudit(table, trail, self.clock),
            directory=ShowDirectory(directory, DirectoryTable(dynamodb, "referrals"), self.clock),
            slots=ShowSlots(directory, self.clock),
        ).audited(Audit(lambda: trail, self.clock))

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append(str(model.name))

    def post(self, path: str, body: Json) -> Json:
        return self._answer(self._intake, "POST", path, body)

    def get(self, path: str) -> Json:
        return self._answer(self._reads, "GET", path, None)

    def _answer(self, app: HttpEndpoint, method: str, path: str, body: Json | None) -> Json:
        self.calls.clear()
        answer = app.resolve(an_event(method, path, body), None)
        assert answer["statusCode"] < 300, answer["body"]
        found: Json = json.loads(answer["body"])
        return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        warm = Aws()
        warm.post("/fhir/ServiceRequest", numbered("A-0"))
        yield warm


def numbered(number: str) -> Json:
    return an_order(identifier=[{**PLACER, "value": number}])


def three_orders() -> Json:
    return a_bundle(
        *(
            resource
            for number in range(3)
            for resource in bundled_order(
                id=f"o{number}", identifier=[{**PLACER, "value": f"B-{number}"}]
            )[: 3 if number == 0 else 1]
        )
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [("/fhir/ServiceRequest", lambda: numbered("A-1")), ("/fhir", three_orders)],
    ids=["one order", "three orders"],
)
def test_a_warm_post_is_one_document_and_one_transaction(
    aws: Aws, path: str, body: Callable[[], Json]
) -> None:
    aws.post(path, body())
    assert aws.calls == WARM


def test_the_answer_is_what_a_read_returns(aws: Aws) -> None:
    answered = aws.post("/fhir/ServiceRequest", numbered("A-1"))
    assert aws.get(f"/fhir/ServiceRequest/{answered['id']}") == answered


def test_a_repeat_is_answered_from_what_is_stored(aws: Aws) -> None:
    first = aws.post("/fhir/ServiceRequest", numbered("A-1"))
    again = aws.post("/fhir/ServiceRequest", numbered("A-1"))
    assert again == first
    assert set(aws.calls) > set(WARM)

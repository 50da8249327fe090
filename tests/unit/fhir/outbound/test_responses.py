from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from referral_core.domain.lifecycle import Outcome
from referral_core.domain.referral import Appointment, Notice, NoticeTopic, Report
from referral_core.fhir.intake.orders import read_update
from referral_core.fhir.outbound.bundle_responses import EntryAnswer, transaction_response
from referral_core.fhir.outbound.capability import capability_statement
from referral_core.fhir.outbound.responses import (
    appointment,
    message_response,
    notice_communication,
    searchset,
    service_request_as_stored,
)
from tests.unit.builders import NOW, a_referral
from tests.unit.fhir.orders import FHIR_JSON, PLACER, Json, a_bundle, an_order, bundled_order, sent
from tests.unit.fhir.partners import an_offered_referral

BASE = "https://api.example.org/fhir"
OURS = {"system": "https://referral-router.org/fhir/referral", "value": "r1"}


def test_the_stored_order_is_the_ehrs_with_our_id_version_and_identifier() -> None:
    order = an_order(id="ehr-7", meta={"profile": ["p"], "versionId": "99"}, foo="kept")
    stored = service_request_as_stored(a_referral(), order)
    assert stored["id"] == "r1"
    assert stored["meta"] == {
        "profile": ["p"],
        "versionId": "1",
        "lastUpdated": "2026-03-02T15:00:00.000Z",
    }
    assert stored["identifier"] == [PLACER, OURS]
    rest = {"id", "meta", "identifier"}
    assert {k: v for k, v in stored.items() if k not in rest} == {
        k: v for k, v in order.items() if k not in rest
    }


def test_the_stored_order_can_be_put_back_and_stored_again() -> None:
    stored = service_request_as_stored(a_referral(), an_order())
    again = read_update(sent(stored), FHIR_JSON, "r1", NOW)
    assert service_request_as_stored(a_referral(), again.service_request) == stored


def test_the_version_of_the_stored_order_counts_what_its_author_sent() -> None:
    later = NOW + timedelta(days=1)
    referral = a_referral(payload_version=2, version=9, revised_at=later)
    assert service_request_as_stored(referral, an_order())["meta"] == {
        "versionId": "2",
        "lastUpdated": "2026-03-03T15:00:00.000Z",
    }


def a_notice(outcome: Outcome = Outcome.COMPLETED_REPORT_ACKNOWLEDGED) -> Notice:
    return Notice(number=1, outcome=outcome, queued_at=NOW)


def test_a_notice_says_how_it_ended_and_where_to_read_more() -> None:
    report = Report(sha256="ab", loinc="11488-4", received_at=NOW, sufficient=True)
    referral = a_referral(reports=(report,), placer_identifier="https://ehr.example.org/orders|A-1")
    notice = notice_communication(referral, a_notice(), BASE)
    assert notice["id"] == "r1.n1"
    assert notice["reasonCode"][0]["coding"][0]["code"] == "completed-report-acknowledged"
    assert notice["basedOn"][0]["reference"] == f"{BASE}/ServiceRequest/r1"
    assert notice["basedOn"][1]["identifier"] == {
        "system": "https://ehr.example.org/orders",
        "value": "A-1",
    }
    assert notice["payload"][1]["contentReference"]["reference"] == f"{BASE}/Task/r1.a"
    assert notice["payload"][2]["contentReference"]["identifier"]["value"] == "ab"


@pytest.mark.parametrize("topic", list(NoticeTopic))
def test_a_notice_says_what_it_is_about_and_names_nobody(topic: NoticeTopic) -> None:
    closing = topic is NoticeTopic.CLOSURE
    outcome = Outcome.COMPLETED_REPORT_ACKNOWLEDGED if closing else None
    notice = Notice(number=2, topic=topic, outcome=outcome, queued_at=NOW)
    report = Report(sha256="ab", loinc="11488-4", received_at=NOW, sufficient=True, critical=True)
    referral = a_referral(reports=(report,), missing=("patient.phone",))
    made = notice_communication(referral, notice, BASE)
    assert made["category"][1]["coding"][0]["code"] == topic
    assert made["id"] == "r1.n2"
    says = made["payload"][0]["contentString"]
    assert says.endswith(".")
    assert ("acknowledge" in says) is closing
    assert ("patient.phone" in says) is (topic is NoticeTopic.INFORMATION_NEEDED)
    # What is to be read now is named: the report of a critical result, and the one that closes.
    names_report = any(
        "identifier" in p.get("contentReference", {})
        and p["contentReference"].get("type") == "Binary"
        for p in made["payload"]
    )
    assert names_report is (topic in {NoticeTopic.CLOSURE, NoticeTopic.CRITICAL_RESULT})
    assert made["priority"] == ("asap" if topic is NoticeTopic.CRITICAL_RESULT else "routine")


def test_a_notice_without_a_base_url_speaks_by_identifiers() -> None:
    notice = notice_communication(a_referral(), a_notice(Outcome.PATIENT_DECLINED))
    assert notice["basedOn"] == [{"type": "ServiceRequest", "identifier": OURS}]
    assert len(notice["payload"]) == 2


def test_the_answer_to_a_transaction_has_a_place_for_every_entry() -> None:
    created = EntryAnswer("ServiceRequest/r1/_history/1", 'W/"1"', created=True)
    answer = transaction_response([None, created], NOW)
    assert answer["type"] == "transaction-response"
    assert [e["response"]["status"] for e in answer["entry"]] == ["204", "201"]
    assert answer["entry"][1]["response"]["location"] == "ServiceRequest/r1/_history/1"
    assert answer["entry"][1]["response"]["etag"] == 'W/"1"'


HEADER: Json = {
    "resourceType": "MessageHeader",
    "id": "m1",
    "eventUri": "urn:referral",
    "source": {"endpoint": "https://ehr.example.org"},
}


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_message_is_answered_with_a_message_that_names_it(*, wrapped: bool) -> None:
    message = a_bundle(HEADER, *bundled_order(), kind="message")
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": message}]}
    body = sent(parameters if wrapped else message)
    answer = message_response(body, ["ServiceRequest/r1/_history/1"], NOW)
    header = answer["entry"][0]["resource"]
    assert header["response"] == {"identifier": "m1", "code": "ok"}
    assert header["eventUri"] == "urn:referral"
    assert header["destination"] == [{"endpoint": "https://ehr.example.org"}]
    assert header["focus"] == [{"reference": "ServiceRequest/r1"}]
    assert answer == message_response(body, ["ServiceRequest/r1/_history/1"], NOW)


def test_a_page_links_to_itself_and_to_the_next() -> None:
    stored = service_request_as_stored(a_referral(), an_order())
    page = searchset([stored], BASE, self_url=f"{BASE}/ServiceRequest", next_url="n", total=7)
    assert page["link"] == [
        {"relation": "self", "url": f"{BASE}/ServiceRequest"},
        {"relation": "next", "url": "n"},
    ]
    assert page["total"] == 7
    assert page["entry"][0]["fullUrl"] == f"{BASE}/ServiceRequest/r1"


def test_the_last_page_has_no_next_link_and_an_empty_one_no_entries() -> None:
    page = searchset([], BASE, self_url="s")
    assert [link["relation"] for link in page["link"]] == ["self"]
    assert "entry" not in page
    assert "total" not in page


def test_a_visit_is_an_appointment_with_both_ends() -> None:
    visit = Appointment(number=1, start=NOW)
    made = appointment(an_offered_referral(), visit, NOW + timedelta(minutes=30), an_order())
    assert (made["id"], made["status"]) == ("r1.v1", "booked")
    assert made["end"] == "2026-03-02T15:30:00.000Z"
    assert made["participant"][0]["actor"]["identifier"]["value"] == "1999900032"


class Route(NamedTuple):
    """A route, as the statement needs it."""

    method: str
    path: str
    does: str = "Does it."


def test_the_capability_statement_says_what_the_routes_do() -> None:
    # Given routes of every shape, one of them outside FHIR
    routes = (
        Route("POST", "/fhir/ServiceRequest", "Send one referral."),
        Route("PUT", "/fhir/ServiceRequest/{id}"),
        Route("GET", "/fhir/ServiceRequest/{id}"),
        Route("GET", "/fhir/Task/{id}"),
        Route("GET", "/fhir/Task"),
        Route("POST", "/fhir/ServiceRequest/{id}/$reopen", "It goes on."),
        Route("POST", "/fhir/DocumentReference"),
        Route("POST", "/fhir"),
        Route("POST", "/fhir/$process-message"),
        Route("GET", "/fhir/metadata"),
        Route("GET", "/work-items"),
    )
    # When the statement is made of them
    at, token_url = datetime(2026, 3, 1, tzinfo=UTC), "https://auth.example.org/oauth2/token"
    (rest,) = capability_statement(BASE, "0.1.0", at, token_url, routes)["rest"]
    # Then it says of each resource what may be done, and nothing else
    kinds = {r["type"]: {i["code"] for i in r["interaction"]} for r in rest["resource"]}
    assert kinds == {
        "ServiceRequest": {"create", "update", "read"},
        "Task": {"read", "search-type"},
        "DocumentReference": {"create"},
    }
    order = rest["resource"][0]
    assert order["interaction"][0]["documentation"] == "Send one referral."
    (reopen,) = order["operation"]
    assert (reopen["name"], reopen["documentation"]) == ("reopen", "POST: It goes on.")
    assert [i["code"] for i in rest["interaction"]] == ["transaction", "batch"]
    assert [o["name"] for o in rest["operation"]] == ["process-message"]

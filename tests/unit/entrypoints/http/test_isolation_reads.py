"""Who reads what: every read of the API, by everybody, whatever their relation to the referral.

`mine` is the referral by which the parties are named; see `parties.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from referral_core.domain.ids import Tenant
from referral_core.fhir.ids import binary_id
from tests.in_memory import REFERRAL
from tests.unit.entrypoints.http.api_client import Reply
from tests.unit.entrypoints.http.directory_writes import ENTRY, PUBLISHED, with_slots
from tests.unit.entrypoints.http.known_routes import app_routes, gateway_routes
from tests.unit.entrypoints.http.parties import (
    ABROAD,
    AWAY,
    AWAY_PARTNERS,
    LETTER,
    NO_PARTNERS,
    NOWHERE,
    OTHERS,
    Parties,
    Party,
    Request,
    with_work_item,
)
from tests.unit.entrypoints.http.unmatched_items import an_item
from tests.unit.fhir.orders import PLACER

MINE: Final = REFERRAL
_A_1: Final = urlencode({"identifier": f"{PLACER['system']}|A-1"})
_B_1: Final = urlencode({"identifier": f"{PLACER['system']}|B-1"})

# --- one record ----------------------------------------------------------------------------------


class OneRecord(NamedTuple):
    """A read of one record: who is answered how, and everybody else."""

    route: str
    url: str
    answers: Mapping[int, AbstractSet[Party]]
    others: int


RECORDS: Final = (
    OneRecord("GET /fhir/metadata", "/fhir/metadata", {}, 200),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}",
        f"/fhir/ServiceRequest/{MINE}",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}/_history",
        f"/fhir/ServiceRequest/{MINE}/_history",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}/_history/{version}",
        f"/fhir/ServiceRequest/{MINE}/_history/1",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}",
        f"/fhir/ServiceRequest/{ABROAD}",
        {
            200: {Party.AWAY_EHR, Party.AWAY_STAFF},
            404: {Party.OWN_EHR, Party.OTHER_EHR, Party.STAFF},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}/$timeline",
        f"/fhir/ServiceRequest/{MINE}/$timeline",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            404: {Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}/$available-actions",
        f"/fhir/ServiceRequest/{MINE}/$available-actions",
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
        403,
    ),
    OneRecord(
        "GET /fhir/ServiceRequest/{id}/$route-explain",
        f"/fhir/ServiceRequest/{MINE}/$route-explain",
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
        403,
    ),
    OneRecord(
        "GET /fhir/Task/{id}",
        f"/fhir/Task/{MINE}.a",
        {
            200: {Party.OWN_EHR, Party.STAFF},
            403: {Party.IN_HAND, Party.DECLINED, *NO_PARTNERS},
        },
        404,
    ),
    OneRecord(
        "GET /fhir/Task/{id}",
        f"/fhir/Task/{MINE}.b2",
        {200: {Party.OWN_EHR, Party.STAFF, Party.IN_HAND}, 403: NO_PARTNERS},
        404,
    ),
    OneRecord(
        "GET /fhir/Task/{id}",
        f"/fhir/Task/{MINE}.b1",
        {200: {Party.OWN_EHR, Party.STAFF, Party.DECLINED}, 403: NO_PARTNERS},
        404,
    ),
    OneRecord("GET /fhir/Task/{id}", f"/fhir/Task/{MINE}.b9", {403: NO_PARTNERS}, 404),
    OneRecord(
        "GET /fhir/Binary/{id}",
        f"/fhir/Binary/{binary_id(MINE, sha256(LETTER).hexdigest())}",
        {200: {Party.OWN_EHR, Party.STAFF, Party.IN_HAND}, 403: NO_PARTNERS},
        404,
    ),
    OneRecord(
        "GET /unmatched/{id}/document",
        "/unmatched/of-mine/document",
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
        403,
    ),
    OneRecord(
        "GET /unmatched/{id}/document",
        "/unmatched/of-abroad/document",
        {200: {Party.AWAY_STAFF}, 404: {Party.STAFF}},
        403,
    ),
    OneRecord(
        "GET /referrals/{id}",
        f"/referrals/{MINE}",
        {200: {Party.STAFF}, 404: {Party.AWAY_STAFF}},
        403,
    ),
    OneRecord(
        "GET /referrals/{id}",
        f"/referrals/{ABROAD}",
        {200: {Party.AWAY_STAFF}, 404: {Party.STAFF}},
        403,
    ),
    *(
        OneRecord(
            "GET /referrals/{id}/documents",
            f"/referrals/{referral}/documents",
            {200: {ours}, 404: {theirs}},
            403,
        )
        for referral, ours, theirs in (
            (MINE, Party.STAFF, Party.AWAY_STAFF),
            (ABROAD, Party.AWAY_STAFF, Party.STAFF),
        )
    ),
    OneRecord(
        "GET /referrals/{id}/documents/{version}",
        f"/referrals/{MINE}/documents/{'0' * 64}",
        {404: {Party.STAFF, Party.AWAY_STAFF}},
        403,
    ),
    OneRecord("GET /openapi.json", "/openapi.json", {}, 200),
    OneRecord(
        "GET /directory/{id}",
        "/directory/1999902100",
        {
            200: {Party.DECLINED, Party.STAFF, Party.AWAY_STAFF},
            404: {Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC},
        },
        403,
    ),
    OneRecord(
        "GET /directory/to-verify",
        "/directory/to-verify",
        {200: {Party.STAFF, Party.AWAY_STAFF}},
        403,
    ),
    OneRecord(
        "GET /fhir/Schedule/{id}",
        f"/fhir/Schedule/{ENTRY}",
        {
            200: {Party.DECLINED, Party.STAFF, Party.AWAY_STAFF},
            404: {Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC},
        },
        403,
    ),
    OneRecord(
        "GET /fhir/Slot/{id}",
        f"/fhir/Slot/{PUBLISHED}",
        {
            200: {Party.DECLINED, Party.STAFF},
            404: {Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC, Party.AWAY_STAFF},
        },
        403,
    ),
    OneRecord("GET /me", "/me", {200: {Party.STAFF, Party.AWAY_STAFF}}, 403),
    OneRecord("GET /filters", "/filters", {200: {Party.STAFF, Party.AWAY_STAFF}}, 403),
    # Without the scope of operators nobody gets in: test_operations.py says who does with it.
    *(
        OneRecord(f"GET /operations/{path}", f"/operations/{path.format(id=MINE)}", {}, 403)
        for path in (
            "referrals/{id}/executions",
            "overdue",
            "pauses",
            "board",
            "executions",
            "partners",
        )
    ),
    OneRecord("GET /people", "/people", {200: {Party.STAFF, Party.AWAY_STAFF}}, 403),
    *(
        OneRecord(f"GET {path}", path, {200: {Party.STAFF, Party.AWAY_STAFF}}, 403)
        for path in ("/work-items/counts", "/work-items/values")
    ),
    OneRecord(
        "GET /fhir/Task/{id}",
        f"/fhir/Task/{ABROAD}.b2",
        {200: {Party.AWAY_EHR, Party.AWAY_STAFF, Party.AWAY_CLINIC}, 403: NO_PARTNERS},
        404,
    ),
)

# --- lists ---------------------------------------------------------------------------------------


class List(NamedTuple):
    """A search: which records each party finds; `others` is the status of everybody else."""

    route: str
    url: str
    finds: Mapping[Party, AbstractSet[str]]
    others: int


def _nothing(*parties: Party) -> dict[Party, AbstractSet[str]]:
    return dict.fromkeys(parties, frozenset())


_ALL_OF_MINE: Final = frozenset({f"{MINE}.a", f"{MINE}.b1", f"{MINE}.b2"})
_EVERY_LIST: Final = MappingProxyType(
    {
        Party.OWN_EHR: {f"{MINE}.a"},
        Party.OTHER_EHR: {f"{OTHERS}.a"},
        Party.STAFF: {f"{MINE}.a", f"{OTHERS}.a"},
        Party.IN_HAND: {f"{MINE}.b2"},
        # A clinic's list holds what is with it now; it was asked about `others` too.
        Party.DECLINED: {f"{OTHERS}.b1"},
        Party.NEVER_ASKED: set(),
        Party.AWAY_EHR: {f"{ABROAD}.a"},
        Party.AWAY_STAFF: {f"{ABROAD}.a"},
        Party.AWAY_CLINIC: {f"{ABROAD}.b2"},
    }
)
LISTS: Final = (
    List("GET /fhir/Task", "/fhir/Task", _EVERY_LIST, 403),
    List("GET /fhir/Task", "/fhir/Task?_count=1", _EVERY_LIST, 403),
    List(
        "GET /fhir/Task",
        f"/fhir/Task?focus=ServiceRequest/{MINE}",
        {
            Party.OWN_EHR: _ALL_OF_MINE,
            Party.STAFF: _ALL_OF_MINE,
            Party.IN_HAND: {f"{MINE}.b2"},
            Party.DECLINED: {f"{MINE}.b1"},
            **_nothing(Party.OTHER_EHR, Party.NEVER_ASKED, *AWAY_PARTNERS),
        },
        403,
    ),
    List(
        "GET /fhir/ServiceRequest",
        f"/fhir/ServiceRequest?{_A_1}",
        {
            Party.OWN_EHR: {MINE},
            Party.STAFF: {MINE},
            Party.AWAY_EHR: {ABROAD},
            Party.AWAY_STAFF: {ABROAD},
            **_nothing(Party.OTHER_EHR),
        },
        403,
    ),
    List(
        "GET /fhir/ServiceRequest",
        f"/fhir/ServiceRequest?{_B_1}",
        {
            Party.OTHER_EHR: {OTHERS},
            Party.STAFF: {OTHERS},
            **_nothing(Party.OWN_EHR, Party.AWAY_EHR, Party.AWAY_STAFF),
        },
        403,
    ),
    List(
        "GET /fhir/ServiceRequest",
        f"/fhir/ServiceRequest?_id={MINE}",
        {
            Party.OWN_EHR: {MINE},
            Party.STAFF: {MINE},
            **_nothing(Party.OTHER_EHR, Party.AWAY_EHR, Party.AWAY_STAFF),
        },
        403,
    ),
    List(
        # Reviewers and privacy officers only: test_audit.py says who that is.
        "GET /fhir/AuditEvent",
        f"/fhir/AuditEvent?entity=ServiceRequest/{MINE}",
        {},
        403,
    ),
    List(
        "GET /fhir/Slot",
        f"/fhir/Slot?schedule={ENTRY}",
        {
            Party.DECLINED: {PUBLISHED},
            Party.STAFF: {PUBLISHED},
            **_nothing(Party.IN_HAND, Party.NEVER_ASKED, Party.AWAY_CLINIC, Party.AWAY_STAFF),
        },
        403,
    ),
    List(
        "GET /unmatched",
        "/unmatched",
        {Party.STAFF: {"of-mine"}, Party.AWAY_STAFF: {"of-abroad"}},
        403,
    ),
    List(
        "GET /work-items",
        "/work-items",
        {Party.STAFF: {MINE}, **_nothing(Party.AWAY_STAFF)},
        403,
    ),
    List(
        "GET /work-items",
        "/work-items?list=waiting",
        {Party.STAFF: {OTHERS}, Party.AWAY_STAFF: {ABROAD}},
        403,
    ),
)
ROWS: Final = (*RECORDS, *LISTS)
PUBLIC: Final = frozenset({"/fhir/metadata", "/openapi.json"})


@cache
def everybody() -> Parties:
    """A referral in the second clinic's hands; reads change nothing, so all tests read this one."""
    parties = with_slots()
    for item in (an_item("of-mine"), an_item("of-abroad", tenant=Tenant("riverside"))):
        sha256 = parties.api.world.documents.put(item.tenant, b"{}", "application/json")
        assert item.evidence is not None
        parties.api.unmatched.keep(item.but(evidence=item.evidence.but(sha256=sha256)))
    return parties


@cache
def everybody_at_a_work_item() -> Parties:
    """The same, once staff must look."""
    return with_work_item()


def read(row: OneRecord | List, party: Party | None, **how: str) -> Reply:
    parties = everybody_at_a_work_item() if "work-items" in row.url else everybody()
    return parties.call(Request("GET", row.url), party, **how)


def of_row(row: OneRecord | List) -> str:
    return row.url.replace(MINE, "mine").replace(ABROAD, "abroad")


def found_by(row: List, party: Party) -> AbstractSet[str] | int:
    """Return the ids of all pages, or the status of a refusal."""
    reply, found = read(row, party), set[str]()
    while reply.status == 200:
        for own_list in ("workItems", "unmatched"):
            if own_list in reply.body:
                return {item["id"] for item in reply.body[own_list]}
        found |= {entry["resource"]["id"] for entry in reply.body.get("entry", [])}
        following = [link["url"] for link in reply.body["link"] if link["relation"] == "next"]
        if not following:
            return found
        parts = urlsplit(following[0])
        reply = everybody().call(Request("GET", f"{parts.path}?{parts.query}"), party)
    return reply.status


# --- the tests -----------------------------------------------------------------------------------


def test_every_route_that_reads_is_in_the_table() -> None:
    routes = gateway_routes() | app_routes(everybody().api)
    # Figures are read of the lake: test_report_routes.py says by whom.
    records = {r for r in routes if r.startswith("GET ") and not r.startswith("GET /reports")}
    assert records == {row.route for row in ROWS}


@pytest.mark.parametrize("row", RECORDS, ids=of_row)
def test_a_record_is_read_by_whom_it_concerns(row: OneRecord) -> None:
    replies = {party: read(row, party).status for party in Party}
    known = {party: status for status, parties in row.answers.items() for party in parties}
    assert replies == {party: known.get(party, row.others) for party in Party}


@pytest.mark.parametrize("row", LISTS, ids=of_row)
def test_a_list_holds_what_concerns_the_caller(row: List) -> None:
    replies = {party: found_by(row, party) for party in Party}
    assert replies == {party: row.finds.get(party, row.others) for party in Party}


@pytest.mark.parametrize("row", ROWS, ids=of_row)
def test_a_refusal_names_nobody_and_nothing_of_the_referral(row: OneRecord | List) -> None:
    for party in Party:
        reply = read(row, party)
        if reply.status != 200:
            text = json.dumps(reply.body)
            for word in ("Whitlock", "Marjorie", "lakeside-ehr", "clinic-2", MINE, ABROAD):
                assert word not in text


@pytest.mark.parametrize("scope", ["", "referrals/write", "referrals/reading"])
@pytest.mark.parametrize("row", ROWS, ids=of_row)
def test_without_the_scope_nobody_reads(row: OneRecord | List, scope: str) -> None:
    wanted = 200 if row.url in PUBLIC else 403
    assert {read(row, party, scope=scope).status for party in Party} == {wanted}


@pytest.mark.parametrize("row", ROWS, ids=of_row)
def test_a_client_that_nobody_onboarded_reads_nothing(row: OneRecord | List) -> None:
    wanted = 200 if row.url in PUBLIC else 401
    assert read(row, None, client="nobody").status == wanted


@pytest.mark.parametrize(
    ("url", "status"), [("/fhir/Patient/1", 404), ("/fhir/Observation", 404), ("/fhir", 405)]
)
def test_a_path_that_the_api_does_not_have_is_answered_alike(url: str, status: int) -> None:
    request = Request("GET", url)
    assert {everybody().call(request, party).status for party in Party} == {status}


@pytest.mark.parametrize("row", [r for r in RECORDS if MINE in r.url], ids=of_row)
def test_the_other_tenant_cannot_tell_a_referral_from_none(row: OneRecord) -> None:
    for party in AWAY:
        none = everybody().call(Request("GET", row.url.replace(MINE, NOWHERE)), party)
        there = read(row, party)
        assert (there.status, there.body) == (none.status, none.body)


def test_a_clinic_cannot_page_into_the_lists_of_others() -> None:
    for page, status in (
        (f"front-office~{MINE}", 200),
        ("closed~", 200),
        (f"own~{OTHERS}", 200),
        ("care-coordination~", 400),
    ):
        url = f"/fhir/Task?{urlencode({'_page': page, 'owner': 'clinic-2'})}"
        reply = everybody().call(Request("GET", url), Party.NEVER_ASKED)
        assert reply.status == status
        assert "entry" not in reply.body


def test_a_clinics_task_says_nothing_of_the_other_clinic() -> None:
    reply = everybody().call(Request("GET", f"/fhir/Task/{MINE}.b2"), Party.IN_HAND)
    assert f"{MINE}.b1" not in json.dumps(reply.body)

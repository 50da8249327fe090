"""Who writes what: every write of the API, by everybody, whatever their relation to the referral.

The table is in `write_table.py`; `mine` is the referral by which the parties are named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

import pytest

from referral_core.domain.access.scopes import READ
from referral_core.domain.lifecycle import Outcome
from referral_core.entrypoints.http.route import MANAGE_PEOPLE, RUN_OPERATIONS
from referral_core.entrypoints.http.route_table import ROUTES
from tests.in_memory import REFERRAL, TENANT
from tests.unit.entrypoints.http.known_routes import app_routes, gateway_routes
from tests.unit.entrypoints.http.parties import (
    ABROAD,
    AWAY,
    EHRS,
    NOWHERE,
    Parties,
    Party,
    Request,
    Snapshot,
    Stored,
    offered,
    the_order,
)
from tests.unit.entrypoints.http.write_row import Write
from tests.unit.entrypoints.http.write_table import WRITES
from tests.unit.fhir.orders import PLACER

MINE = (TENANT, REFERRAL)
NUMBER = {"system": PLACER["system"], "value": "A-1"}
CONDITION = f"identifier={PLACER['system']}|A-1"


def of_row(row: Write) -> str:
    return f"{row.route}: {row.case}"


def is_through(status: int) -> bool:
    return status < HTTPStatus.BAD_REQUEST


def touched(parties: Parties, before: Mapping[Stored, Snapshot]) -> set[Stored]:
    after = parties.stored()
    return {key for key in after if after[key] != before.get(key)}


def test_every_route_that_writes_is_in_the_table() -> None:
    routes = gateway_routes() | app_routes(offered().api)
    # A search may be posted: what it looks for is no part of an address. It writes nothing.
    reads = {route.key for route in ROUTES if route.scope == READ}
    # Nor does what managers do with people, and operators with what is held back, touch a
    # referral: test_managing_people.py and test_operations.py say by whom.
    beside = {MANAGE_PEOPLE, RUN_OPERATIONS}
    reads |= {route.key for route in ROUTES if route.function in beside}
    written = {r for r in routes - reads if not r.startswith("GET ")}
    assert written == {row.route for row in WRITES}


@pytest.mark.parametrize("row", WRITES, ids=of_row)
def test_who_is_refused_is_told_so_and_changes_nothing(row: Write) -> None:
    parties = row.stage()
    before = parties.stored()
    refused = [party for party in Party if not is_through(row.wanted(party))]
    replies = {party: parties.call(row.request, party) for party in refused}
    assert {party: r.status for party, r in replies.items()} == {p: row.wanted(p) for p in refused}
    assert parties.stored() == before
    # Nor does the refusal name anybody or say anything of the patient.
    text = json.dumps([reply.body for reply in replies.values()])
    for word in ("Whitlock", "Marjorie", "lakeside-ehr", "clinic-2"):
        assert word not in text


@pytest.mark.parametrize("row", WRITES, ids=of_row)
def test_who_may_is_let_through_and_touches_its_own_only(row: Write) -> None:
    for party in Party:
        if not is_through(row.wanted(party)):
            continue
        parties = row.stage()
        before = parties.stored()
        reply = parties.call(row.request, party)
        assert (party, reply.status) == (party, row.wanted(party)), reply.body
        changed = touched(parties, before)
        if row.may_touch:
            assert changed == {MINE}, party
            continue
        for key in changed:
            assert key not in before, party
            referral = parties.stored()[key].referral
            principal = parties.principals[party]
            own = (principal.tenant, principal.organization)
            assert (referral.tenant, referral.referrer) == own


@pytest.mark.parametrize("row", WRITES, ids=of_row)
def test_without_the_scope_or_unknown_nobody_writes(row: Write) -> None:
    parties = row.stage()
    before = parties.stored()
    entitled = [party for party in Party if is_through(row.wanted(party))]
    assert entitled
    for scope in ("", "referrals/read", "referrals/writing"):
        replies = {parties.call(row.request, party, scope=scope).status for party in entitled}
        assert replies == {403}
    assert parties.call(row.request, None, client="nobody").status == 401
    assert parties.stored() == before


@pytest.mark.parametrize("row", [r for r in WRITES if REFERRAL in r.request.url], ids=of_row)
def test_the_other_tenant_cannot_tell_a_referral_from_none(row: Write) -> None:
    parties = row.stage()
    method, url, body, headers = row.request
    text = json.dumps(body).replace(REFERRAL, NOWHERE)
    elsewhere = Request(method, url.replace(REFERRAL, NOWHERE), json.loads(text), headers)
    for party in AWAY:
        there, none = parties.call(row.request, party), parties.call(elsewhere, party)
        assert (there.status, there.body) == (none.status, none.body)


# --- keys ----------------------------------------------------------------------------------------


def test_the_same_client_key_of_two_ehrs_names_two_referrals() -> None:
    # Given an EHR's order under its own key, without an identifier
    parties = offered()
    order = {**the_order(), "identifier": []}
    request = Request("POST", "/fhir/ServiceRequest", order, {"idempotency-key": "k-1"})
    first = {party: parties.call(request, party) for party in sorted(EHRS)}
    # Then each EHR has one of its own, and finds it again under its key
    assert {reply.status for reply in first.values()} == {201}
    assert len({reply.body["id"] for reply in first.values()}) == 3
    for party, reply in first.items():
        again = parties.call(request, party)
        assert (again.status, again.body["id"]) == (200, reply.body["id"])


def test_the_same_words_of_two_ehrs_are_two_referrals() -> None:
    parties = offered()
    request = Request("POST", "/fhir/ServiceRequest", {**the_order(), "identifier": []})
    replies = [parties.call(request, party) for party in sorted(EHRS)]
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["id"] for reply in replies}) == 3


def test_a_number_that_another_ehr_sent_first_blocks_nobody_and_shows_nothing() -> None:
    for headers in ({}, {"if-none-exist": CONDITION}):
        parties = offered()
        request = Request("POST", "/fhir/ServiceRequest", the_order(), headers)
        reply = parties.call(request, Party.OTHER_EHR)
        # It gets a referral of its own, with the number that `mine` has, and finds it again
        assert (reply.status, REFERRAL in json.dumps(reply.body)) == (201, False)
        again = parties.call(request, Party.OTHER_EHR)
        assert (again.status, again.body["id"]) == (200, reply.body["id"])
        # And so does the EHR that sent it first
        own = parties.call(request, Party.OWN_EHR)
        assert (own.status, own.body["id"]) == (200, REFERRAL)


def test_each_ehr_finds_its_own_order_by_a_number_of_both_and_staff_find_both() -> None:
    parties = offered()
    url = f"/fhir/ServiceRequest?identifier={PLACER['system']}|A-1"
    sent = Request("POST", "/fhir/ServiceRequest", the_order())
    others = parties.call(sent, Party.OTHER_EHR).body["id"]
    wanted = {
        Party.OWN_EHR: {REFERRAL},
        Party.OTHER_EHR: {others},
        Party.STAFF: {REFERRAL, others},
        Party.AWAY_STAFF: {ABROAD},
    }
    for party, ids in wanted.items():
        found = parties.call(Request("GET", url), party).body.get("entry", [])
        assert {entry["resource"]["id"] for entry in found} == ids, party


def test_a_number_that_an_order_gets_later_is_its_own_ehrs_too() -> None:
    # Given another EHR's order has the number that a new version of `mine` brings
    parties = offered()
    second = [{**PLACER, "value": "A-1"}, {**PLACER, "value": "B-1"}]
    body = {**the_order(), "id": REFERRAL, "identifier": second}
    url = f"/fhir/ServiceRequest/{REFERRAL}"
    assert parties.call(Request("PUT", url, body), Party.OWN_EHR).status == 200


def test_only_its_own_ehr_replaces_a_referral() -> None:
    # An order that says it replaces `mine`, by reference and by identifier
    replaces = [{"reference": f"ServiceRequest/{REFERRAL}"}, {"identifier": NUMBER}]
    request = Request("POST", "/fhir/ServiceRequest", the_order("N-1", replaces=replaces))
    for party in sorted(EHRS - {Party.OWN_EHR}):
        parties = offered()
        before = parties.stored()[MINE]
        assert parties.call(request, party).status == 201
        assert parties.stored()[MINE] == before
    parties = offered()
    assert parties.call(request, Party.OWN_EHR).status == 201
    assert parties.world.referral.proposed_outcome is Outcome.SUPERSEDED

"""A payer decides the requests that were put to it, all that it sends or none."""

from __future__ import annotations

import pytest

from tests.in_memory import REFERRAL
from tests.unit.entrypoints.http.parties import Parties, Party, Request, authorization_pended
from tests.unit.entrypoints.http.partner_writes import PAYER
from tests.unit.fhir.orders import Json

URL = "/fhir/ClaimResponse"


def a_bundle(*traces: str) -> Json:
    """Make a Bundle of decisions, one of each trace."""
    one = PAYER[0].request.body
    assert one is not None
    entries = [
        {"resource": {**one, "identifier": [{"system": "urn:trnorg:9123456789", "value": t}]}}
        for t in traces
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def sent(parties: Parties, party: Party, *traces: str) -> tuple[int, list[str]]:
    """Send decisions; return the status, and the own codes of the answer."""
    reply = parties.call(Request("POST", URL, a_bundle(*traces)), party)
    codes = [issue["details"]["coding"][0]["code"] for issue in reply.body["issue"]]
    return reply.status, codes


def test_each_decision_of_a_bundle_has_its_own_result() -> None:
    parties, own = authorization_pended(), f"{REFERRAL}-a1.1"
    assert sent(parties, Party.PAYER, own, f"{REFERRAL}-a1.9") == (200, ["resolved", "pending"])


@pytest.mark.parametrize(
    "stranger",
    [
        "no-trace-of-ours",
        f"{'f' * 32}-a1.1",
        f"{REFERRAL}-a9.1",
        f"{REFERRAL}-a1.1 for Marjorie Whitlock",
    ],
)
def test_one_that_is_not_the_payers_refuses_them_all(stranger: str) -> None:
    parties, own = authorization_pended(), f"{REFERRAL}-a1.1"
    before = parties.stored()
    for traces in ((own, stranger), (stranger, own)):
        assert sent(parties, Party.PAYER, *traces) == (404, ["not-found"])
    assert parties.stored() == before
    # Both Bundles are kept for a person, by the trace that nobody knows.
    kept = parties.api.unmatched.items.values()
    assert [(i.mismatch, i.organization, i.candidates) for i in kept] == [
        ("trace-unknown", "harbor", ())
    ] * 2


def test_nothing_of_another_payer_is_stored() -> None:
    parties = authorization_pended()
    documents = dict(parties.world.documents.stored)
    assert sent(parties, Party.OTHER_PAYER, f"{REFERRAL}-a1.1")[0] == 404
    assert parties.world.documents.stored == documents
    assert not parties.api.unmatched.items


@pytest.mark.parametrize(("is_ours", "reason"), [(True, None), (False, "authorization-unclear")])
def test_what_is_granted_for_another_clinician_a_person_reads(
    is_ours: bool,  # noqa: FBT001 - a table
    reason: str | None,
) -> None:
    parties = authorization_pended()
    asked = parties.world.referral.authorization
    assert asked is not None
    npi = asked.performer if is_ours else "1999909999"
    body = a_bundle(f"{REFERRAL}-a1.1")
    item = body["entry"][0]["resource"]["item"][0]
    number = {"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}
    provider = {"url": "provider", "valueReference": {"identifier": number}}
    item["extension"] = [{"url": "urn:x/extension-itemAuthorizedProvider", "extension": [provider]}]
    assert parties.call(Request("POST", URL, body), Party.PAYER).status == 200
    parties.world.settle()
    found = parties.world.referral.work_item
    assert (found.reason.value if found else None) == reason

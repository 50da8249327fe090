"""The accounting of disclosures, page by page: nothing pushes anything out, all is found once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from referral_core.domain.access.audit import Access, AuditEntry
from referral_core.domain.ids import ReferralId
from tests.in_memory import REFERRAL
from tests.unit.builders import NOW, TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.entrypoints.http.audit.test_audit import OFFICER, an_audited_api

ENTITY = f"entity=ServiceRequest/{REFERRAL}"


def a_read(number: int, referral_id: str | None = REFERRAL) -> AuditEntry:
    return AuditEntry(
        id=f"e{number}",
        at=NOW + timedelta(days=2, seconds=number),
        tenant=TENANT,
        referral_id=ReferralId(referral_id) if referral_id else None,
        access=Access.READ,
        agent="maria" if number % 2 else "olu",
        operation="read-order",
        refused="not-found" if number % 10 == 0 else None,
    )


def a_busy_record(reads: int = 300) -> ApiClient:
    """More reads than any page holds, all of them after what was sent."""
    api = an_audited_api()
    api.trail.record([a_read(n) for n in range(reads)])
    api.world.clock.move_to(NOW + timedelta(days=3))
    return api


def pages(api: ApiClient, query: str, most: int = 60) -> list[list[dict[str, Any]]]:
    """All pages of a search."""
    url: str | None = f"/fhir/AuditEvent?{query}"
    found = []
    while url and len(found) < most:
        reply = api.call("GET", url, client=OFFICER)
        assert reply.status == 200, reply.body
        found.append([entry["resource"] for entry in reply.body.get("entry", [])])
        links = {link["relation"]: link["url"] for link in reply.body["link"]}
        following = links.get("next")
        url = "/fhir/AuditEvent?" + urlsplit(following).query if following else None
    return found


def kinds(found: list[list[dict[str, Any]]]) -> set[str]:
    return {resource["type"]["code"] for page in found for resource in page}


def test_no_read_pushes_a_disclosure_out_and_nothing_comes_twice() -> None:
    api = a_busy_record()
    found = pages(api, f"{ENTITY}&_count=100")
    assert {len(page) for page in found} <= set(range(1, 101))
    ids = [resource["id"] for page in found for resource in page]
    assert len(ids) == len(set(ids))
    assert {f"e{n}" for n in range(300)} <= set(ids)
    assert kinds(found) == {"rest", "110106"}
    times = [resource["recorded"] for page in found for resource in page]
    assert times == sorted(times, reverse=True)


def test_what_went_out_is_asked_for_alone() -> None:
    everything = pages(a_busy_record(), f"{ENTITY}&_count=200")
    sent = {r["id"] for page in everything for r in page if r["type"]["code"] == "110106"}
    (first,) = pages(a_busy_record(), f"{ENTITY}&type=110106")
    assert {r["id"] for r in first} == sent
    assert sent


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("type=rest&outcome=4", {f"e{n}" for n in range(0, 300, 10)}),
        (
            "agent=https://referral-router.example/identifiers/client|maria&outcome=0,8",
            {f"e{n}" for n in range(300) if n % 2},
        ),
        ("date=ge2126-01-01", set()),
    ],
)
def test_a_page_that_leaves_out_still_leads_on(query: str, wanted: set[str]) -> None:
    found = pages(a_busy_record(), f"{ENTITY}&{query}&_count=50")
    assert {r["id"] for page in found for r in page} == wanted


def test_a_time_bounds_what_is_read() -> None:
    since = (NOW + timedelta(days=2, seconds=290)).isoformat().replace("+00:00", "Z")
    (page,) = pages(a_busy_record(), f"{ENTITY}&date=ge{since}")
    assert {r["id"] for r in page} >= {f"e{n}" for n in range(290, 300)}
    assert not {r["id"] for r in page} & {f"e{n}" for n in range(290)}


def test_one_access_to_several_orders_of_a_patient_is_one_event() -> None:
    api = an_audited_api()
    api.trail.record([a_read(1), a_read(1, "another")])
    seen = [e for e in api.trail.entries if e.id == "e1"]
    assert len(seen) == 2
    (page,) = pages(api, f"{ENTITY}&type=rest&date=ge2026-01-01&_count=200")
    assert len([r for r in page if r["id"] == "e1"]) == 1
    for resource in page:
        AuditEvent.model_validate(resource)


def test_a_days_accesses_that_name_no_order_are_found() -> None:
    api = an_audited_api()
    api.trail.record([a_read(n, None) for n in range(30)])
    day = (NOW + timedelta(days=2)).date().isoformat()
    found = pages(api, f"date={day}&_count=20")
    assert [len(page) for page in found][:2] == [20, 10]
    assert kinds(found) == {"rest"}


@pytest.mark.parametrize(
    "query",
    [
        f"{ENTITY}&_page=v~abc",
        f"{ENTITY}&_page=a~2026-03-02%23x",
        f"{ENTITY}&date=soon",
        "date=2026-13-40",
        "date=ge2026-03-02",
        "agent=maria",
        f"{ENTITY}&_sort=date",
    ],
)
def test_what_is_no_search_is_refused(query: str) -> None:
    reply = an_audited_api().call("GET", f"/fhir/AuditEvent?{query}", client=OFFICER)
    assert reply.status == 400, reply.body

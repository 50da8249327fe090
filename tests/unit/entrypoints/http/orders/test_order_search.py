"""Finding orders: in all forms of a search, page by page, missing and repeating nothing."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from tests.in_memory import TENANT, World
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import Json, a_patient, an_order

ORDER = "/fhir/ServiceRequest"
SETTLED = timedelta(seconds=61)
"""After which every write is there for all to see."""
CARDIOLOGY = {"coding": [{"system": "http://snomed.info/sct", "code": "183519002"}]}


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(World(), settled=False)


def posted(api: ApiClient, number: int, **fields: object) -> Reply:
    """Post an order, a second after the one before."""
    api.world.clock.move(timedelta(seconds=1))
    known = {"identifier": [{"system": "urn:n", "value": str(number)}], "code": CARDIOLOGY}
    patient = a_patient(identifier=[{"system": "urn:mrn", "value": f"M{number}"}])
    order = an_order(**{**known, **fields})
    order["contained"] = [patient, *order["contained"][1:]]
    reply = api.call("POST", ORDER, order, client="ehr-1")
    assert reply.status == 201, reply.body
    return reply


def searched(api: ApiClient, query: str, client: str = "ehr-1", **headers: str) -> Reply:
    return api.call("GET", f"{ORDER}?{query}", client=client, **headers)


def numbers(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [e["resource"]["identifier"][0]["value"] for e in reply.body.get("entry", [])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("code=183519002", ["1", "2"]),
        ("code=http://snomed.info/sct|183519002", ["1", "2"]),
        ("code=http://snomed.info/sct|", ["1", "2"]),
        ("code=|183519002", []),
        ("code=1,183519002", ["1", "2"]),
        ("code=183519002&code=1", []),
        ("identifier=urn:n|2", ["2"]),
        ("identifier=urn:n|2,urn:n|1", ["1", "2"]),
        ("identifier=2", ["2"]),
        ("identifier=2,urn:n|1", ["1", "2"]),
        ("identifier=urn:n|", ["1", "2"]),
        ("identifier=urn:other|", []),
        ("identifier=|2", []),
        ("identifier=urn:n|2&identifier=2", ["2"]),
        ("patient=urn:mrn|M1", ["1"]),
        ("patient:identifier=urn:mrn|M2", ["2"]),
        ("subject=urn:mrn|", ["1", "2"]),
        ("priority=urgent", ["2"]),
        ("status=active&priority=routine", ["1"]),
        ("status=on-hold,revoked", []),
        ("authored=2026-03", ["1"]),
        ("authored=lt2026-03-01", ["2"]),
        ("authored=ge2026-02-10&authored=le2026-03-02", ["1", "2"]),
        ("authored=2025", []),
        ("requester=Practitioner/7", ["2"]),
        ("requester=7", ["2"]),
        ("performer=http://hl7.org/fhir/sid/us-npi|1999900032", ["1"]),
        ("_lastUpdated=gt2100-01-01", []),
        ("_lastUpdated=gt2020", ["1", "2"]),
    ],
)
def test_orders_are_found_in_all_forms(api: ApiClient, query: str, found: list[str]) -> None:
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900032"}
    posted(api, 1, authoredOn="2026-03-02T09:00:00-05:00", performer=[{"identifier": npi}])
    by = {"reference": "Practitioner/7"}
    posted(api, 2, authoredOn="2026-02-20", priority="urgent", requester=by)
    api.world.clock.move(SETTLED)
    assert sorted(numbers(searched(api, query))) == found


def test_a_poller_misses_and_repeats_nothing(api: ApiClient) -> None:
    seen: list[str] = []
    last = "2020-01-01T00:00:00Z"
    for number in range(6):
        posted(api, number)
        if number % 2:
            url: str | None = f"{ORDER}?_lastUpdated=gt{last}&_sort=_lastUpdated&_count=1"
            while url:
                page = api.call("GET", url, client="ehr-1")
                seen += numbers(page)
                entries: list[Json] = page.body.get("entry", [])
                last = entries[-1]["resource"]["meta"]["lastUpdated"] if entries else last
                links = {link["relation"]: link["url"] for link in page.body["link"]}
                url = links.get("next") and "{0.path}?{0.query}".format(urlsplit(links["next"]))
        if number == 5:
            api.world.clock.move(SETTLED)
            page = searched(api, f"_lastUpdated=gt{last}&_sort=_lastUpdated")
            seen += numbers(page)
    assert seen == ["0", "1", "2", "3", "4", "5"]


def polled(api: ApiClient, last: str) -> tuple[list[str], str]:
    """Poll as an EHR does: what is new after the last instant, and the last instant now."""
    page = searched(api, f"_lastUpdated=gt{last}&_sort=_lastUpdated")
    updated = [e["resource"]["meta"]["lastUpdated"] for e in page.body.get("entry", [])]
    return numbers(page), max([last, *updated])


def test_a_write_that_is_seen_late_is_missed_by_no_poller(api: ApiClient) -> None:
    table = api.world.referrals
    posted(api, 1)
    posted(api, 2)
    first, second = (one.referral.id for one in table.all())
    late = table._referrals.pop((TENANT, first))  # written with an earlier instant, not yet there
    seen, last = polled(api, "2020-01-01T00:00:00Z")
    api.world.clock.move(timedelta(seconds=50))
    table._referrals[TENANT, first] = late
    api.world.clock.move(timedelta(seconds=11))
    for _ in range(3):
        more, last = polled(api, last)
        seen += more
    assert sorted(seen) == ["1", "2"]
    assert second != first


def test_an_order_that_moves_while_the_index_lags_is_listed_once(api: ApiClient) -> None:
    created = posted(api, 1)
    api.world.clock.move(SETTLED)
    changed = {**created.body, "note": [{"text": "n"}]}
    put = api.call("PUT", f"{ORDER}/{created.body['id']}", changed, client="ehr-1")
    assert put.status == 200
    # Where it stood before it would show as the version that it will be listed as.
    assert polled(api, "2020-01-01T00:00:00Z")[0] == []
    api.world.clock.move(SETTLED)
    seen, last = polled(api, "2020-01-01T00:00:00Z")
    assert seen == ["1"]
    assert polled(api, last)[0] == []


def test_a_poller_is_not_led_into_pages_of_what_is_not_settled(api: ApiClient) -> None:
    for number in range(5):
        posted(api, number)
    page = searched(api, "_sort=_lastUpdated&_count=2")
    assert numbers(page) == []
    assert [link["relation"] for link in page.body["link"]] == ["self"]
    api.world.clock.move(SETTLED)
    assert len(numbers(searched(api, "_sort=_lastUpdated&_count=2"))) == 2


def test_a_plain_search_finds_what_was_just_sent(api: ApiClient) -> None:
    posted(api, 1)
    assert numbers(searched(api, "status=active")) == ["1"]


def test_a_new_version_comes_again_and_at_the_end(api: ApiClient) -> None:
    first = posted(api, 1).body
    posted(api, 2)
    api.world.clock.move(timedelta(seconds=1))
    put = api.call(
        "PUT", f"{ORDER}/{first['id']}", {**first, "note": [{"text": "n"}]}, client="ehr-1"
    )
    assert put.status == 200, put.body
    api.world.clock.move(SETTLED)
    assert numbers(searched(api, "_sort=_lastUpdated")) == ["2", "1"]


def test_another_ehr_finds_nothing_of_it(api: ApiClient) -> None:
    posted(api, 1)
    for query in ("status=active", "identifier=urn:n|1", "patient=urn:mrn|M1", "_count=0"):
        assert numbers(searched(api, query, client="ehr-2")) == []


def test_counting_returns_no_entries(api: ApiClient) -> None:
    for number in range(3):
        posted(api, number)
    for query in ("_count=0", "_summary=count", "_summary=count&status=active"):
        found = searched(api, query).body
        assert (found["total"], "entry" in found) == (3, False)
    assert searched(api, "_total=accurate").body["total"] == 3
    first = searched(api, "_count=1&_total=accurate").body
    assert (first["total"], len(first["entry"])) == (3, 1)
    following = api.call("GET", first["link"][1]["url"].partition("org")[2], client="ehr-1").body
    assert (following["total"], len(following["entry"])) == (3, 1)
    assert searched(api, "_count=1&_total=estimate").body.get("total") is None


def test_parts_of_a_resource_are_marked_as_parts(api: ApiClient) -> None:
    posted(api, 1)
    (entry,) = searched(api, "_elements=identifier,status").body["entry"]
    part = entry["resource"]
    assert set(part) == {"resourceType", "id", "meta", "identifier", "status"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    (entry,) = searched(api, "_summary=true").body["entry"]
    assert "contained" not in entry["resource"]


@pytest.mark.parametrize(
    "token", ["x", "v~", "v~id|yesterday", "own~1", "v~a|2026-03-02T00:00:00Z"]
)
def test_a_page_of_another_search_is_refused(api: ApiClient, token: str) -> None:
    reply = searched(api, f"status=active&_page={token}")
    assert (reply.status, reply.code) == (400, "foreign-page-token")


def test_a_page_of_another_search_of_tasks_is_refused(api: ApiClient) -> None:
    reply = api.call("GET", "/fhir/Task?_page=nothing~1")
    assert (reply.status, reply.code) == (400, "foreign-page-token")


def test_an_unknown_parameter_is_refused_or_ignored_as_preferred(api: ApiClient) -> None:
    posted(api, 1)
    assert searched(api, "colour=red").code == "unknown-search-parameter"
    assert searched(api, "colour=red", prefer="handling=strict").status == 400
    lenient = searched(api, "colour=red&status=active", prefer="handling=lenient")
    assert numbers(lenient) == ["1"]
    assert "colour" not in lenient.body["link"][0]["url"]


@pytest.mark.parametrize("query", ["authored=soon", "_lastUpdated=gt2026-13-01"])
def test_a_date_that_is_none_is_refused(api: ApiClient, query: str) -> None:
    posted(api, 1, authoredOn="2026-03-02")
    assert (searched(api, query).status, searched(api, query).code) == (400, "invalid-search-value")


def test_every_location_leads_to_the_version_that_was_written(api: ApiClient) -> None:
    created = posted(api, 1)
    changed = {**created.body, "note": [{"text": "n"}]}
    updated = api.call("PUT", f"{ORDER}/{created.body['id']}", changed, client="ehr-1")
    for reply, noted in ((created, False), (updated, True)):
        path = urlsplit(reply.headers["location"]).path
        version = api.call("GET", path, client="ehr-1")
        assert version.status == 200
        assert version.headers["etag"] == reply.headers["etag"]
        assert ("note" in version.body) is noted
    history = api.call("GET", f"{ORDER}/{created.body['id']}/_history", client="ehr-1").body
    assert (history["type"], history["total"]) == ("history", 2)
    assert [e["resource"]["meta"]["versionId"] for e in history["entry"]] == ["2", "1"]


@pytest.mark.parametrize("version", ["0", "2", "x", "-1", "99999999999999"])
def test_a_version_that_never_was_is_not_found(api: ApiClient, version: str) -> None:
    order_id = posted(api, 1).body["id"]
    url = f"{ORDER}/{order_id}/_history/{version}"
    assert api.call("GET", url, client="ehr-1").status == 404


def test_another_ehr_reads_no_version(api: ApiClient) -> None:
    order_id = posted(api, 1).body["id"]
    for rest in ("_history", "_history/1"):
        assert api.call("GET", f"{ORDER}/{order_id}/{rest}", client="ehr-2").status == 404


@pytest.mark.parametrize("identifier", ["x", 7, True, ["x", 7], {"value": "N1"}])
def test_a_forgiven_slip_in_a_requester_breaks_no_search(
    api: ApiClient, identifier: object
) -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": identifier}
    order = an_order(requester={"reference": "#d"})
    order["contained"].append(doctor)
    assert api.call("POST", ORDER, order, client="ehr-1").status == 201
    found = searched(api, "requester=|N1")
    assert found.status == 200
    assert bool(numbers(found)) == isinstance(identifier, dict)

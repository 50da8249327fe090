"""People who sign in: what each sees, whose item it is, and what an overtaken act is told."""

from __future__ import annotations

import json

import pytest

from referral_core.domain.access.principal import Duty, Person, Principal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.lifecycle import Queue
from referral_core.domain.numbers import folded_number
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.referral import Contact, Referral
from referral_core.domain.work_items import Reason
from referral_core.entrypoints.http.staff.views import referral_row
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, SAMPLES, TENANT, World
from tests.unit.builders import EMPTY, a_new_referral, a_referral
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.entrypoints.http.staff.test_work_items import a_time, an_item
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

MARIA, OLU, GRACE = "maria", "olu", "grace"
FRONT, CALLS = Queue.FRONT_OFFICE, Queue.CONTACT_CENTER
RIVERSIDE = Tenant("riverside")
PLANNED = len(pathway("generic-specialist", 1).outreach.attempts)


def a_person(
    client_id: str, *teams: Queue, duty: Duty = Duty.STAFF, tenant: Tenant = TENANT
) -> Principal:
    return Principal.of_person(
        client_id, tenant, Person(name=client_id.capitalize(), duty=duty), teams
    )


def an_api(world: World, *, settled: bool = False) -> ApiClient:
    api = ApiClient(world, settled=settled)
    directory = world.directory
    directory._records = (
        *directory._records,
        a_person(MARIA, FRONT),
        a_person(OLU, FRONT, CALLS),
        a_person(GRACE, duty=Duty.MANAGER),
        a_person("nobodys"),
        a_person("away", FRONT, CALLS, tenant=RIVERSIDE),
    )
    return api


def at(reason: Reason) -> ApiClient:
    return an_api(STANDS_AT[reason](), settled=True)


def stored(world: World, referral_id: str, **fields: object) -> Referral:
    referral = a_referral(referral_id, **fields)
    numbers = [referral.placer_identifier] if referral.placer_identifier else []
    world.referrals.accept([a_new_referral(referral, EMPTY.dump(), *numbers)])
    return referral


def two_teams() -> ApiClient:
    """Three items of the front office (one Maria's, one overdue), two of the contact center."""
    world = World()
    items = {
        "f1": (FRONT, an_item(1, owner=MARIA, reason=Reason.NOT_ELIGIBLE)),
        "f2": (FRONT, an_item(-2, reason=Reason.PAYER_UNKNOWN)),
        "f3": (FRONT, an_item(3, reason=Reason.NOT_ELIGIBLE)),
        "c1": (CALLS, an_item(2, reason=Reason.CALL_DUE)),
        "c2": (CALLS, an_item(4, owner=OLU, reason=Reason.CALL_DUE)),
    }
    for name, (queue, item) in items.items():
        stored(world, name, queue=queue, work_item=item)
    stored(world, "w1", queue=FRONT, due_at=a_time(1))
    return an_api(world)


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [item["id"] for item in reply.body["workItems"]]


def test_what_nobody_has_is_counted_for_managers_beside_what_each_person_has() -> None:
    api = two_teams()
    body = api.call("GET", "/work-items/counts?by=person", client=GRACE).body
    assert body["nobody"] == {"open": 3, "overdue": 1}
    assert ids(api.items("?owner=none&overdue=true", client=GRACE)) == ["f2"]
    assert "nobody" not in api.call("GET", "/work-items/counts?by=person", client=OLU).body


@pytest.mark.parametrize(
    ("attempts", "start", "said"),
    [(0, 0, None), (2, 0, (2, PLANNED)), (3, 2, (1, PLANNED)), (2, 2, (2, None))],
)
def test_the_last_contact_says_which_of_its_series_it_was(
    attempts: int, start: int, said: tuple[int, int | None] | None
) -> None:
    contacts = tuple(
        Contact(number=n + 1, channel="sms", at=a_time(n), state="sent") for n in range(attempts)
    )
    row = referral_row(a_referral("c" * 32, contacts=contacts, contacts_window_start=start))
    last = row["lastContact"]
    assert (last and (last["number"], last["of"])) == said


# --- the list -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "query", "found"),
    [
        (MARIA, "", ["f2", "f1", "f3"]),
        (OLU, "", ["f2", "f1", "c1", "f3", "c2"]),
        (GRACE, "", ["f2", "f1", "c1", "f3", "c2"]),
        ("nobodys", "", []),
        ("away", "", []),
        (MARIA, "?owner=me", ["f1"]),
        (OLU, "?owner=me", ["c2"]),
        (MARIA, "?owner=none", ["f2", "f3"]),
        (OLU, "?owner=none&queue=contact-center", ["c1"]),
        # Whose items another person has is seen in one's own teams only.
        (MARIA, "?owner=olu", []),
        (OLU, "?owner=maria", ["f1"]),
        (OLU, "?overdue=true", ["f2"]),
        (OLU, "?list=exceptions", ["f2"]),
        (OLU, "?list=exceptions&queue=contact-center", []),
        (OLU, "?list=exceptions&owner=none", ["f2"]),
        (OLU, "?list=exceptions&owner=me", []),
        (OLU, "?reason=not-eligible", ["f1", "f3"]),
        (OLU, "?reason=call-due&owner=me", ["c2"]),
    ],
)
def test_a_person_sees_the_items_of_their_teams_first_due_first(
    person: str, query: str, found: list[str]
) -> None:
    assert ids(two_teams().items(query, client=person)) == found


def test_another_teams_list_is_refused_before_any_filter() -> None:
    reply = two_teams().items("?queue=contact-center&owner=me", client=MARIA)
    assert (reply.status, reply.code) == (403, "forbidden")
    assert "front-office" in reply.says


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("query", ["", "&reason=not-eligible", "&owner=none"])
def test_pages_of_several_teams_together_are_the_whole_list(count: int, query: str) -> None:
    api = two_teams()
    whole, found = ids(api.items(f"?{query}", client=OLU)), []
    url = f"?_count={count}{query}"
    while url:
        reply = api.items(url, client=OLU)
        assert len(ids(reply)) <= count
        found += ids(reply)
        url = (reply.body["next"] or "").removeprefix("https://api.example.org/work-items")
    assert found == whole


def test_the_patient_is_shown_only_to_whoever_asks_for_patients() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    (with_patient,) = api.items("?_include=patient", client=GRACE).body["workItems"]
    (without,) = api.items(client=GRACE).body["workItems"]
    assert with_patient["patient"]["name"] == "Whitlock, Marjorie Ann"
    assert with_patient["patient"]["birthDate"]
    assert "Whitlock" not in json.dumps(without)


def counted(**numbers: int) -> dict[str, int]:
    names = ("open", "overdue", "unassigned", "exceptions", "waiting")
    return {name: numbers.get(name, 0) for name in names}


def test_counts_are_exact_and_of_ones_own_teams() -> None:
    assert two_teams().call("GET", "/work-items/counts", client=OLU).body == {
        "teams": {
            "front-office": counted(open=3, overdue=1, unassigned=2, exceptions=1, waiting=1),
            "contact-center": counted(open=2, unassigned=1),
        },
        "mine": {"open": 1, "overdue": 0},
        "closed": {"since": a_time(-7 * 24).isoformat(), "count": 0},
        "unmatched": 0,
    }
    maria = two_teams().call("GET", "/work-items/counts", client=MARIA).body
    assert set(maria["teams"]) == {"front-office"}


# --- deciding -----------------------------------------------------------------------------------


def test_an_item_of_another_team_is_not_decided() -> None:
    api = at(Reason.NOT_ELIGIBLE)  # the front office's
    before = api.world.referral
    directory = api.world.directory
    directory._records = (*directory._records, a_person("caller", CALLS))
    for action in ("claim", "self-pay", "comment"):
        reply = api.decide(action, client="caller", comment="x")
        assert (reply.status, reply.code) == (403, "forbidden")
    assert api.world.referral == before


def test_of_two_who_claim_the_second_is_told_who_has_it() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    assert api.decide("claim", client=MARIA).status == 200
    for action in ("claim", "release", "self-pay", "snooze"):
        reply = api.decide(action, client=OLU)
        assert (reply.status, reply.code) == (409, "claimed-by-another")
        assert reply.says.startswith("Maria has claimed it: The payer says")
    # A comment disturbs nobody, and a manager may hand it over.
    assert api.decide("comment", client=OLU, comment="I know the family.").status == 200
    assert api.decide("assign", client=GRACE, owner=OLU).status == 200
    assert api.decide("retry", client=OLU).status == 200


def test_an_act_on_an_item_that_was_settled_is_told_what_is_so_now() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    (seen,) = api.items(client=OLU).body["workItems"]
    assert api.decide("self-pay", client=MARIA, feeClass="A").status == 200
    before = api.world.referral
    reply = api.decide("close:not-eligible", client=OLU, item=seen["openedAt"])
    assert (reply.status, reply.code) == (409, "overtaken")
    assert before.status_reason in reply.says
    assert api.world.referral == before


def test_an_act_on_the_item_that_was_looked_at_is_taken() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    (seen,) = api.items(client=OLU).body["workItems"]
    assert api.decide("claim", client=OLU, item=seen["openedAt"]).status == 200


# --- oneself, colleagues, a referral, a search ---------------------------------------------------


def test_a_person_reads_who_they_are_and_in_which_zone() -> None:
    body = two_teams().call("GET", "/me", client=OLU).body
    assert (body["name"], body["role"]) == ("Olu", "staff")
    assert body["teams"] == ["contact-center", "front-office"]
    assert (body["tenant"], body["timeZone"]) == ("Lakeside Family Medicine", "America/New_York")
    assert "not-eligible" in body["reasons"]
    assert "critical-result" not in body["reasons"]
    manager = two_teams().call("GET", "/me", client=GRACE).body
    assert (manager["role"], len(manager["teams"])) == ("manager", len(Queue))


def test_finance_reads_who_it_is_and_is_of_no_team() -> None:
    api = two_teams()
    felix = Principal.of_person("felix", TENANT, Person(name="Felix", duty=Duty.FINANCE), {FRONT})
    api.world.directory._records = (*api.world.directory._records, felix)
    body = api.call("GET", "/me", client="felix").body
    assert (body["role"], body["teams"], body["reasons"]) == ("finance", [], [])
    for url in ("/people", "/work-items", "/work-items/counts", f"/referrals/{REFERRAL}"):
        assert api.call("GET", url, client="felix").status == 403, url
    assert api.call("GET", "/reports", client="felix").status == 200


def test_colleagues_are_the_people_of_ones_tenant() -> None:
    found = two_teams().call("GET", "/people", client=MARIA).body["people"]
    assert [p["name"] for p in found] == ["Grace", "Maria", "Nobodys", "Olu"]


def test_a_referral_shows_the_patient_the_next_move_and_what_happened() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    body = api.call("GET", f"/referrals/{REFERRAL}", client=MARIA).body
    referral = api.world.referral
    assert body["patient"]["name"] == "Whitlock, Marjorie Ann"
    assert (body["waitsFor"], body["queue"]) == ("staff", "front-office")
    assert body["statusReason"] == referral.status_reason
    assert [e["version"] for e in body["events"]] == list(range(referral.version, 0, -1))
    assert body["events"][-1]["kind"] == "received"
    assert "self-pay" in body["actions"]


def test_another_tenants_people_open_nothing() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    for path in (f"/referrals/{REFERRAL}", f"/referrals/{'f' * 32}"):
        reply = api.call("GET", path, client="away")
        assert (reply.status, reply.code) == (404, "not-found")
    for text in (REFERRAL, "A-1001"):
        assert searched(api, text, client="away") == []


def searched(api: ApiClient, text: str, client: str = MARIA) -> list[str]:
    reply = api.call("POST", "/referrals/search", {"text": text}, client=client)
    assert reply.status == 200, reply.body
    return [found["id"] for found in reply.body["referrals"]]


def test_a_referral_is_found_by_its_id_and_by_its_number_as_people_type_it() -> None:
    world = World()
    stored(world, "r1", placer_identifier="https://ehr.example.org/orders|A-1001")
    stored(world, "r2", placer_identifier="https://other.example.org|a 1001")
    referral_id = ReferralId("ab" * 16)
    stored(world, referral_id, placer_identifier=None)
    api = an_api(world)
    assert searched(api, referral_id) == [referral_id]
    assert sorted(searched(api, "A-1001")) == ["r1", "r2"]
    assert sorted(searched(api, " a1001 ")) == ["r1", "r2"]
    assert searched(api, "A-100") == []
    assert searched(api, "--") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Whitlock", [REFERRAL]),
        ("marjorie WHITLOCK", [REFERRAL]),
        ("Whitlock, Marjorie Ann", [REFERRAL]),
        ("whitlock 1961-04-17", [REFERRAL]),
        ("4/17/1961", [REFERRAL]),
        ("Whitlock 1961-04-18", []),
        ("Whitlock, Eva", []),
        ("Marjorie Ann Whitlock", [REFERRAL]),
        ("whitl", []),
        ("LS 10231", [REFERRAL]),
        ("ls-10231", [REFERRAL]),
        ("(508) 555-0131", [REFERRAL]),
        ("+1 508 555 0131", [REFERRAL]),
        ("508 555 0132", []),
    ],
)
def test_a_referral_found_by_what_people_know_of_the_patient(text: str, found: list[str]) -> None:
    api = at(Reason.NOT_ELIGIBLE)
    phone = "+15085550131"
    api.world.referrals.phones[TENANT, contact_hash(phone)][REFERRAL] = None
    assert searched(api, text) == found
    assert searched(api, text, client="away") == []


def test_a_referral_is_found_by_the_number_of_its_authorization() -> None:
    api = at(Reason.AUTHORIZATION_DENIED)
    sent = {"number": "PA-4711", "validTo": "2026-12-31"}
    assert api.decide("enter-authorization", client=GRACE, **sent).status == 200
    assert searched(api, "pa 4711") == [REFERRAL]


def test_a_patient_whose_name_changed_is_found_by_either() -> None:
    api = at(Reason.NOT_ELIGIBLE)
    order = json.loads((SAMPLES / "happy-path.json").read_text())
    order["contained"][0]["name"][0]["family"] = "Sørensen"
    sent = {**order, "id": REFERRAL}
    assert api.call("PUT", f"/fhir/ServiceRequest/{REFERRAL}", sent, client="ehr-1").status == 200
    for text in ("sorensen", "Sørensen, Marjorie", "whitlock"):
        assert searched(api, text) == [REFERRAL]


@pytest.mark.parametrize(
    ("identifier", "folded"),
    [
        ("urn:x|REF-00 12", "ref0012"),
        ("É-7", "e7"),
        ("|--", None),
        (None, None),
    ],
)
def test_numbers_are_compared_without_case_hyphens_and_accents(
    identifier: str | None, folded: str | None
) -> None:
    assert folded_number(identifier) == folded

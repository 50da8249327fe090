"""A day's work at the console of the running stack, in a real browser.

What depends on the page alone, every reason with every act, is judged beside a simulated week
(tests/console); here the same page works with the pool's sign-in, the functions and the table.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.console import PEOPLE
from local.people import hand_over, onboard
from local.running_stack import RunningStack
from local.seed import TENANT, put
from local.stack import Stack
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.domain.access.principal import Duty, Person
from referral_core.domain.lifecycle import Queue
from referral_core.domain.work_items import Reason
from tests.console.browser import chromium, violations
from tests.console.deciding import decide
from tests.end_to_end.callers import Caller
from tests.end_to_end.console_people import People, closing
from tests.end_to_end.orders import a_complete_order
from tests.end_to_end.partner_scripts import scripted
from tests.end_to_end.records import Records
from tests.end_to_end.tenants import RIVERSIDE, RIVERSIDE_PROFILE
from tests.end_to_end.waiting import until
from tests.unit.fhir.orders import a_coverage, a_patient

Json = dict[str, Any]
NUMBER: Final = 60
"""The last order number of each script is this module's."""


def _specialty(code: str) -> Json:
    return {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": code}]}


_SELF_PAY: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-selfpay", "code": "pay"}]
}
_NUMBERS: Final = itertools.count(10)
LIST: Final = f"#/worklist/unassigned?reason={Reason.SERVICE_UNCLEAR}"
"""A list of what this module posts, however much else waits on the same stack."""
UNCLEAR: Final = {"text": "Somebody for the skin"}


def _covered_by(**coverage: Any) -> Json:
    patient = a_patient(telecom=[{"system": "phone", "value": "(508) 557-7001"}])
    return {"contained": [patient, a_coverage(**coverage)]}


STANDS: Final[Mapping[Reason, tuple[str, Json]]] = MappingProxyType(
    {
        Reason.SERVICE_UNCLEAR: ("brisk", {"performerType": UNCLEAR, "code": UNCLEAR}),
        Reason.PAYER_UNKNOWN: ("brisk", _covered_by(payor=[{"display": "Nobody's Mutual"}])),
        Reason.NOT_ELIGIBLE: ("not-covered", {}),
        Reason.ELIGIBILITY_UNCLEAR: ("coverage-unclear", {}),
        Reason.FEE_CLASS_MISSING: (
            "brisk",
            _covered_by(type=_SELF_PAY, payor=[{"reference": "#pat"}], subscriberId=None),
        ),
        Reason.NO_CANDIDATE: ("brisk", {"performerType": _specialty("207SG0201X")}),
        Reason.AUTHORIZATION_DENIED: ("denied", {}),
        Reason.AUTHORIZATION_UNCLEAR: ("not-understood", {}),
        Reason.PATIENT_OPTED_OUT: ("says-stop", {}),
        Reason.PATIENT_WROTE: ("writes", {}),
        Reason.ANOTHER_TIME_WANTED: ("another-time", {}),
        Reason.NOT_IN_TIME: ("brisk", {"occurrenceDateTime": "2026-02-27"}),
        Reason.CRITICAL_RESULT: ("critical", {}),
    }
)
"""What brings a referral to a person: the partners' script, and what the order says besides."""


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    """Run a browser for this module alone: where its loop runs no other one can."""
    del stack
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def office(stack: Stack, browser: Browser) -> People:
    """Onboard the people of the sample tenant, and one of another."""
    put(stack.emulator, stack.deployment, config_item(RIVERSIDE_PROFILE))
    of_tenants = [(name, *who, TENANT) for name, who in PEOPLE.items()]
    stranger = Person(name="Sam Rivers", duty=Duty.MANAGER)
    of_tenants.append(("sam", stranger, set(Queue), RIVERSIDE))
    accounts = {
        name: onboard(stack.emulator, stack.deployment, name, person, teams, tenant=tenant)
        for name, person, teams, tenant in of_tenants
    }
    return People(stack, browser, accounts)


@pytest.fixture
def people(office: People) -> Iterator[People]:
    with closing(office):
        yield office


@pytest.fixture(scope="module")
def posted(ehr: Caller) -> Mapping[Reason, str]:
    """Post an order of each kind; return their referrals' ids."""
    return {
        reason: ehr.refer(a_complete_order(scripted(script, NUMBER - place), **order)).referral_id
        for place, (reason, (script, order)) in enumerate(STANDS.items())
    }


@pytest.fixture
def waiting(posted: Mapping[Reason, str], records: Records) -> Callable[[Reason], str]:
    """Wait until a person has to look for a reason; return the referral's id."""

    def standing(reason: Reason) -> str:
        referral_id = posted[reason]
        until(lambda: reason_of(records, referral_id) is reason, f"{reason} of {referral_id}")
        return referral_id

    return standing


def reason_of(records: Records, referral_id: str) -> Reason | None:
    item = records.referral(referral_id).work_item
    return item and item.reason


def owner_of(records: Records, referral_id: str) -> str | None:
    item = records.referral(referral_id).work_item
    return item and item.owner


def shown(page: Page) -> list[str]:
    """Return the ids of the rows of a list."""
    page.locator("table.work, .empty").first.wait_for()
    rows = page.locator("table.work tbody tr[data-id]")
    found: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    return found


def row(page: Page, referral_id: str) -> Locator:
    return page.locator(f'tr[data-id="{referral_id}"]')


def an_unclear_order(family: str, number: int) -> Json:
    """Make an order that waits for a person who names its service, and then goes to the end."""
    name = [{"family": family, "given": ["Zoë"]}]
    phone = [{"system": "phone", "value": f"(508) 557-8{number:03d}"}]
    patient = a_patient(name=name, telecom=phone)
    placer = scripted("slow-clinic", NUMBER - number)
    return {
        **a_complete_order(placer, performerType=UNCLEAR, code=UNCLEAR),
        "contained": [patient, a_coverage(subscriberId=f"M-8{number:03d}")],
    }


@pytest.fixture
def an_item(ehr: Caller, records: Records) -> Callable[[], str]:
    """Post an order that waits for the coordinators; return its referral's id."""

    def made() -> str:
        number = next(_NUMBERS)
        referral_id = ehr.refer(an_unclear_order("Whitlock", number)).referral_id
        until(lambda: reason_of(records, referral_id) is Reason.SERVICE_UNCLEAR, "the question")
        return referral_id

    return made


# --- one person's day ----------------------------------------------------------------------------


def test_a_referral_is_claimed_by_key_decided_and_followed_to_the_closed_loop(
    people: People, ehr: Caller, records: Records
) -> None:
    referral_id = ehr.refer(an_unclear_order("Nuñez-Łukasik", 0)).referral_id
    until(lambda: reason_of(records, referral_id) is Reason.SERVICE_UNCLEAR, "the question")
    page = people.signed_in("maria", LIST)
    assert "code=" not in page.url
    row(page, referral_id).get_by_role("link").focus()
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text("is yours")
    assert owner_of(records, referral_id) == "maria"

    page.get_by_role("link", name=re.compile("^Mine")).click()
    row(page, referral_id).get_by_role("link").press("Enter")
    planned = page.locator(".timeline .planned")
    expect(planned.first).to_contain_text("then acts")
    page.get_by_role("button", name="Name the service").click()
    page.get_by_label("Specialty (NUCC code)").fill("207N00000X")
    page.locator("form.act button[type=submit]").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")

    records.closed(referral_id)
    people.at_referral(page, referral_id)
    expect(page.locator(".next")).to_contain_text("The loop is closed")
    expect(planned).to_have_count(0)
    expect(page.locator(".steppers")).to_contain_text("Received")
    # Where the report comes before word of the visit, it tells of the visit by itself.
    for happened in ("Decision made", "Report received"):
        expect(page.locator(".timeline")).to_contain_text(happened)


def test_each_kind_of_work_item_is_decided_once(
    people: People, waiting: Callable[[Reason], str], records: Records
) -> None:
    page = people.signed_in("grace")
    for reason in STANDS:
        referral_id = waiting(reason)
        before = records.referral(referral_id).version
        decide(people.at_referral(page, referral_id))
        acted = [e for e in records.events(referral_id) if e.version > before]
        assert "grace" in {event.actor for event in acted}, reason


def test_of_two_who_race_for_an_item_one_has_it_and_the_other_is_told_who(
    people: People, an_item: Callable[[], str], records: Records
) -> None:
    referral_id = an_item()
    racing = [people.signed_in(name, LIST) for name in ("maria", "grace")]
    for page in racing:
        row(page, referral_id).get_by_role("button", name="Claim").wait_for()
    for page in racing:
        # Sent at once; neither waits for the other's answer.
        row(page, referral_id).get_by_role("button", name="Claim").dispatch_event("click")
    for page in racing:
        expect(page.get_by_role("status")).to_have_text(re.compile("is yours|has claimed it"))
    said = [page.get_by_role("status").inner_text() for page in racing]
    owner = owner_of(records, referral_id)
    names = {"maria": "Maria Santos", "grace": "Grace Hartwell"}
    assert owner is not None
    for name, words in zip(names, said, strict=True):
        assert ("is yours" if name == owner else f"{names[owner]} has claimed it") in words


def test_a_manager_hands_over_what_somebody_has(
    people: People, an_item: Callable[[], str], records: Records
) -> None:
    referral_id = an_item()
    page = people.at_referral(people.signed_in("grace"), referral_id)
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("Colleague").select_option("maria")
    page.locator("form.act button[type=submit]").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    hand_over = page.get_by_role("button", name="Hand over what Maria Santos has")

    def is_hers() -> bool:
        # The page counts once: what an index does not say yet is looked for again.
        people.go(page, "search", "Search")
        people.go(page, "team", "Teams")
        page.get_by_role("region", name="People").wait_for()
        return hand_over.is_visible()

    until(is_hers, "the count of what Maria has", every_s=1)
    hand_over.click()
    page.get_by_role("combobox", name="To").select_option("grace")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("handed over")
    assert owner_of(records, referral_id) == "grace"


def test_by_one_command_work_is_handed_over_to_a_colleague(
    people: People, an_item: Callable[[], str], records: Records, stack: Stack
) -> None:
    referral_id = an_item()
    page = people.at_referral(people.signed_in("grace"), referral_id)
    page.get_by_role("button", name="Claim", exact=True).click()
    page.locator("form.act button[type=submit]").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")

    def is_listed() -> bool:
        listed = people.asked(page, "/work-items?owner=grace&_count=100").json()["workItems"]
        return referral_id in {item["id"] for item in listed}

    until(is_listed, "the item on the list of who has it", every_s=1)
    assert hand_over(RunningStack.of(stack), "grace", "maria")
    assert owner_of(records, referral_id) == "maria"


# --- finding -------------------------------------------------------------------------------------


def test_a_patient_is_found_without_the_accent_and_back_leads_to_what_was_found(
    people: People, ehr: Caller, records: Records
) -> None:
    referral_id = ehr.refer(an_unclear_order("Ñandú-Åström", 1)).referral_id
    # The first step lets a referral be found by its patient's name.
    until(lambda: reason_of(records, referral_id) is Reason.SERVICE_UNCLEAR, "the question")
    page = people.go(people.signed_in("maria"), "search", "Search")
    for words in ("nandu", "ASTROM", "ñandú zoe"):
        page.get_by_role("searchbox").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator(".found a")).to_contain_text("Ñandú-Åström")
    page.locator(".found a").click()
    page.get_by_role("heading", name="Timeline").wait_for()
    assert page.url.endswith(f"#/referral/{referral_id}")
    page.go_back()
    expect(page.locator(".found a")).to_contain_text("Ñandú-Åström")


def test_another_tenants_manager_sees_nothing(
    people: People, ehr: Caller, records: Records
) -> None:
    referral_id = ehr.refer(an_unclear_order("Ñandú-Ekström", 2)).referral_id
    until(lambda: reason_of(records, referral_id) is Reason.SERVICE_UNCLEAR, "the question")
    page = people.signed_in("sam", "#/worklist/team")
    expect(page.locator(".who")).to_contain_text(RIVERSIDE_PROFILE.name)
    assert shown(page) == []
    for tab in ("Unassigned", "Waiting for others", "Closed"):
        expect(page.get_by_role("link", name=re.compile(tab))).to_contain_text("0")
    people.go(page, "search", "Search")
    page.get_by_role("searchbox").fill("ekstrom")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Nothing found.")
    people.go(page, f"referral/{referral_id}", "Not found")


# --- figures -------------------------------------------------------------------------------------


def test_the_csv_that_finance_exports_is_the_report(people: People, posted: Any) -> None:
    page = people.signed_in("felix")
    question = "by=pathway&from=2026-03-01&to=2026-04-30"
    received = lambda: people.asked(page, f"/reports/volume?{question}").json().get("rows")  # noqa: E731
    until(received, "the lake to have what was received", every_s=1)
    page.goto(f"{people.console}#/figures/volume?{question}")
    cells = page.locator("table.figure tbody tr")
    cells.first.wait_for()

    def is_the_report() -> bool:
        """Export, and ask the API the same: what reaches the lake between both is waited for."""
        with page.expect_download() as download, page.expect_request(_is_csv) as asking:
            page.get_by_role("button", name="Export CSV").click()
        exported = Path(download.value.path()).read_text()
        header, *rows, totals = csv.reader(io.StringIO(exported))
        as_of = parse_qs(urlsplit(asking.value.url).query)["as-of"][0]
        asked = f"/reports/volume?{question}&as-of={as_of}"
        # A machine that is slow says where to look instead.
        report = until(lambda: _whole(people.asked(page, asked).json()), "the report", every_s=1)
        at = header.index("received")
        told = [[row["pathway"], row["received"]] for row in report["rows"]]
        is_same = [[row[0], int(row[at])] for row in rows] == told
        return is_same and int(totals[at]) == report["totals"]["received"]

    until(is_the_report, "the export to be the report", every_s=1)


# --- the page itself -----------------------------------------------------------------------------


def test_ten_idle_minutes_end_the_session(people: People) -> None:
    context = people.context()
    context.clock.install()
    page = people.signed_in("maria", "#/worklist/team", context)
    shown(page)
    context.clock.fast_forward("10:10")
    expect(page.get_by_text("Locked after ten minutes")).to_be_visible()
    assert page.locator("table.work").count() == 0
    assert page.evaluate("sessionStorage.length") == 0


def test_pages_are_whole_in_the_dark_on_a_telephone(
    people: People, an_item: Callable[[], str]
) -> None:
    referral_id = an_item()
    narrow = people.context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = people.signed_in("grace", LIST, narrow)
    row(page, referral_id).wait_for()
    whole(page)
    whole(people.at_referral(page, referral_id))
    whole(people.go(page, "team", "Teams"))


def whole(page: Page) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _whole(report: Json) -> Json | None:
    return report if "rows" in report else None


def _is_csv(request: Any) -> bool:
    return "format=csv" in request.url

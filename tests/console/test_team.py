"""What managers do with people, and filters that people keep and share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from referral_core.domain.ids import ReferralId
from referral_core.domain.work_items import EXCEPTIONS
from referral_core.reporting.rows import row_of
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Answer, Office
from tests.in_memory import TENANT

MARIA = "Maria Santos"


def team(page: Page) -> Page:
    page.goto(f"{PAGE}#/team")
    page.get_by_role("heading", name="Teams").wait_for()
    return page


def row_of_person(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name="People").get_by_role("row").filter(has_text=name)


def with_work(office: Office, count: int = 2) -> list[str]:
    claimed = [item["id"] for item in office.items("maria")[:count]]
    for referral_id in claimed:
        office.decide("maria", referral_id, "claim")
    return claimed


def test_a_manager_hands_over_what_somebody_has(visit: Visit, office: Office) -> None:
    with_work(office)
    page = team(signed_in(visit(), "grace"))
    page.get_by_role("button", name=f"Hand over what {MARIA} has").click()
    page.get_by_role("combobox", name="To").select_option("olu")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("2 handed over")
    assert len(office.items("olu", "?owner=me")) == 2


def test_the_load_of_each_person_is_counted_by_the_server(visit: Visit, office: Office) -> None:
    with_work(office, 3)
    done = next(i for i in office.items("maria") if i["reason"] == "not-eligible")
    office.decide("maria", done["id"], "close:not-eligible")
    events = office.api.world.referrals.events(TENANT, ReferralId(done["id"]))
    office.api.lake.put([row_of(event) for event in events])
    page = team(signed_in(visit(), "grace"))
    load = office.call("grace", "GET", "/work-items/counts?by=person")["people"]["maria"]
    assert load["open"] in {2, 3}
    cells = row_of_person(page, MARIA).get_by_role("cell")
    expect(cells.nth(2)).to_have_text(str(load["open"]))
    expect(cells.nth(3)).to_contain_text(str(load["overdue"]))
    expect(cells.nth(4)).to_have_text("1")
    expect(row_of_person(page, "Felix Brandt").get_by_role("cell").nth(4)).to_have_text("0")


def test_somebody_comes_and_signs_in_and_the_password_is_shown_once(
    visit: Visit, office: Office
) -> None:
    page = team(signed_in(visit(), "grace"))
    page.get_by_role("button", name="Onboard a person").click()
    form = page.locator("form.act")
    form.get_by_label("Name", exact=True).fill("Ines Moreau")
    form.get_by_label("Sign-in name").fill("maria")
    form.get_by_label("Front office").check()
    form.get_by_role("button", name="Onboard").click()
    expect(form.get_by_role("alert")).to_contain_text("taken")
    form.get_by_label("Sign-in name").fill("ines")
    form.get_by_role("button", name="Onboard").click()
    expect(page.get_by_role("status")).to_contain_text("first-password-of-ines")
    expect(row_of_person(page, "Ines Moreau")).to_contain_text("Front office")
    assert office.items("ines") == office.items("ines", "?queue=front-office")
    page.reload()
    page.get_by_role("heading", name="Teams").wait_for()
    assert "first-password-of-ines" not in page.content()


def test_somebody_leaves_once_the_work_is_handed_over(visit: Visit, office: Office) -> None:
    with_work(office)
    page = team(signed_in(visit(), "grace"))
    page.get_by_role("button", name=f"{MARIA} leaves").click()
    page.get_by_role("combobox", name="To").select_option("olu")
    page.get_by_role("button", name="End the access").click()
    expect(page.get_by_role("status")).to_contain_text(f"{MARIA} has left")
    expect(row_of_person(page, MARIA)).to_have_count(0)
    assert office.api.accounts.ended == {"maria"}
    assert len(office.items("olu", "?owner=me")) == 2


def test_a_duty_and_teams_are_changed(visit: Visit, office: Office) -> None:
    page = team(signed_in(visit(), "grace"))
    page.get_by_role("button", name=f"Change {MARIA}").click()
    form = page.locator("form.act")
    form.get_by_label("Duty").select_option("reviewer")
    form.get_by_label("Front office").uncheck()
    form.get_by_role("button", name="Change").click()
    expect(page.get_by_role("status")).to_contain_text("changed")
    expect(row_of_person(page, MARIA)).to_contain_text("Reviewer")
    people = office.call("grace", "GET", "/people")["people"]
    (maria,) = [person for person in people if person["id"] == "maria"]
    assert "front-office" not in maria["teams"]


# --- filters -------------------------------------------------------------------------------------


def test_a_filter_is_kept_shared_and_used_by_a_colleague(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "olu", "#/worklist/team")
    page.get_by_label("Reason").select_option("authorization-denied")
    page.get_by_role("button", name="Save this filter").click()
    page.get_by_label("Name", exact=True).fill("Denials")
    page.get_by_role("combobox", name="For").select_option("prior-authorization")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Forget “Denials”")).to_be_visible()
    other = signed_in(visit(), "grace", "#/worklist/team")
    other.get_by_label("Saved filters").select_option(label="Denials (Prior authorization)")
    wanted = len(office.items("grace", "?reason=authorization-denied"))
    expect(other.locator("table.work tbody tr")).to_have_count(wanted)
    expect(other.get_by_role("button", name="Remove the filter")).to_have_count(1)
    other.get_by_role("button", name="Forget “Denials”").click()
    expect(other.get_by_label("Saved filters")).to_have_count(0)
    assert office.call("olu", "GET", "/filters")["filters"] == []


def test_filters_are_chips_of_the_servers_and_each_is_taken_away(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    rows = page.locator("table.work tbody tr")
    everything = len(office.items("grace"))
    page.get_by_text("More filters").click()
    page.get_by_role("combobox", name="Owner").select_option("none")
    page.get_by_role("combobox", name="Due").select_option("0")
    expect(page.get_by_role("button", name="Remove the filter Nobody's")).to_be_visible()
    wanted = office.items("grace", "?owner=none&due-within=0")
    expect(rows).to_have_count(len(wanted))
    page.get_by_role("button", name="Remove the filter Nobody's").click()
    page.get_by_role("button", name="Remove the filter Overdue").click()
    expect(rows).to_have_count(everything)


def test_practices_and_payers_are_filtered_by_their_names(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    page.locator("table.work").wait_for()
    page.get_by_text("More filters").click()
    for name, value in (
        ("Referring practice", "Lakeside Family Medicine"),
        ("Payer", "Harbor Health Plan"),
    ):
        choice = page.get_by_role("combobox", name=name)
        option = choice.locator("option").filter(has_text=re.compile(rf"^{value} \(\d+\)$"))
        choice.select_option(option.get_attribute("value"))
        chip = page.get_by_role("button", name=f"Remove the filter {name}: {value}")
        expect(chip).to_be_visible()
    practices = page.get_by_role("combobox", name="Referring practice").locator("option")
    names = [text.rpartition(" (")[0] for text in practices.all_inner_texts()]
    assert not [text for text in names if any(c.isdigit() for c in text)]
    page.get_by_role("button", name="Remove the filter Payer").click()
    page.get_by_role("button", name="Remove the filter Referring").click()
    expect(page.locator("table.work tbody tr")).to_have_count(len(office.items("grace")))


def test_exceptions_have_their_list(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/exceptions")
    reasons = ",".join(sorted(EXCEPTIONS))
    wanted = len(office.items("grace", f"?reason={reasons}"))
    assert wanted
    expect(page.locator("table.work tbody tr")).to_have_count(wanted)
    page.get_by_role("link", name="Unassigned").click()
    expect(page.get_by_role("heading", name="Work")).to_be_visible()
    expect(page.get_by_role("link", name=f"Exceptions {wanted}")).to_be_visible()


def small_pages(office: Office, size: int) -> None:
    """Let a page of a list hold few rows."""
    answer = office.answer

    def cut(method: str, url: str, headers: Mapping[str, str], body: str) -> Answer | None:
        parts = urlsplit(url)
        if parts.path == "/work-items":
            count = parse_qs(parts.query)["_count"][0]
            url = url.replace(f"_count={count}", f"_count={min(int(count), size)}")
        return answer(method, url, headers, body)

    office.answer = cut  # type: ignore[method-assign]


def test_a_refresh_keeps_the_rows_that_were_asked_for(visit: Visit, office: Office) -> None:
    small_pages(office, 4)
    context = visit()
    context.clock.install()
    page = signed_in(context, "grace", "#/worklist/team")
    rows = page.locator("table.work tbody tr")
    page.get_by_role("columnheader").first.wait_for()
    everything = len(office.items("grace", "?_count=100"))
    expect(rows).to_have_count(min(25, everything))
    with page.expect_request(lambda request: "/work-items?" in request.url):
        context.clock.fast_forward("00:31")
    expect(rows).to_have_count(min(25, everything))


def test_what_a_list_has_is_offered_with_how_often_it_has_it(visit: Visit, office: Office) -> None:
    *_, last = office.items("grace", "?_count=100")
    table = office.api.world.referrals
    key = (TENANT, last["id"])
    state = table._referrals[key]
    origin = state.referral.origin.but(language="yue")
    table._referrals[key] = state.but(referral=state.referral.but(origin=origin))
    page = signed_in(visit(), "grace", "#/worklist/team")
    page.locator("table.work").wait_for()
    page.get_by_text("More filters").click()
    choice = page.get_by_role("combobox", name="Language")
    expect(choice).to_contain_text("Cantonese (1)")
    choice.select_option("yue")
    expect(page.locator("table.work tbody tr")).to_have_count(1)
    expect(page.locator(f'tr[data-id="{last["id"]}"]')).to_be_visible()


@pytest.mark.parametrize(
    ("order", "fact"),
    [
        ("priority", lambda i: ("stat", "asap", "urgent", "routine").index(i["priority"])),
        ("received", lambda i: i["receivedAt"]),
        ("waits", lambda i: i["waitsFor"]),
        ("practice", lambda i: i["patient"]["referredBy"]),
    ],
)
def test_a_list_is_sorted_by_what_has_no_column(
    visit: Visit, office: Office, order: str, fact: Callable[[Any], Any]
) -> None:
    small_pages(office, 4)
    page = signed_in(visit(), "grace", "#/worklist/team")
    page.get_by_role("combobox", name="Sorted by").select_option(order)
    everything = office.items("grace", "?_include=patient&_count=100")
    expect(page.get_by_role("status")).to_have_text(f"All {len(everything)} are sorted.")
    facts = {item["id"]: fact(item) for item in everything}
    rows = page.locator("table.work tbody tr")
    shown = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert [facts[each] for each in shown] == sorted(facts.values())
    page.get_by_role("button", name="The other way round").click()
    expect(page.get_by_role("button", name="The other way round")).to_have_text("↓")
    turned = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert [facts[each] for each in turned] == sorted(facts.values(), reverse=True)


def test_a_sort_is_of_the_whole_list(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    page.get_by_role("button", name="Patient", exact=True).click()
    heading = page.get_by_role("columnheader", name="Patient")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    names = page.locator("table.work td.patient a")
    everything = office.items("grace", "?_include=patient&_count=100")
    expect(names).to_have_count(len(everything))
    assert names.all_inner_texts() == sorted(
        (item["patient"]["name"] for item in everything), key=str.casefold
    )

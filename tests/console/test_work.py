"""The worklist and the forms as people use them: by pointer, by keyboard, offline, overtaken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office

TEXT = "She asked for the afternoon; the daughter drives."


def the_item(office: Office, reason: str, person: str = "grace") -> Any:
    return next(item for item in office.items(person) if item["reason"] == reason)


def opened(page: Page, item: Any) -> Page:
    page.goto(f"{PAGE}#/referral/{item['id']}")
    page.get_by_role("heading", name="Timeline").wait_for()
    return page


def form(page: Page) -> Any:
    return page.locator("form.act")


def test_signing_in_opens_my_list_and_leaves_no_code_in_the_address(
    visit: Visit, office: Office
) -> None:
    taken = the_item(office, "not-eligible", "maria")
    office.decide("maria", taken["id"], "claim")
    page = signed_in(visit(), "maria")
    expect(page.get_by_role("row").filter(has_text="You")).to_have_count(1)
    expect(page.get_by_role("link", name=re.compile("Mine"))).to_have_attribute(
        "aria-current", "page"
    )
    assert page.url.startswith(PAGE)
    assert "code=" not in page.url
    exchange = next(body for _, url, body in office.asked if url.endswith("/oauth2/token"))
    assert "code_verifier=" in exchange
    assert "client_secret" not in exchange


def test_counts_are_those_of_the_api_and_each_leads_to_its_rows(
    visit: Visit, office: Office
) -> None:
    teams = office.call("olu", "GET", "/work-items/counts")["teams"]
    for name, count in (("My teams", "open"), ("Unassigned", "unassigned"), ("Overdue", "overdue")):
        page = signed_in(visit(), "olu", "#/worklist/mine")
        page.get_by_role("link", name=re.compile(name)).click()
        wanted = sum(team[count] for team in teams.values())
        expect(page.get_by_role("link", name=re.compile(name))).to_contain_text(str(wanted))
        expect(page.locator("table.work tbody tr")).to_have_count(wanted)


def test_one_key_claims_and_keys_move(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    rows = page.locator("table.work tbody tr")
    expect(rows.first.get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1).get_by_role("link")).to_be_focused()
    wanted = rows.nth(1).get_attribute("data-id")
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text("is yours")
    assert [item["id"] for item in office.items("maria", "?owner=me")] == [wanted]
    expect(rows.first.get_by_role("link")).to_be_visible()


def test_of_two_who_race_for_an_item_the_second_is_told_who_has_it(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    page.locator("table.work").wait_for()
    item = the_item(office, "not-eligible")
    office.decide("olu", item["id"], "claim")
    page.locator(f'tr[data-id="{item["id"]}"]').get_by_role("button", name="Claim").click()
    expect(page.get_by_role("status")).to_contain_text("Olu Adeyemi has claimed it")
    expect(page.locator(f'tr[data-id="{item["id"]}"]')).to_have_count(0)


def test_filters_narrow_on_the_server_and_are_removed_again(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    rows = page.locator("table.work tbody tr")
    everything = len(office.items("grace"))
    expect(rows).to_have_count(everything)
    page.get_by_label("Reason").select_option("authorization-denied")
    expect(rows).to_have_count(len(office.items("grace", "?reason=authorization-denied")))
    assert any("reason=authorization-denied" in url for _, url, _ in office.asked)
    page.get_by_role("button", name="Remove the filter").click()
    expect(rows).to_have_count(everything)


def test_a_call_is_recorded_and_the_timeline_shows_it(visit: Visit, office: Office) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Record a call").click()
    expect(form(page).get_by_label("Agreed")).to_be_focused()
    form(page).get_by_label("No answer").check()
    form(page).get_by_label("Comment (optional)").fill(TEXT)
    form(page).get_by_role("button", name="Record a call").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    expect(page.locator(".timeline")).to_contain_text("Call recorded")
    # The words are a document: the event names its hash, the page does not show them.
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert TEXT in sent[-1]


def test_an_authorization_got_by_phone_is_entered_with_what_is_asked_for_only(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "authorization-denied")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Enter authorization").click()
    form(page).get_by_role("button", name="Enter authorization").click()
    assert not office.call("olu", "GET", f"/referrals/{item['id']}")["authorization"]["number"]
    form(page).get_by_label("Authorization number").fill("PA-4711")
    form(page).get_by_label("Valid to").fill("2026-06-30")
    form(page).get_by_role("button", name="Enter authorization").click()
    expect(page.locator(".steppers")).to_contain_text("PA-4711")


class Decided(NamedTuple):
    """A decision on an item of a reason. Attributes: fields: label → what is chosen."""

    reason: str
    person: str
    button: str
    fields: Mapping[str, str] = MappingProxyType({})


DECISIONS = (
    Decided("missing-information", "maria", "Try again"),
    Decided("eligibility-unclear", "maria", "Confirm coverage"),
    Decided("fee-class-missing", "maria", "Self-pay", {"Class of the sliding fee scale": "B"}),
    Decided("not-eligible", "maria", "Close …", {"Outcome": "close:not-eligible"}),
    Decided("authorization-denied", "olu", "Appeal"),
    Decided("escalated", "ruth", "Contact again"),
)


@pytest.mark.parametrize("decided", DECISIONS, ids=lambda decided: decided.reason)
def test_each_kind_of_item_is_decided_with_its_form(
    visit: Visit, office: Office, decided: Decided
) -> None:
    item = the_item(office, decided.reason)
    page = opened(signed_in(visit(), decided.person), item)
    page.get_by_role("button", name=decided.button, exact=True).click()
    expect(form(page).locator(".follows")).not_to_be_empty()
    for label, value in decided.fields.items():
        form(page).get_by_label(label).select_option(value)
    form(page).locator("button[type=submit]").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    expect(form(page)).to_have_count(0)
    assert item["id"] not in {i["id"] for i in office.items("grace")}


def test_what_was_typed_survives_a_lost_connection_and_is_sent_once(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = opened(signed_in(visit(), "maria"), item)
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").fill(TEXT)
    office.offline = True
    form(page).get_by_role("button", name="Comment").click()
    expect(form(page).get_by_role("alert")).to_contain_text("Nothing you typed is lost")
    expect(form(page).get_by_label("Comment")).to_have_value(TEXT)
    office.offline = False
    form(page).get_by_role("button", name="Comment").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    assert office.call("maria", "GET", f"/referrals/{item['id']}")["comments"] == 1


def test_an_act_that_events_overtook_does_nothing_and_says_what_is_so(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = opened(signed_in(visit(), "maria"), item)
    page.get_by_role("button", name="Try again").click()
    form(page).get_by_label("Comment (optional)").fill(TEXT)
    office.decide("olu", item["id"], "close:not-eligible")
    form(page).locator("button[type=submit]").click()
    alert = form(page).get_by_role("alert")
    expect(alert).to_contain_text("Overtaken, nothing was done")
    expect(form(page).get_by_label("Comment (optional)")).to_have_value(TEXT)
    alert.get_by_role("button", name="Show what is so now").click()
    expect(form(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_referral_is_found_by_its_order_number_as_people_type_it(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = signed_in(visit(), "maria", "#/search")
    page.get_by_role("searchbox").fill(item["placer"].lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.locator(".found a").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.go_back()
    expect(page.locator(".found a")).to_have_count(1)
    assert not [url for _, url, _ in office.asked if item["placer"][:8] in url]


def test_a_manager_hands_over_what_somebody_has(visit: Visit, office: Office) -> None:
    for item in office.items("maria")[:2]:
        office.decide("maria", item["id"], "claim")
    page = signed_in(visit(), "grace", "#/team")
    page.get_by_role("button", name="Hand over what Maria Santos has").click()
    page.get_by_role("combobox").select_option("olu")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("2 handed over")
    assert len(office.items("olu", "?owner=me")) == 2


def test_another_teams_and_another_tenants_records_are_not_shown(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "ruth", "#/worklist/team")
    page.locator("table.work, .empty").first.wait_for()
    mine = {item["id"] for item in office.items("ruth")}
    shown = page.locator("table.work tbody tr").evaluate_all("rows => rows.map(r => r.dataset.id)")
    assert set(shown) == mine
    page.goto(f"{PAGE}#/referral/{'f' * 32}")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_ten_idle_minutes_end_the_session(visit: Visit) -> None:
    context = visit()
    context.clock.install()
    page = signed_in(context, "maria", "#/worklist/team")
    name = page.locator("td.patient a").first.inner_text()
    context.clock.fast_forward("09:00")
    page.keyboard.press("Shift")
    context.clock.fast_forward("09:30")
    expect(page.get_by_text(name)).to_be_visible()
    context.clock.fast_forward("00:40")
    expect(page.get_by_role("heading", name="Referral Router")).to_be_visible()
    expect(page.get_by_text("Locked after ten minutes")).to_be_visible()
    assert page.get_by_text(name).count() == 0
    assert page.evaluate("sessionStorage.length") == 0

"""One item after the other: a referral leads to the next of its list, and back to its row."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import Office
from tests.console.test_session_ends import ended, signs_in_again, typed


def at_list(visit: Visit, person: str = "maria") -> Page:
    page = signed_in(visit(), person, "#/worklist/unassigned")
    rows(page).first.wait_for()
    return page


def rows(page: Page) -> Locator:
    return page.locator("table.work tbody tr[data-id]")


def names(page: Page) -> list[str]:
    found: list[str] = rows(page).locator("td.patient a").all_inner_texts()
    return found


def test_a_referral_leads_on_to_the_next_of_the_list_that_it_was_opened_from(visit: Visit) -> None:
    page = at_list(visit)
    first, second, third, *_ = names(page)
    page.keyboard.press("Enter")
    for name, following in ((first, second), (second, third)):
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        page.get_by_role("link", name=f"Next: {following}").press("Enter")
    expect(page.get_by_role("heading", name=third, level=1)).to_be_visible()


def test_back_at_the_list_the_row_that_was_open_has_the_focus(visit: Visit) -> None:
    page = at_list(visit)
    _, second, *_ = names(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=second, level=1)).to_be_visible()
    page.get_by_role("link", name="← Unassigned").press("Enter")
    expect(rows(page).nth(1).locator("td.patient a")).to_be_focused()


def test_where_what_was_open_is_listed_no_more_the_one_after_it_has_the_focus(
    visit: Visit, office: Office
) -> None:
    page = at_list(visit)
    _, second, third, *_ = names(page)
    opened = rows(page).nth(1).get_attribute("data-id")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=second, level=1)).to_be_visible()
    assert opened
    office.decide("maria", opened, "claim")
    page.go_back()
    expect(page.locator("td.patient a", has_text=third)).to_be_focused()


def test_where_nothing_is_left_to_do_what_comes_next_has_the_focus(
    visit: Visit, office: Office
) -> None:
    page = at_list(visit)
    item = next(i for i in office.items("maria") if i["reason"] == "eligibility-unclear")
    ids = rows(page).evaluate_all("rows => rows.map(row => row.dataset.id)")
    following = names(page)[ids.index(item["id"]) + 1]
    page.locator(f'tr[data-id="{item["id"]}"] td.patient a').click()
    page.get_by_role("button", name="Try again").click()
    page.locator("form.act button[type=submit]").click()
    expect(page.get_by_text("Nothing is yours to do now.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Next: {following}")).to_be_focused()


def test_whoever_has_nothing_is_led_to_what_is_nobodys(visit: Visit) -> None:
    page = signed_in(visit(), "maria")
    page.locator(".empty").get_by_role("link", name="Take the next one").click()
    expect(page.get_by_role("link", name="Unassigned")).to_have_attribute("aria-current", "page")
    expect(rows(page).first.get_by_role("link")).to_be_focused()


def test_what_was_found_by_searching_leads_back_to_the_list_and_to_no_next(
    visit: Visit, office: Office
) -> None:
    closed = office.items("maria", "?list=closed")[0]
    page = at_list(visit)
    page.goto(f"{page.url.split('#')[0]}#/referral/{closed['id']}")
    page.get_by_role("heading", name="Timeline").wait_for()
    expect(page.get_by_role("link", name="← Unassigned")).to_be_visible()
    expect(page.get_by_role("link", name="Next:")).to_have_count(0)


def test_whoever_signs_in_next_is_led_to_nothing_of_the_one_before(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = at_list(visit)
    _, second, *_ = names(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=f"Next: {second}")).to_be_visible()
    typed(page)
    ended(office, monkeypatch)
    page.locator("form.act").get_by_role("button", name="Comment").click()
    signs_in_again(page, "grace")
    expect(page.get_by_role("link", name="← Mine")).to_be_visible()
    expect(page.get_by_role("link", name="Next:")).to_have_count(0)

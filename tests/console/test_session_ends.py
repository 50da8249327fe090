"""A session that ends while somebody types: the words are kept, and only for whom typed them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Answer, Office
from tests.console.test_unmatched import a_letter
from tests.console.test_unmatched import opened as unmatched
from tests.console.test_work import TEXT, form, opened, the_item

STORED = "JSON.stringify([{...sessionStorage}, {...localStorage}, history.state, document.cookie])"
WAYS = ("the API takes the token no more", "another tab has signed out")


def ended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the API refuse the next act's token, once."""
    answer, left = office.answer, [401]

    def refusing(method: str, url: str, headers: Any, body: str) -> Answer | None:
        if method == "POST" and url.endswith("/decision") and left:
            return left.pop(), {"Content-Type": "application/json"}, b"{}"
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", refusing)


def typed(page: Page) -> None:
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").fill(TEXT)


def signs_in_again(page: Page, person: str) -> None:
    with page.context.expect_page() as opening:
        page.get_by_role("button", name="Sign in in a new window").click()
    opening.value.get_by_role("link", name=person).click()


@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_when_the_session_had_ended_goes_after_signing_in_again(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    item = the_item(office, "not-eligible", "maria")
    page = opened(signed_in(visit(), "maria"), item)
    typed(page)
    if way == WAYS[0]:
        ended(office, monkeypatch)
    else:
        page.evaluate("sessionStorage.clear()")
    form(page).get_by_role("button", name="Comment").click()
    expect(page.get_by_text("What you typed is kept")).to_be_visible()
    assert page.get_by_text(TEXT).count() == 0, "nobody who passes by reads it"
    assert TEXT not in page.evaluate(STORED)
    assert "session" not in page.evaluate("({...sessionStorage})")
    signs_in_again(page, "maria")
    expect(page.locator(".comments")).to_contain_text(TEXT)
    sent = [body for _, url, body in office.asked if url.endswith("/decision") and TEXT in body]
    assert len(sent) == 1
    assert all(TEXT not in url for _, url, _ in office.asked)


def test_what_is_typed_when_idle_minutes_lock_the_page_is_there_again(
    visit: Visit, office: Office
) -> None:
    context = visit()
    context.clock.install()
    page = opened(signed_in(context, "maria"), the_item(office, "not-eligible", "maria"))
    typed(page)
    context.clock.fast_forward("10:10")
    expect(page.get_by_text("Locked after ten minutes")).to_be_visible()
    assert page.get_by_role("heading", name="Timeline").count() == 0
    assert page.evaluate("sessionStorage.length") == 0
    signs_in_again(page, "maria")
    expect(form(page).get_by_label("Comment")).to_have_value(TEXT)
    expect(form(page).get_by_label("Comment")).to_be_focused()
    form(page).get_by_role("button", name="Comment").click()
    expect(page.locator(".comments")).to_contain_text(TEXT)


def test_leaving_is_asked_about_while_the_words_are_hidden(visit: Visit, office: Office) -> None:
    page = opened(signed_in(visit(), "maria"), the_item(office, "not-eligible", "maria"))
    typed(page)
    page.evaluate("sessionStorage.clear()")
    form(page).get_by_role("button", name="Comment").click()
    expect(page.get_by_text("What you typed is kept")).to_be_visible()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.get_by_role("button", name="Sign in here, without what was typed").click()
    expect(page.get_by_role("heading", name="Who signs in?")).to_be_visible()


def test_a_window_that_handed_its_code_over_can_sign_in_itself(visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{PAGE}?state=of-a-window-that-is-gone&code=maria")
    expect(page.get_by_text("Go on in the window in which you worked")).to_be_visible()
    page.get_by_role("button", name="Sign in here").click()
    page.get_by_role("link", name="maria").click()
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()


def test_back_to_the_address_that_signed_in_shows_the_console(visit: Visit) -> None:
    page = signed_in(visit(), "maria")
    page.goto(f"{PAGE}?state=old&code=maria")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    assert "code=" not in page.url


def test_somebody_else_who_signs_in_sees_and_sends_nothing_of_it(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(signed_in(visit(), "maria"), the_item(office, "not-eligible", "maria"))
    typed(page)
    ended(office, monkeypatch)
    form(page).get_by_role("button", name="Comment").click()
    signs_in_again(page, "felix")
    expect(page.locator(".who")).to_contain_text("Felix")
    assert form(page).count() == 0
    assert not [url for _, url, body in office.asked if TEXT in body]


def test_what_is_dismissed_when_the_session_had_ended_goes_afterwards_too(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_letter(office)
    page = unmatched(signed_in(visit(), "maria"))
    ended(office, monkeypatch)
    page.get_by_role("button", name="Dismiss").first.click()
    form(page).get_by_role("button", name="Dismiss").click()
    signs_in_again(page, "maria")
    expect(page.get_by_role("status").filter(has_text="Dismissed")).to_be_visible()

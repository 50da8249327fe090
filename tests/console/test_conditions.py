"""The console as it is met: by a link while signed out, in another zone, enlarged, forgotten."""

from __future__ import annotations

from playwright.sync_api import Dialog, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office
from tests.console.test_pages import SHOWN
from tests.console.test_work import form, opened, the_item

ENLARGED = {"viewport": {"width": 320, "height": 640}}
"""1280 px at 400 %, where a page may be read by scrolling one way only (WCAG 1.4.10)."""


def test_a_link_that_is_opened_while_signed_out_leads_there_after_signing_in(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible", "maria")
    page = signed_in(visit(), "maria", f"#/referral/{item['id']}/comment")
    page.get_by_role("heading", name="Timeline").wait_for()
    expect(form(page).get_by_label("Comment")).to_be_focused()
    assert page.url == f"{PAGE}#/referral/{item['id']}/comment"


def test_times_are_the_tenants_wherever_the_browser_is(visit: Visit, office: Office) -> None:
    dues = []
    for device in ({}, {"timezone_id": "Asia/Tokyo", "locale": "de-DE"}):
        page = signed_in(visit(**device), "maria", "#/worklist/team")
        row = page.locator(f'tr[data-id="{office.items("maria")[0]["id"]}"]')
        dues.append(row.locator("td.due").inner_text())
        expect(page.locator(".zone")).to_contain_text("Eastern Daylight Time")
    assert dues[0] == dues[1]


def test_enlarged_no_page_is_wider_than_the_screen(visit: Visit, office: Office) -> None:
    page = signed_in(visit(**ENLARGED), "grace")
    for name, show in SHOWN.items():
        show(page, office)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= ENLARGED["viewport"]["width"], name


def test_leaving_with_words_that_were_not_sent_is_asked_about(visit: Visit, office: Office) -> None:
    page = opened(signed_in(visit(), "maria"), the_item(office, "not-eligible", "maria"))
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").press_sequentially("Half a sen")
    page.evaluate("setTimeout(() => location.reload())")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.wait_for_function("document.querySelector('form.act textarea')?.value === 'Half a sen'")
    assert asked == ["beforeunload"]
    form(page).get_by_role("button", name="Comment").click()
    expect(form(page)).to_have_count(0)
    page.reload()
    page.get_by_role("heading", name="Timeline").wait_for()
    assert asked == ["beforeunload"]


def test_no_step_within_the_console_takes_words_without_a_question(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible", "maria")
    page = opened(signed_in(visit(), "maria"), item)
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").press_sequentially("Half a sen")
    choice = page.locator("section", has=page.get_by_role("heading", name="Timeline"))
    choice.locator("select").first.select_option(index=1)
    expect(form(page).get_by_label("Comment")).to_have_value("Half a sen")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="← Mine").click()
    page.wait_for_url(f"**{item['id']}*")
    expect(form(page).get_by_label("Comment")).to_have_value("Half a sen")
    assert asked == ["confirm"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="← Mine").click()
    expect(page.get_by_role("heading", name="Work", level=1)).to_be_visible()

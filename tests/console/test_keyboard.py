"""Every act by keys alone: each control is come to by Tab, and used by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office
from tests.console.test_team import row_of_person, with_work
from tests.console.test_unmatched import a_letter, asked_a_clinic
from tests.in_memory import TENANT

MARIA = "Maria Santos"
MOST_TABS = 150


def reach(page: Page, control: Locator) -> None:
    """Press Tab until a control has the focus."""
    control.wait_for()
    for _ in range(MOST_TABS):
        if control.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to {control}")


def press(page: Page, control: Locator, key: str = "Enter") -> None:
    reach(page, control)
    page.keyboard.press(key)


def choose(page: Page, select: Locator, text: str) -> None:
    reach(page, select)
    page.keyboard.type(text)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_many_items_are_assigned_snoozed_and_exported(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    rows = page.locator("table.work tbody tr")
    expect(rows.first.get_by_role("link")).to_be_focused()
    wanted = rows.nth(1).get_attribute("data-id")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+Tab")  # backwards: the bar lies above the list
    bar = page.get_by_role("group", name="With the selected items")
    expect(bar).to_contain_text("1 selected")
    select = bar.get_by_label("Snooze for")
    select.focus()
    page.keyboard.type("4 hours")
    expect(select).not_to_have_value("")
    assert not [i for i in office.items("maria") if i["snoozedUntil"]], "choosing is no act yet"
    press(page, bar.get_by_role("button", name="Snooze"))
    expect(page.get_by_role("status")).to_contain_text("1 done.")
    assert [i["id"] for i in office.items("maria") if i["snoozedUntil"]] == [wanted]
    expect(page.get_by_label("Select all shown")).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_label("Assign to").focus()
    page.keyboard.type("Maria")
    press(page, bar.get_by_role("button", name="Assign"))
    every = len(office.items("maria"))
    expect(page.get_by_role("status")).to_contain_text(f"{every} done.")
    assert len(office.items("maria", "?owner=me")) == every
    page.locator(".empty").wait_for()  # the list is shown anew: a focus of before would be lost
    page.get_by_role("link", name="Mine").press("Enter")
    with page.expect_download() as started:
        press(page, button(page, "Export the list"))
    assert Path(started.value.path()).read_bytes().count(b"\r\n") == len(office.items("maria")) + 1


def test_the_one_after_what_was_claimed_has_the_focus(visit: Visit) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    rows = page.locator("table.work tbody tr")
    expect(rows.first.get_by_role("link")).to_be_focused()
    following = str(rows.nth(1).get_attribute("data-id"))
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text("is yours")
    expect(page.locator(f'tr[data-id="{following}"]').get_by_role("link")).to_be_focused()


def test_a_list_is_filtered_and_the_filter_kept_and_taken_away(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "olu", "#/worklist/team")
    page.locator("table.work").wait_for()
    page.get_by_role("link", name="Skip to the page").focus()
    page.keyboard.press("Enter")
    choose(page, page.get_by_label("Reason"), "Authorization denied")
    expect(page.get_by_role("button", name="Remove the filter")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    press(page, button(page, "Save this filter …"))
    page.keyboard.type("Denials")
    page.keyboard.press("Enter")
    press(page, button(page, "Forget “Denials”"))
    expect(page.get_by_label("Saved filters")).to_have_count(0)
    assert office.call("olu", "GET", "/filters")["filters"] == []
    page.get_by_label("Reason").focus()
    press(page, page.get_by_role("button", name="Remove the filter"))
    expect(page.locator("table.work tbody tr")).to_have_count(len(office.items("olu")))


def test_a_manager_hands_over_changes_onboards_and_ends(visit: Visit, office: Office) -> None:
    with_work(office)
    page = signed_in(visit(), "grace", "#/team")
    press(page, button(page, f"Hand over what {MARIA} has"))
    expect(page.get_by_role("combobox", name="To")).to_be_focused()
    page.keyboard.type("Olu")
    press(page, button(page, "Hand over"))
    expect(page.get_by_role("status")).to_contain_text("2 handed over")
    assert len(office.items("olu", "?owner=me")) == 2
    press(page, button(page, f"Change {MARIA}"))
    choose(page, page.get_by_label("Duty"), "Reviewer")
    press(page, button(page, "Change"))
    expect(row_of_person(page, MARIA)).to_contain_text("Reviewer")
    press(page, button(page, f"{MARIA} leaves"))
    press(page, button(page, "End the access"))
    expect(page.get_by_role("status")).to_contain_text(f"{MARIA} has left")
    press(page, button(page, "Onboard a person …"))
    page.keyboard.type("Ines Moreau")
    page.keyboard.press("Tab")
    page.keyboard.type("ines")
    press(page, page.get_by_label("Front office"), "Space")
    press(page, button(page, "Onboard"))
    expect(row_of_person(page, "Ines Moreau")).to_contain_text("Front office")


def test_a_figure_is_asked_for_drawn_exported_and_compared(visit: Visit) -> None:
    page = signed_in(visit(), "felix")
    press(page, page.get_by_role("link", name="Conversion"))
    page.locator(".tiles").wait_for()
    press(page, page.get_by_text("What it is of"))
    expect(page.locator("details dl")).to_be_visible()
    choose(page, page.get_by_label("Cut by"), "Priority")
    press(page, button(page, "Show"))
    expect(page.locator("table.figure thead th").first).to_have_text("Priority")
    choose(page, page.get_by_label("Drawn"), "Booked")
    expect(page.locator("figcaption")).to_contain_text("ever booked")
    for name in ("CSV", "JSON", "Parquet"):
        with page.expect_download():
            press(page, button(page, f"Export {name}"))
    reach(page, page.get_by_label("What differs from the report as of"))
    page.keyboard.type("03032026")
    page.keyboard.press("Tab")
    page.keyboard.type("1200AM")
    press(page, button(page, "Compare"))
    expect(page.get_by_role("status")).to_contain_text("differences since")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Figures", level=1)).to_be_visible()


def test_what_belongs_to_no_referral_is_read_and_attached(visit: Visit, office: Office) -> None:
    about = asked_a_clinic(office)
    name = a_letter(office, about=about["id"])
    page = signed_in(visit(), "maria", "#/unmatched")
    press(page, button(page, "Read it"))
    expect(page.get_by_label("As it came")).to_be_visible()
    press(page, button(page, "Find its referral"))
    press(page, page.get_by_role("button", name="Attach it to the referral of"))
    expect(button(page, "Attach")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Attached.")
    assert office.api.unmatched.get(TENANT, name).attached_to == about["id"]


def test_a_patient_is_searched_for_and_the_record_behind_opened(
    visit: Visit, office: Office
) -> None:
    item = office.items("grace")[0]
    page = signed_in(visit(), "grace", "#/search")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(item["placer"])
    page.keyboard.press("Enter")
    press(page, page.locator(".found a"))
    page.get_by_role("heading", name="Timeline").wait_for()
    select = page.get_by_label("Show of the timeline")
    choose(page, select, "Every step")
    expect(select).to_be_focused()
    for title in ("Routing", "Runs", "Money", "The order as it came"):
        press(page, page.locator("summary").filter(has_text=title))
        part = page.locator("details.part").filter(has_text=title)
        expect(part).to_have_attribute("open", "")
    assert page.url == f"{PAGE}#/referral/{item['id']}"

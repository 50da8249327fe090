"""What common work takes a person: presses of the pointer and of keys, counted in the browser.

From the list on: claiming, opening, acting. docs/console.md quotes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import Office
from tests.console.test_work import form, the_item

COUNT = """
globalThis.effort = {presses: 0, keys: 0};
addEventListener('pointerdown', () => { effort.presses += 1; }, true);
addEventListener('keydown', () => { effort.keys += 1; }, true);
"""


class Work(NamedTuple):
    """A common work. Attributes: takes: presses of the pointer and of keys."""

    name: str
    person: str
    reason: str
    does: Callable[[Page], None]
    takes: tuple[int, int]


def record_a_call(page: Page) -> None:
    form_of(page, "Record a call")
    form(page).get_by_text("No answer").click()
    form(page).get_by_role("button", name="Record a call").click()


def enter_an_authorization(page: Page) -> None:
    form_of(page, "Enter authorization")
    page.keyboard.type("PA-4711")
    form(page).get_by_label("Valid to").click(position={"x": 12, "y": 12})  # its month
    page.keyboard.type("06302026")
    page.keyboard.press("Enter")


def answer_what_was_missing(page: Page) -> None:
    form_of(page, "Try again")
    form(page).get_by_role("button", name="Try again").click()


def form_of(page: Page, action: str) -> None:
    page.get_by_role("button", name=action, exact=True).click()
    expect(form(page).locator(":focus")).to_have_count(1)


WORKS = (
    Work("call", "olu", "patient-opted-out", record_a_call, (5, 0)),
    Work("authorization", "olu", "authorization-denied", enter_an_authorization, (4, 16)),
    Work("missing", "maria", "missing-information", answer_what_was_missing, (4, 0)),
)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_common_work_takes_few_presses(visit: Visit, office: Office, work: Work) -> None:
    item = the_item(office, work.reason, work.person)
    context = visit()
    context.add_init_script(COUNT)
    page = signed_in(context, work.person, "#/worklist/team")
    row = page.locator(f'tr[data-id="{item["id"]}"]')
    row.get_by_role("button", name="Claim").click()
    expect(row).to_contain_text("You")
    row.locator("td.patient a").click()
    page.get_by_role("heading", name="Timeline").wait_for()
    work.does(page)
    expect(page.get_by_role("status")).to_contain_text("recorded")
    effort = page.evaluate("effort")
    assert (effort["presses"], effort["keys"]) == work.takes

"""Deciding a work item by keys alone, with the form that the page has for it."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Locator, Page, expect

DAY: Final = "2027-01-31"
TYPED: Final = {"number": "PA-4711", "validTo": DAY, "specialty": "207RC0000X"}
"""What is typed where the form asks for it, by the field's name."""


def filled(form: Locator) -> None:
    """Fill in what a form asks for and nothing else."""
    for box in form.locator("input[required]:not([type=radio]):visible").all():
        box.fill(TYPED[str(box.get_attribute("name"))])
    for group in form.locator("fieldset:visible").all():
        group.get_by_role("radio").first.press("Space")


def decide(page: Page) -> str:
    """Take the first decision that a referral's page offers; return what it is called."""
    first = page.get_by_role("group", name="Decide").get_by_role("button").first
    name = first.inner_text()
    first.press("Enter")
    form = page.locator("form.act")
    expect(form.locator(".follows")).not_to_be_empty()
    filled(form)
    filled(form)  # what was chosen may ask for more: who said so
    form.locator("button[type=submit]").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    return name

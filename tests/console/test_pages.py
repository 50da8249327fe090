"""Every page in light and dark, wide and narrow: no violation of axe-core, nothing that leaks."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser import signed_in, violations
from tests.console.conftest import Visit
from tests.console.office import ORIGIN, PAGE, Office
from tests.console.test_unmatched import a_letter

PICTURES = Path(__file__).parents[2] / "docs/console"
WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def with_work(office: Office) -> None:
    """Let some of the work be Maria's, one item snoozed and one commented."""
    first, second, *_ = office.items("maria")
    for item in (first, second):
        office.decide("maria", item["id"], "claim")


def work(page: Page, _office: Office) -> None:
    page.goto(f"{PAGE}#/worklist/team")
    page.locator("table.work").wait_for()


def referral(page: Page, office: Office) -> None:
    item = next(i for i in office.items("maria") if i["reason"] == "patient-opted-out")
    page.goto(f"{PAGE}#/referral/{item['id']}")
    page.get_by_role("button", name="Record a call").click()
    page.locator("form.act").wait_for()


def search(page: Page, office: Office) -> None:
    page.goto(f"{PAGE}#/search")
    page.get_by_role("searchbox").fill(office.items("maria")[0]["placer"])
    page.keyboard.press("Enter")
    page.locator(".found a").wait_for()


def unmatched(page: Page, office: Office) -> None:
    a_letter(office, about=office.items("maria")[0]["id"])
    page.goto(f"{PAGE}#/unmatched")
    page.get_by_role("button", name="Find its referral").click()
    page.get_by_role("button", name="Attach it to the referral of").wait_for()


def team(page: Page, _office: Office) -> None:
    page.goto(f"{PAGE}#/team")
    page.get_by_role("heading", name="Teams").wait_for()
    page.get_by_role("button", name="Onboard a person").click()
    page.locator("form.act").wait_for()


def operations(page: Page, _office: Office) -> None:
    page.goto(f"{PAGE}#/operations")
    page.get_by_role("region", name="Partners' health").wait_for()
    expect(page.locator(".board").get_by_text("Loading")).to_have_count(0)


def figures(page: Page, _office: Office) -> None:
    page.goto(f"{PAGE}#/figures")
    page.locator(".catalogue").first.wait_for()


def figure(page: Page, _office: Office) -> None:
    page.goto(f"{PAGE}#/figures/conversion?by=pathway")
    page.locator("table.figure").wait_for()


SHOWN = {
    "work": work,
    "referral": referral,
    "search": search,
    "unmatched": unmatched,
    "team": team,
    "operations": operations,
    "figures": figures,
    "figure": figure,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "device"), [("wide", WIDE), ("narrow", NARROW)])
def test_no_page_has_a_violation_or_is_wider_than_the_screen(
    visit: Visit, office: Office, size: str, device: dict[str, object], scheme: str
) -> None:
    with_work(office)
    page = signed_in(visit(**device, color_scheme=scheme), "grace")
    for name, show in SHOWN.items():
        show(page, office)
        assert violations(page) == [], name
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.evaluate("innerWidth"), name
        if os.environ.get("PICTURES"):
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{name}-{size}-{scheme}.png")


def test_the_sign_in_page_has_no_violation(visit: Visit) -> None:
    page = visit().new_page()
    page.goto(PAGE)
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    assert violations(page) == []


def test_nothing_of_a_patient_is_in_an_address_a_title_or_the_storage_and_no_request_leaves(
    visit: Visit, office: Office
) -> None:
    context = visit()
    broken: list[str] = []

    def told(directive: str) -> None:
        broken.append(directive)

    context.expose_function("told", told)
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => told(e.violatedDirective))"
    )
    page = signed_in(context, "grace")
    page.on("console", lambda message: broken.append(message.text))
    page.on("pageerror", lambda error: broken.append(str(error)))
    titles = set()
    for show in SHOWN.values():
        show(page, office)
        titles.add(page.title())
    patients = [i["patient"] for i in office.items("grace", "?_include=patient")]
    assert patients
    kept = page.evaluate(
        "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
    )
    seen = " ".join([kept, *titles, *(url for _, url, _ in office.asked)])
    for patient in patients:
        for word in (*patient["name"].split(", "), patient["birthDate"], patient["recordNumber"]):
            assert word not in seen
    assert {urlsplit(url).netloc for _, url, _ in office.asked} == {urlsplit(ORIGIN).netloc}
    assert broken == []


def test_a_first_page_is_as_many_requests_and_bytes_whatever_is_closed(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "maria")
    page.locator("table.work, .empty").first.wait_for()
    api = [url for _, url, _ in office.asked if "/console" not in url and "/oauth2" not in url]
    assert sorted(urlsplit(url).path for url in api) == [
        "/filters",
        "/me",
        "/people",
        "/work-items",
        "/work-items/counts",
    ]

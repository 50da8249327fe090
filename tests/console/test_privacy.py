"""Canaries in a patient's record and in all that people type: none comes to an address or is kept.

Addresses, titles, the history, storage, the browser's console and the API's log are looked through
after a day's work; what is typed travels in bodies alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.search_terms import patient_terms
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import ORIGIN, PAGE, Office
from tests.console.test_unmatched import a_letter
from tests.console.test_work import form, opened, the_item
from tests.in_memory import TENANT

PATIENT: Final = {
    "family": "Qzxfamily",
    "given": "Qzxgiven",
    "mrn": "QZX-4711",
    "phone": "+15085559917",
    "email": "qzxmail@example.org",
    "address_lines": ("9 Qzxstreet",),
}
TYPED: Final = ("qzxcomment", "QZXAUTH77", "qzxfilter", "qzxnobody")
CANARY: Final = re.compile(r"qzx|5559917|555-9917", re.IGNORECASE)
KEPT: Final = """async () => JSON.stringify([
    {...sessionStorage}, {...localStorage}, document.cookie, history.state, document.referrer,
    await caches.keys(), (await indexedDB.databases()).map(each => each.name),
    performance.getEntries().map(each => each.name)])"""


def planted(office: Office, item: Any) -> None:
    """Give an item's patient a record of canaries."""
    table = office.api.world.referrals
    referral = table.load(TENANT, item["id"]).referral
    payload = ClinicalPayload.load(table.payload(referral))
    patient = payload.content.patient.but(**PATIENT)
    content = payload.content.but(patient=patient)
    at = (TENANT, referral.id), referral.payload_version
    table.payloads[at] = payload.but(content=content).dump()
    for term in patient_terms(patient):
        table.identifiers[TENANT, term][referral.id] = None


def search_for_each_identifier(page: Page) -> None:
    page.goto(f"{PAGE}#/search")
    for text in ("qzxfamily qzxgiven", "QZX 4711", "(508) 555-9917", TYPED[3]):
        page.get_by_role("searchbox").fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(re.compile("referral|Nothing"))


def comment_and_authorize(page: Page, item: Any) -> None:
    opened(page, item)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Qzxfamily")
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").fill(TYPED[0])
    form(page).get_by_role("button", name="Comment").click()
    expect(page.locator(".comments")).to_contain_text(TYPED[0])
    page.get_by_role("button", name="Enter authorization").click()
    form(page).get_by_label("Authorization number").fill(TYPED[1])
    form(page).get_by_label("Valid to").fill("2027-01-31")
    form(page).locator("button[type=submit]").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")


def use_the_list(page: Page) -> None:
    page.goto(f"{PAGE}#/worklist/team")
    page.get_by_label("Reason").select_option("authorization-denied")
    page.get_by_role("button", name="Save this filter").click()
    page.get_by_label("Name", exact=True).fill(TYPED[2])
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name=f"Forget “{TYPED[2]}”").wait_for()
    page.get_by_role("button", name="Patient", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Export the list").click()
    assert CANARY.search(Path(started.value.path()).read_text())


def look_for_whom_a_letter_means(page: Page) -> None:
    page.goto(f"{PAGE}#/unmatched")
    page.get_by_role("button", name="Find its referral").click()
    page.get_by_role("searchbox").fill("qzxfamily")
    page.keyboard.press("Enter")
    page.locator(".found .found a").wait_for()


def test_no_canary_of_a_days_work_is_in_an_address_a_title_a_store_or_a_log(
    visit: Visit, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    item = the_item(office, "authorization-denied", "olu")
    planted(office, item)
    a_letter(office)
    context = visit()
    said: list[str] = []

    def told(what: str) -> None:
        said.append(what)

    context.expose_function("told", told)
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => told('CSP ' + e.violatedDirective))"
    )
    page = signed_in(context, "olu")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    for work in (use_the_list, search_for_each_identifier, look_for_whom_a_letter_means):
        work(page)
        seen += [page.url, page.title(), page.evaluate(KEPT)]
    comment_and_authorize(page, item)
    seen += [page.url, page.title(), page.evaluate(KEPT)]
    page.go_back()
    page.reload()
    page.get_by_role("navigation", name="Pages").wait_for()
    seen += [page.url, page.title(), page.evaluate(KEPT)]
    seen += [url for _, url, _ in office.asked]
    bodies = " ".join(body for _, _, body in office.asked)
    assert all(word in bodies for word in TYPED), "the canaries were sent"
    assert not [text for text in seen if CANARY.search(text)]
    assert not CANARY.search(caplog.text)
    assert said == []
    assert all(url.startswith(ORIGIN) for _, url, _ in office.asked)

"""What lies behind a referral as a person reads it: authorization, contacts, documents, order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from referral_core.domain.payers.authorization import AuthorizationStatus
from tests.console.browser import signed_in, violations
from tests.console.conftest import Visit
from tests.console.office import Office
from tests.console.test_operations import changed
from tests.console.test_work import TEXT, form, opened, the_item
from tests.in_memory import TENANT


def part(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator(".columns section").filter(has=heading)


def test_the_authorization_says_its_clock_and_what_was_asked_and_answered(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "authorization-denied")
    now = office.api.world.clock.now()
    asked = office.api.world.referrals.load(TENANT, item["id"]).referral.authorization
    assert asked is not None
    pended = {"status": AuthorizationStatus.PENDED, "due_at": now - timedelta(hours=8)}
    changed(office, item["id"], authorization=asked.but(**pended, expedited=True))
    page = opened(signed_in(visit(), "olu"), item)
    said = part(page, "Authorization")
    expect(said).to_contain_text(asked.trace)
    expect(said).to_contain_text("▲ 8 h over, expedited")
    answers = said.get_by_role("region", name="Requests and answers")
    expect(answers).to_contain_text("Authorization denied")
    expect(answers).to_contain_text("Denied, A3")


def test_a_clock_that_does_not_run_says_nothing(visit: Visit, office: Office) -> None:
    item = the_item(office, "authorization-denied")
    page = opened(signed_in(visit(), "olu"), item)
    said = part(page, "Authorization")
    expect(said).to_contain_text("Denied")
    assert said.get_by_text("Clock").count() == 0


def test_a_contact_says_its_part_of_the_day_and_the_words_of_it(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    contacts = part(page, "Contacts").locator("tbody tr")
    expect(contacts.first).to_contain_text("morning")
    page.get_by_role("button", name="Record a call").click()
    form(page).get_by_label("No answer").check()
    form(page).get_by_label("Comment (optional)").fill(TEXT)
    form(page).get_by_role("button", name="Record a call").click()
    expect(contacts).to_have_count(2)
    expect(contacts.last).to_contain_text("No answer")
    expect(contacts.last).to_contain_text(TEXT)


def test_a_document_is_read_on_the_page_by_keys_a_line_a_segment(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, answer = the_item(office, "patient-opted-out"), office.answer
    came = {"Content-Type": "application/edi-x12", "Content-Disposition": "attachment"}

    def kept(method: str, url: str, headers: Any, body: str) -> Any:
        # The simulation keeps documents' hashes, not their bytes.
        if "/documents/" in url:
            return 200, came, b"ISA*00~GS*HB~ST*271*0001~"
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", kept)
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Read the eligibility response").press("Enter")
    text = page.get_by_label("As it came", exact=True)
    expect(text).to_be_focused()
    assert text.inner_text().splitlines()[:3] == ["ISA*00~", "GS*HB~", "ST*271*0001~"]
    assert violations(page) == []
    page.get_by_role("button", name="Close what is read").press("Enter")
    expect(text).to_have_count(0)


def test_the_order_is_read_as_a_person_reads_it_with_the_original_behind(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.locator("summary").filter(has_text="The order as it came").click()
    content = page.get_by_role("region", name="Clinical content").locator("tbody tr")
    expect(content).to_contain_text(["Psoriasis vulgaris"])
    expect(page.get_by_label("The order as FHIR")).to_contain_text('"resourceType": "Condition"')

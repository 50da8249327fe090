"""What belongs to no referral: it is read, attached to the one that is meant, or dismissed."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from referral_core.domain.ids import ReferralId
from referral_core.domain.unmatched import Candidate, Mismatch, Sign
from referral_core.domain.updates import UpdateKind
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office
from tests.in_memory import TENANT
from tests.unit.builders import an_update
from tests.unit.entrypoints.http.unmatched_items import an_item

LETTER = "Seen on Monday. <b>No change</b> of treatment."


def a_letter(office: Office, name: str = "letter", about: str | None = None, **said: str) -> str:
    """Keep a report that names no referral; `about`: whom it may be about."""
    item = an_item(name, update=an_update(UpdateKind.REPORT_RECEIVED, loinc="11488-4", **said))
    sha256 = office.api.world.documents.put(TENANT, LETTER.encode(), "text/plain")
    assert item.evidence is not None
    evidence = item.evidence.but(sha256=sha256, content_type="text/plain", size=len(LETTER))
    signs = (Sign.SAME_PERSON, Sign.SAME_CLINIC)
    named = [Candidate(referral_id=ReferralId(about), signs=signs, is_open=True)] if about else []
    office.api.unmatched.keep(item.but(evidence=evidence, candidates=tuple(named)))
    return name


def asked_a_clinic(office: Office) -> Any:
    """Return an item of a referral that a clinic has, so that a report of it may come."""
    items = office.items("grace", "?_include=patient")
    return next(item for item in items if item["reason"] == "patient-opted-out")


def opened(page: Page) -> Page:
    page.goto(f"{PAGE}#/unmatched")
    page.get_by_role("heading", name="Unmatched", level=1).wait_for()
    return page


def card(page: Page, name: str) -> Locator:
    return page.locator(f'li[data-id="{name}"]')


def test_what_came_is_read_and_attached_to_whom_it_is_about(visit: Visit, office: Office) -> None:
    about = asked_a_clinic(office)
    name = a_letter(office, about=about["id"])
    page = signed_in(visit(), "maria", "#/worklist/team")
    page.get_by_role("link", name="Unmatched 1").click()
    expect(card(page, name)).to_contain_text("It names no referral.")
    card(page, name).get_by_role("button", name="Read it").click()
    expect(page.get_by_label("As it came")).to_have_text(LETTER)
    card(page, name).get_by_role("button", name="Find its referral").click()
    expect(card(page, name)).to_contain_text("same name and birth date")
    patient = about["patient"]["name"]
    card(page, name).get_by_role("button", name=f"Attach it to the referral of {patient}").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Attached.")
    expect(card(page, name)).to_have_count(0)
    settled = office.api.unmatched.get(TENANT, name)
    assert (settled.attached_to, settled.settled_by) == (about["id"], "maria")
    names = (word for word in patient.split(", "))
    assert not [url for _, url, _ in office.asked for word in names if word in url]


def test_who_is_meant_is_searched_for_where_nobody_suggests_it(
    visit: Visit, office: Office
) -> None:
    about = asked_a_clinic(office)
    name = a_letter(office)
    page = opened(signed_in(visit(), "maria"))
    card(page, name).get_by_role("button", name="Find its referral").click()
    expect(card(page, name)).to_contain_text("No referral suggests itself")
    page.get_by_role("searchbox").fill(about["placer"])
    page.keyboard.press("Enter")
    card(page, name).get_by_role("button", name="Attach it to the referral of").click()
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Attached.")
    assert office.api.unmatched.get(TENANT, name).attached_to == about["id"]


def test_whose_letter_shows_that_the_patient_was_seen_elsewhere_is_recorded_with_who_it_was(
    visit: Visit, office: Office
) -> None:
    about = asked_a_clinic(office)
    name = a_letter(office, about=about["id"], author="1999999999")
    page = opened(signed_in(visit(), "maria"))
    card(page, name).get_by_role("button", name="Find its referral").click()
    card(page, name).get_by_role("button", name=f"{about['patient']['name']} was seen").click()
    # What the letter says of its author is typed already.
    who = card(page, name).get_by_label("NPI of who saw the patient, if it is known")
    expect(who).to_have_value("1999999999")
    expect(who).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Recorded: seen elsewhere.")
    expect(card(page, name)).to_have_count(0)
    assert office.api.unmatched.get(TENANT, name).attached_to == about["id"]
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert '"performer":"1999999999"' in sent[-1]


def test_what_is_nothing_is_dismissed_and_what_a_colleague_settled_is_said(
    visit: Visit, office: Office
) -> None:
    a_letter(office, "first")
    a_letter(office, "second")
    standing = an_item("third", mismatch=Mismatch.REFERRAL_STANDS, update=None, evidence=None)
    candidate = Candidate(
        referral_id=ReferralId(office.items("maria")[0]["id"]), signs=(Sign.NAMED,), is_open=True
    )
    office.api.unmatched.keep(standing.but(candidates=(candidate,)))
    page = opened(signed_in(visit(), "maria"))
    first = page.locator("li[data-id]").first
    expect(first).to_contain_text("A referral stands still")
    expect(first.get_by_role("link", name="Open the referral")).to_be_visible()
    card(page, "first").get_by_role("button", name="Dismiss").click()
    page.get_by_role("button", name="Cancel").click()
    card(page, "first").get_by_role("button", name="Dismiss").click()
    page.get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Dismissed.")
    expect(card(page, "first")).to_have_count(0)
    expect(card(page, "second")).to_have_count(1)
    assert office.api.unmatched.get(TENANT, "first").attached_to is None


def test_what_a_referral_cannot_take_now_is_said_and_goes_on_waiting(
    visit: Visit, office: Office
) -> None:
    items = office.items("grace")
    about = next(item for item in items if item["reason"] == "missing-information")
    name = a_letter(office, about=about["id"])
    page = opened(signed_in(visit(), "maria"))
    card(page, name).get_by_role("button", name="Find its referral").click()
    card(page, name).get_by_role("button", name="Attach it to the referral of").click()
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(card(page, name).get_by_role("alert").first).to_contain_text("Nothing was done")
    assert office.api.unmatched.get(TENANT, name).settled_at is None

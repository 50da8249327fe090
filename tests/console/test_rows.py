"""A row answers who it is, what is wanted, who acts next, by when and how late, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from referral_core.domain.payers.authorization import AuthorizationStatus
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import Office
from tests.console.test_operations import changed
from tests.console.test_work import opened, the_item
from tests.in_memory import TENANT


def row(page: Page, item: Any) -> Locator:
    return page.locator(f'tr[data-id="{item["id"]}"]')


def worded(code: str) -> str:
    """Say a code as the console does."""
    return code.replace("-", " ").capitalize()


def test_a_row_says_what_the_api_knows_of_its_referral(visit: Visit, office: Office) -> None:
    found = office.items("grace", "?_include=patient&_count=100")
    page = signed_in(visit(), "grace", "#/worklist/team")
    row(page, found[0]).wait_for()
    for item in found:
        patient, said = item["patient"], row(page, item)
        year, month, day = patient["birthDate"].split("-")
        for told in (
            patient["name"],
            f"born {month}/{day}/{year}",
            patient["service"],
            f"from {patient['referredBy']}",
            worded(item["pathway"]),
            item["statusReason"].removeprefix("Overdue. "),
            "overdue" if item["statusReason"].startswith("Overdue. ") else "due in",
            "ago",
            "for ",
        ):
            expect(said).to_contain_text(told)
        expect(said.locator("td.patient")).to_have_attribute(
            "title", f"Record {patient['recordNumber']}"
        )
        expect(said.locator(".priority")).to_have_count(int(item["priority"] != "routine"))
        if item["performer"]:
            expect(said).to_contain_text(f"at {worded(item['performer'])}")
        expect(said.get_by_role("button", name="Claim")).to_have_count(1)
    assert {item["priority"] for item in found} > {"routine"}


def test_what_waits_for_others_says_for_whom_and_its_visit(visit: Visit, office: Office) -> None:
    found = office.items("grace", "?list=waiting&_include=patient&_count=100")
    page = signed_in(visit(), "grace", "#/worklist/waiting")
    booked = [item for item in found if item["appointment"]]
    assert booked
    for item in booked:
        said = row(page, item)
        expect(said).to_contain_text(f"waits for {item['waitsFor']}")
        expect(said).to_contain_text("visit ")


def test_a_payers_clock_that_is_breached_is_flagged_wherever_its_referral_is(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "authorization-denied")
    now = office.api.world.clock.now()
    asked = office.api.world.referrals.load(TENANT, item["id"]).referral.authorization
    assert asked is not None

    def clock(due: timedelta) -> None:
        pended = {"status": AuthorizationStatus.PENDED, "due_at": now + due}
        changed(office, item["id"], authorization=asked.but(**pended))

    clock(timedelta(hours=30))
    page = signed_in(visit(), "olu", "#/worklist/team")
    expect(row(page, item)).to_contain_text("payer until")
    clock(timedelta(hours=-8))
    page.reload()
    expect(row(page, item)).to_contain_text("▲ 8 h over: the payer is late")
    expect(opened(page, item).locator(".steppers")).to_contain_text("▲ 8 h over: the payer is late")

"""Each kind of work item is decided once, by keys alone, with the form that the page has for it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from referral_core.domain.ids import ReferralId
from referral_core.domain.work_items import Reason
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office, people
from tests.in_memory import REFERRAL, TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

DAY = "2027-01-31"
TYPED = {"number": "PA-4711", "validTo": DAY, "specialty": "207RC0000X"}
"""What is typed where the form asks for it, by the field's name."""


def standing_at(office: Office, reason: Reason) -> ApiClient:
    """Open the office over a referral that waits for a person with a reason."""
    office.api = ApiClient(STANDS_AT[reason](), settled=False)
    directory = office.api.world.directory
    directory._records = (*directory._records, *people())
    return office.api


def filled(form: Locator) -> None:
    """Fill in what a form asks for and nothing else."""
    for box in form.locator("input[required]:not([type=radio]):visible").all():
        box.fill(TYPED[str(box.get_attribute("name"))])
    for group in form.locator("fieldset:visible").all():
        group.get_by_role("radio").first.press("Space")


def decide(page: Page) -> str:
    """Take the first decision that the page offers; return what it is called."""
    page.goto("about:blank")
    page.goto(f"{PAGE}#/referral/{REFERRAL}")
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


def test_each_kind_of_item_is_decided_by_the_first_thing_that_its_page_offers(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "grace")
    decided: dict[Reason, str] = {}
    for reason in Reason:
        api = standing_at(office, reason)
        before = api.world.referral
        assert before.work_item is not None
        assert before.work_item.reason is reason
        decided[reason] = decide(page)
        after = api.world.referral
        assert after.version > before.version, reason
        events = api.world.referrals.events(TENANT, ReferralId(REFERRAL))
        actors = [event.actor for event in events if event.version > before.version]
        assert "grace" in actors, reason
    assert set(decided) == set(Reason)

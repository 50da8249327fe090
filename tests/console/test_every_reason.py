"""Each kind of work item is decided once, by keys alone, with the form that the page has for it."""

from __future__ import annotations

from playwright.sync_api import Page

from referral_core.domain.ids import ReferralId
from referral_core.domain.work_items import Reason
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.deciding import decide
from tests.console.office import PAGE, Office, people
from tests.in_memory import REFERRAL, TENANT
from tests.unit.entrypoints.http.api_client import ApiClient
from tests.unit.lifecycle.work_item_worlds import STANDS_AT


def standing_at(office: Office, reason: Reason) -> ApiClient:
    """Open the office over a referral that waits for a person with a reason."""
    office.api = ApiClient(STANDS_AT[reason](), settled=False)
    directory = office.api.world.directory
    directory._records = (*directory._records, *people())
    return office.api


def first_decided(page: Page) -> str:
    """Open the referral's page, and take the first decision that it offers."""
    page.goto("about:blank")
    page.goto(f"{PAGE}#/referral/{REFERRAL}")
    return decide(page)


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
        decided[reason] = first_decided(page)
        after = api.world.referral
        assert after.version > before.version, reason
        events = api.world.referrals.events(TENANT, ReferralId(REFERRAL))
        actors = [event.actor for event in events if event.version > before.version]
        assert "grace" in actors, reason
    assert set(decided) == set(Reason)

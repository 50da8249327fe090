"""What fails is said where the person looks, and takes nothing away that stands there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Answer, Office
from tests.console.test_operations import card
from tests.console.test_operations import opened as operations
from tests.console.test_team import row_of_person, team
from tests.console.test_unmatched import a_letter
from tests.console.test_unmatched import opened as unmatched
from tests.console.test_work import form, opened, the_item

UNEXPLAINED = "That did not work. Try again; if it happens again, tell operations."
LOST = None
"""The answer to a request that gets lost."""


class Failing:
    """Lets the requests for one path fail, as long as it is said."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self._answer = office.answer
        self._failing: dict[str, Answer | None] = {}
        monkeypatch.setattr(office, "answer", self.answer)

    def answer(self, method: str, url: str, headers: Any, body: str) -> Answer | None:
        for path, answer in self._failing.items():
            if path in url:
                return answer
        return self._answer(method, url, headers, body)

    def begin(self, path: str, answer: Answer | None = LOST) -> None:
        self._failing[path] = answer

    def end(self) -> None:
        self._failing.clear()


@pytest.fixture
def failing(office: Office, monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(office, monkeypatch)


def answered(status: int, body: Any) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def at_work(visit: Visit, where: str = "#/worklist/team") -> Page:
    page = signed_in(visit(), "maria", where)
    rows(page).first.wait_for()
    return page


def rows(page: Page) -> Locator:
    return page.locator("table.work tbody tr[data-id]")


def said(page: Page) -> Locator:
    return page.get_by_role("alert").filter(has_text="No connection")


def is_tried_again(page: Page, failing: Failing) -> None:
    """Let requests arrive again, and press what is offered."""
    failing.end()
    said(page).get_by_role("button", name="Try again").click()
    expect(said(page)).to_have_count(0)


# --- the lists -----------------------------------------------------------------------------------


def test_rows_stay_when_they_cannot_be_read_anew(visit: Visit, failing: Failing) -> None:
    page = at_work(visit)
    count = rows(page).count()
    failing.begin("/work-items")
    rows(page).first.get_by_role("link").press("c")
    expect(said(page)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="No connection")).to_be_visible()
    assert rows(page).count() == count
    is_tried_again(page, failing)
    assert rows(page).count() == count


def test_no_row_of_another_question_stands_under_a_filter_that_could_not_be_asked(
    visit: Visit, office: Office, failing: Failing
) -> None:
    page = at_work(visit)
    failing.begin("/work-items?")
    page.get_by_label("Reason").select_option("not-eligible")
    expect(said(page)).to_be_visible()
    expect(rows(page)).to_have_count(0)
    is_tried_again(page, failing)
    expect(rows(page)).to_have_count(len(office.items("maria", "?reason=not-eligible")))


def test_a_question_that_was_overtaken_takes_nothing_away_when_it_fails(
    visit: Visit, office: Office
) -> None:
    page = at_work(visit)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/work-items?*reason=not-eligible*", hold)
    reason = page.get_by_label("Reason")
    with page.expect_request("**/work-items?*reason=not-eligible*"):
        reason.select_option("not-eligible")
    reason.select_option("fault")
    count = len(office.items("maria", "?reason=fault"))
    expect(rows(page)).to_have_count(count)
    with page.expect_event("requestfailed"):
        held[0].abort()
    expect(rows(page)).to_have_count(count)
    expect(said(page)).to_have_count(0)


def test_what_may_be_chosen_takes_no_list_away_where_it_cannot_be_read(
    visit: Visit, failing: Failing
) -> None:
    page = at_work(visit)
    count = rows(page).count()
    failing.begin("/work-items/values")
    page.get_by_text("More filters").click()
    looked = page.locator(".looked")
    expect(looked).to_contain_text("No connection")
    assert rows(page).count() == count
    failing.end()
    looked.get_by_role("button", name="Try again").click()
    expect(looked).to_be_empty()
    expect(page.get_by_label("Pathway").locator("option", has_text="(").first).to_be_attached()


def test_a_filter_that_could_not_be_kept_is_still_in_its_form(
    visit: Visit, failing: Failing
) -> None:
    page = at_work(visit)
    page.get_by_label("Reason").select_option("not-eligible")
    page.get_by_role("button", name="Save this filter").click()
    page.get_by_label("Name").fill("Coverage")
    failing.begin("/filters")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".saved").get_by_role("alert")).to_contain_text("No connection")
    expect(page.get_by_label("Name")).to_have_value("Coverage")


def test_a_list_that_could_not_be_exported_is_still_there(visit: Visit, failing: Failing) -> None:
    page = at_work(visit)
    count = rows(page).count()
    failing.begin("_count=100")
    page.get_by_role("button", name="Export the list").click()
    expect(page.get_by_role("status").filter(has_text="No connection")).to_be_visible()
    assert rows(page).count() == count


def test_last_events_that_cannot_be_read_say_so(visit: Visit, failing: Failing) -> None:
    page = at_work(visit)
    failing.begin("/referrals/")
    rows(page).first.get_by_role("button", name="Last events").click()
    expect(page.locator(".unfolded").get_by_role("alert")).to_contain_text("No connection")


def test_whoever_looks_on_when_the_session_has_ended_is_asked_to_sign_in(
    visit: Visit, failing: Failing
) -> None:
    context = visit()
    context.clock.install()
    page = signed_in(context, "maria", "#/worklist/team")
    rows(page).first.wait_for()
    failing.begin("/work-items", answered(401, {}))
    context.clock.fast_forward(31_000)
    expect(page.get_by_text("The session has ended.")).to_be_visible()
    assert rows(page).count() == 0


def test_a_page_that_was_left_before_it_was_there_reads_nothing_more(
    visit: Visit, office: Office
) -> None:
    context = visit()
    context.clock.install()
    page = signed_in(context, "maria", "#/search")
    page.get_by_role("searchbox").wait_for()
    page.evaluate("location.hash = '#/worklist/mine'; location.hash = '#/worklist/team'; 0")
    rows(page).first.wait_for()
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("searchbox").wait_for()
    before = len(office.asked)
    context.clock.fast_forward(61_000)
    page.get_by_role("searchbox").fill("Garza")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).not_to_contain_text("Searching")
    assert [url for _, url, _ in office.asked[before:] if "/work-items" in url] == []


# --- acts ----------------------------------------------------------------------------------------


def test_an_act_that_is_recorded_leaves_no_form_to_send_it_by_again(
    visit: Visit, office: Office, failing: Failing
) -> None:
    page = opened(signed_in(visit(), "maria"), the_item(office, "not-eligible", "maria"))
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").fill("Called back, nobody there")
    failing.begin("$timeline")
    form(page).get_by_role("button", name="Comment").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")
    expect(said(page)).to_be_visible()
    expect(form(page)).to_have_count(0)
    is_tried_again(page, failing)
    expect(page.locator(".comments")).to_contain_text("Called back, nobody there")


def test_a_referral_that_cannot_be_read_anew_stays_and_the_line_goes_once_it_can(
    visit: Visit, office: Office, failing: Failing
) -> None:
    context = visit()
    context.clock.install()
    page = opened(signed_in(context, "maria"), the_item(office, "not-eligible", "maria"))
    failing.begin("/referrals/")
    context.clock.fast_forward(31_000)
    expect(said(page)).to_be_visible()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    failing.end()
    context.clock.fast_forward(31_000)
    expect(said(page)).to_have_count(0)


def test_a_first_password_is_shown_whether_or_not_the_page_can_be_read_anew(
    visit: Visit, failing: Failing
) -> None:
    page = team(signed_in(visit(), "grace"))
    page.get_by_role("button", name="Onboard a person").click()
    form(page).get_by_label("Name", exact=True).fill("Inés Moreau")
    form(page).get_by_label("Sign-in name").fill("ines")
    form(page).get_by_label("Front office").check()
    failing.begin("/work-items/counts")
    form(page).get_by_role("button", name="Onboard").click()
    expect(page.get_by_role("status")).to_contain_text("first-password-of-ines")
    expect(said(page)).to_be_visible()
    is_tried_again(page, failing)
    expect(row_of_person(page, "Inés Moreau")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("first-password-of-ines")


def test_what_is_dismissed_is_said_whether_or_not_the_list_can_be_read_anew(
    visit: Visit, office: Office, failing: Failing
) -> None:
    a_letter(office, about=office.items("maria")[0]["id"])
    page = unmatched(signed_in(visit(), "maria"))
    page.get_by_role("button", name="Dismiss").click()
    failing.begin("/unmatched?")
    form(page).get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("status").first).to_contain_text("Dismissed.")
    expect(form(page)).to_have_count(0)
    is_tried_again(page, failing)
    expect(page.get_by_text("Everything that came belongs to a referral.")).to_be_visible()


# --- what is counted -----------------------------------------------------------------------------


def test_what_people_did_today_says_that_it_could_not_be_counted(
    visit: Visit, failing: Failing
) -> None:
    page = signed_in(visit(), "grace")
    failing.begin("/reports/workload")
    team(page)
    expect(said(page)).to_be_visible()
    cell = row_of_person(page, "Maria Santos").get_by_role("cell").nth(4)
    expect(cell).to_have_text("\u2013")
    is_tried_again(page, failing)
    expect(cell).to_have_text("0")


@pytest.mark.parametrize("answer", [LOST, answered(200, {})], ids=["lost", "not understood"])
def test_a_panel_that_cannot_be_shown_says_so_and_no_other_panel_minds(
    visit: Visit, failing: Failing, answer: Answer | None
) -> None:
    failing.begin("/operations/board", answer)
    page = operations(visit)
    clocks = card(page, "Payers' clocks")
    words = "No connection" if answer is LOST else UNEXPLAINED
    expect(clocks.get_by_role("alert")).to_contain_text(words)
    expect(clocks.locator(".age")).to_be_empty()
    expect(card(page, "Open by team").locator("tbody tr").first).to_be_visible()
    failing.end()
    clocks.get_by_role("button", name="Try again").click()
    expect(clocks.get_by_role("alert")).to_have_count(0)
    expect(clocks.locator(".age")).to_contain_text("as of")


@pytest.mark.parametrize("answer", [LOST, answered(200, {})], ids=["lost", "not understood"])
def test_a_part_of_a_referral_that_cannot_be_shown_is_opened_again(
    visit: Visit, office: Office, failing: Failing, answer: Answer | None
) -> None:
    page = opened(signed_in(visit(), "maria"), the_item(office, "not-eligible", "maria"))
    failing.begin("$route-explain", answer)
    page.get_by_text("Routing: who was considered").click()
    part = page.locator("details.part").first
    expect(part.get_by_role("alert")).to_contain_text(
        "No connection" if answer is LOST else UNEXPLAINED
    )
    failing.end()
    part.get_by_role("button", name="Try again").click()
    expect(part.get_by_role("alert")).to_have_count(0)
    expect(part).not_to_contain_text("Loading")


def test_an_act_that_fails_without_an_explanation_is_said_all_the_same(
    visit: Visit, failing: Failing
) -> None:
    page = operations(visit)
    page.get_by_role("button", name="Hold back").click()
    page.get_by_label("Which").fill("granite-state")
    page.get_by_label("Why, without").fill("Their system is down")
    failing.begin("/operations/pauses", (200, {"Content-Type": "text/plain"}, b"not JSON"))
    form(page).get_by_role("button", name="Hold back").click()
    expect(page.get_by_text(UNEXPLAINED)).to_be_visible()
    assert page.url == f"{PAGE}#/operations"

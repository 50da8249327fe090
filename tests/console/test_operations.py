"""What operations see and act on: each number is the API's and leads to its rows or its figure."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Queue
from referral_core.domain.payers.authorization import AuthorizationStatus
from referral_core.domain.work_items import Reason
from referral_core.ports.operations import FailedExecution
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office
from tests.in_memory import TENANT
from tests.unit.entrypoints.http.api_client import MACHINE
from tests.unit.entrypoints.http.staff.test_people import stored
from tests.unit.entrypoints.http.staff.test_work_items import an_item


def opened(visit: Visit) -> Page:
    page = signed_in(visit(), "grace", "#/operations")
    page.get_by_role("heading", name="Operations", level=1).wait_for()
    return page


def card(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, level=2)
    return page.locator(".panel-card").filter(has=heading)


def changed(office: Office, referral_id: str, **fields: Any) -> None:
    """Change a stored referral beside everything."""
    table, at = office.api.world.referrals, (TENANT, ReferralId(referral_id))
    state = table.load(*at)
    table._referrals[at] = state.but(referral=state.referral.but(**fields))


def test_counts_by_team_are_the_apis_and_lead_to_the_rows(visit: Visit, office: Office) -> None:
    page = opened(visit)
    counts = office.call("grace", "GET", "/work-items/counts")["teams"]
    region = page.get_by_role("region", name="Open by team", exact=True)
    expect(region.get_by_role("row")).to_have_count(len(counts) + 1)
    shown = region.locator("tbody tr").evaluate_all(
        "rows => rows.map(r => Number(r.cells[2].textContent.replace(/[^0-9]/g, '')))"
    )
    assert sum(shown) == sum(team["overdue"] for team in counts.values())
    row = region.get_by_role("row").filter(has_text="Prior authorization")
    row.get_by_role("link").first.click()
    rows = page.locator("table.work tbody tr")
    expect(rows).to_have_count(len(office.items("grace", "?queue=prior-authorization")))
    expect(page.get_by_role("button", name="Remove the filter")).to_have_count(1)
    assert page.url == f"{PAGE}#/worklist/team"


def test_what_is_late_and_nobodys_leads_to_exactly_its_rows(visit: Visit, office: Office) -> None:
    late = office.items("grace", "?overdue=true")
    office.decide("grace", late[0]["id"], "claim")
    wanted = {item["id"] for item in late[1:] if item["owner"] is None}
    assert 0 < len(wanted) < len(late)
    page = opened(visit)
    region = page.get_by_role("region", name="Overdue by owner", exact=True)
    nobodys = region.get_by_role("row").filter(has_text="Nobody")
    expect(nobodys.get_by_role("link")).to_contain_text(str(len(wanted)))
    nobodys.get_by_role("link").click()
    rows = page.locator("table.work tbody tr")
    expect(rows).to_have_count(len(wanted))
    assert set(rows.evaluate_all("all => all.map(each => each.dataset.id)")) == wanted


def test_ages_and_the_payers_clocks_are_of_this_moment(visit: Visit, office: Office) -> None:
    item = next(i for i in office.items("grace") if i["reason"] == "authorization-denied")
    now = office.api.world.clock.now()
    known = office.api.world.referrals.load(TENANT, item["id"]).referral.authorization
    assert known is not None
    asked = known.but(
        status=AuthorizationStatus.PENDED,
        requested_at=now - timedelta(hours=80),
        due_at=now - timedelta(hours=8),
    )
    changed(office, item["id"], authorization=asked)
    body = office.api.call(
        "GET", "/operations/board", client="grace", scope="referrals/operate"
    ).body
    page = opened(visit)
    ages = card(page, "Open by team and age").locator("tbody tr")
    expect(ages).to_have_count(len(body["ages"]) + 1)
    total = sum(map(sum, body["ages"].values()))
    expect(ages.last.get_by_role("cell").nth(1)).to_have_text(str(total))
    clocks = card(page, "Payers' clocks")
    expect(clocks.get_by_role("region", name="Clocks that run")).to_contain_text("▲ 1")
    expect(clocks.get_by_role("region", name="The next clocks")).to_contain_text("8 h over")
    clocks.get_by_role("region", name="The next clocks").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    assert page.url.endswith(item["id"])


def test_what_failed_is_tried_again_and_letters_are_given_once_more(
    visit: Visit, office: Office
) -> None:
    item = next(i for i in office.items("grace") if i["reason"] == "no-candidate")
    state = office.api.world.referrals.load(TENANT, item["id"])
    work_item = state.referral.work_item
    assert work_item is not None
    changed(office, item["id"], work_item=work_item.but(reason=Reason.FAULT))
    page = opened(visit)
    failed = card(page, "Failed, and given up")
    expect(failed).to_contain_text("3 dead letters")
    failed.get_by_role("button", name="Give dead letters once more").click()
    expect(failed.get_by_role("status")).to_contain_text("given to their consumers")
    failed.get_by_role("button", name=f"Try again: {item['placer']}").click()
    expect(failed).to_contain_text("None waits for a person")
    referral = office.api.world.referrals.load(TENANT, item["id"]).referral
    assert referral.work_item is None or referral.work_item.reason is not Reason.FAULT


def test_one_that_is_settled_meanwhile_keeps_no_other_from_being_tried_again(
    visit: Visit, office: Office
) -> None:
    """Beside more other exceptions than one request looks through."""
    both = [i for i in office.items("grace") if "retry" in i["actions"]][:2]
    for each in both:
        item = office.api.world.referrals.load(TENANT, each["id"]).referral.work_item
        assert item is not None
        changed(office, each["id"], work_item=item.but(reason=Reason.FAULT, owner=None))
    for number in range(120):
        other = an_item(-9_000, reason=Reason.PAYER_UNKNOWN)
        stored(office.api.world, f"{number:032x}", queue=Queue.FRONT_OFFICE, work_item=other)
    page = opened(visit)
    failed = card(page, "Failed, and given up")
    failed.get_by_role("button", name="Try all again").wait_for()
    office.decide("grace", both[0]["id"], "retry")
    office.decide("grace", both[1]["id"], "claim")
    failed.get_by_role("button", name="Try all again").click()
    expect(failed.get_by_role("status")).to_contain_text("1 tried again, 1 not:")
    expect(failed).to_contain_text("None waits for a person")


def test_what_is_held_back_is_shown_while_figures_are_computed(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = office.answer

    def answered(method: str, url: str, headers: Any, body: str) -> Any:
        if "/reports/partners" in url:
            return 202, {"Content-Type": "application/json"}, b'{"status": "running"}'
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", answered)
    page = opened(visit)
    expect(card(page, "Held back")).to_contain_text("Nothing is held back")


def test_a_payer_is_held_back_and_let_go_on(visit: Visit, office: Office) -> None:
    page = opened(visit)
    held = card(page, "Held back")
    held.get_by_role("button", name="Hold back …").click()
    held.get_by_label("Which").fill("nobody-known")
    held.get_by_label("Why").fill("their gateway is replaced")
    held.get_by_role("button", name="Hold back", exact=True).click()
    expect(held.get_by_role("alert").first).to_contain_text("Name one of these")
    held.get_by_label("Which").fill("harbor-health-plan")
    held.get_by_role("button", name="Hold back", exact=True).click()
    expect(held).to_contain_text("their gateway is replaced")
    paused = office.api.call(
        "GET", "/operations/pauses", client="grace", scope="referrals/operate"
    ).body["pauses"]
    assert [(p["id"], p["by"]) for p in paused] == [("payer:harbor-health-plan", "grace")]
    held.get_by_role("button", name="Let go on: Payer Harbor Health Plan").click()
    expect(held).to_contain_text("Nothing is held back")
    refused = office.api.call("GET", "/operations/pauses", client="olu", scope="referrals/operate")
    assert refused.status == 403


def test_all_of_a_tenants_work_is_held_back_by_keys_alone(visit: Visit, office: Office) -> None:
    page = opened(visit)
    held = card(page, "Held back")
    held.get_by_role("button", name="Hold back …").press("Enter")
    expect(held.get_by_label("What")).to_be_focused()
    held.get_by_label("What").select_option("tenant")
    expect(held.get_by_label("Which")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(held.get_by_label("Why")).to_be_focused()
    page.keyboard.type("a restore is under way")
    page.keyboard.press("Enter")
    expect(held.get_by_role("region", name="Held back")).to_contain_text("by Grace Hartwell")
    assert [pause.name for pause in office.api.world.directory.paused] == [f"tenant:{TENANT}"]
    held.get_by_role("button", name="Let go on: Everything of ours").press("Enter")
    expect(held).to_contain_text("Nothing is held back")


def test_an_execution_that_failed_is_listed_with_what_became_of_it(
    visit: Visit, office: Office
) -> None:
    item = office.items("grace")[0]
    name, arn = f"{item['id']}-1", f"{MACHINE.replace(':stateMachine:', ':execution:')}:x"
    stopped = office.api.world.clock.now() - timedelta(minutes=4)
    office.api.ended = [FailedExecution(name, arn, "TIMED_OUT", stopped)]
    page = opened(visit)
    row = page.get_by_role("region", name="Executions that failed").locator("tbody tr")
    expect(row).to_contain_text("Timed out")
    expect(row).to_contain_text(re.compile("A person has it|It was started again"))
    row.get_by_role("link").first.press("Enter")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_no_label_and_no_list_keeps_operators_from_acting(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, silent = office.answer, ("/operations/partners", "/operations/executions")

    def answered(method: str, url: str, headers: Any, body: str) -> Any:
        if url.endswith(silent):
            return 503, {"Content-Type": "application/json"}, b"{}"
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", answered)
    page = opened(visit)
    expect(card(page, "Held back")).to_contain_text("Nothing is held back.")
    failed = card(page, "Failed, and given up")
    expect(failed.get_by_role("button", name="Give dead letters once more")).to_be_visible()
    expect(failed.get_by_role("alert")).to_be_visible()
    assert failed.get_by_text("None failed").count() == 0


def test_partners_health_and_the_steps_are_their_figures(visit: Visit, office: Office) -> None:
    page = opened(visit)
    rows = office.call("grace", "GET", "/reports/partners?by=")["rows"]
    shown = page.get_by_role("region", name="Partners' health").locator("tbody tr")
    expect(shown).to_have_count(len(rows))
    # Names are drawn in as they are read.
    for name in ("Harbor Health Plan", "Lakeside Family Medicine"):
        expect(shown.get_by_text(name, exact=True)).to_be_visible()
    called = shown.locator("td:first-child span").all_inner_texts()
    assert {"Harbor Health Plan", "Lakeside Family Medicine"} <= set(called)
    assert not [name for name in called if any(letter.isdigit() for letter in name)]
    assert {"payer", "clinic", "practice", "channel"} == {row["kind"] for row in rows}
    steps = card(page, "Time in each step of the lifecycle").locator("li strong")
    expect(steps.first).to_contain_text("%")
    shares = [float(text.removesuffix(" %")) for text in steps.all_inner_texts()]
    assert abs(sum(shares) - 100) < 1
    funnel = card(page, "Funnel of the last 30 days").locator(".bars li")
    expect(funnel).to_have_count(5)
    for place in range(1, 5):
        expect(funnel.nth(place)).to_contain_text(re.compile(r"\d · \d+\.\d d"))
    received = office.call("grace", "GET", "/reports/volume?by=")["totals"]["received"]
    expect(funnel.first).to_contain_text(str(received))


def test_figures_counted_before_are_there_at_once_and_say_how_old_they_are(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a page that somebody looked at an hour ago, and a lake that takes long by now
    for name in ("volume", "contact", "conversion", "completion", "loop"):
        office.call("grace", "GET", f"/reports/{name}?by=")
    office.api.world.clock.move(timedelta(hours=1))
    answer, slow = office.answer, [True]

    def answered(method: str, url: str, headers: Any, body: str) -> Any:
        if slow and "max-age=300" in url:
            return 503, {"Content-Type": "application/json"}, b"{}"
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", answered)
    # When it is opened
    page = opened(visit)
    funnel = card(page, "Funnel of the last 30 days")
    # Then the figures of that time are there, and say so
    expect(funnel.locator(".age")).to_contain_text("1 h ago")
    expect(funnel.locator(".bars li")).to_have_count(5)
    expect(funnel.get_by_role("status")).to_contain_text("try again")
    # And make room for new ones where these can be had
    slow.clear()
    page.goto(f"{PAGE}#/figures")
    page.get_by_role("heading", name="Figures", level=1).wait_for()
    page.goto(f"{PAGE}#/operations")
    expect(funnel.locator(".age")).to_have_text(re.compile(r"^as of \d+:\d+ [AP]M$"))
    expect(funnel.get_by_role("status")).to_have_text("")


def test_what_must_not_be_missed_stands_first_and_leads_to_its_rows(
    visit: Visit, office: Office
) -> None:
    page = opened(visit)
    tiles = card(page, "Now").locator(".tiles > div")
    wanted = len(office.items("grace", "?overdue=true"))
    overdue = tiles.filter(has=page.get_by_text("Overdue", exact=True))
    expect(overdue).to_contain_text(f"▲ {wanted}")
    expect(tiles.filter(has_text="Dead letters")).to_contain_text("▲ 3")
    overdue.get_by_role("link").click()
    expect(page.locator("table.work tbody tr")).to_have_count(wanted)


def test_what_was_shown_before_stands_at_once_and_says_how_old_it_is(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(visit)
    funnel = card(page, "Funnel of the last 30 days")
    expect(funnel.locator(".bars li")).to_have_count(5)
    page.get_by_role("link", name="Team", exact=True).click()
    page.get_by_role("heading", name="Teams").wait_for()
    answer = office.answer

    def computing(method: str, url: str, headers: Any, body: str) -> Any:
        if "/reports/" in url:
            look_at = b'{"status": "running", "look_at": "/reports/volume?run=x"}'
            return 202, {"Content-Type": "application/json", "Retry-After": "1"}, look_at
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", computing)
    page.get_by_role("link", name="Operations", exact=True).click()
    expect(funnel.locator(".bars li")).to_have_count(5)
    expect(funnel.locator(".age")).to_contain_text(re.compile(r"as of .+, read anew for \d+ s"))
    monkeypatch.setattr(office, "answer", answer)


def test_a_figure_that_takes_long_is_followed_until_it_is_there(
    visit: Visit, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, running = office.answer, [True]

    def late(method: str, url: str, headers: Any, body: str) -> Any:
        if "/reports/" in url and running[0]:
            place = url[url.index("/reports/") :]
            return (
                202,
                {"Content-Type": "application/json", "Retry-After": "1"},
                json.dumps({"status": "running", "look_at": place}).encode(),
            )
        return answer(method, url, headers, body)

    monkeypatch.setattr(office, "answer", late)
    page = opened(visit)
    expect(card(page, "Received today").locator(".age")).to_contain_text("Loading for")
    running[0] = False
    expect(card(page, "Received today")).to_contain_text("so far today")
    expect(card(page, "Time in each step of the lifecycle").locator("li strong")).to_have_count(9)
    expect(page.locator(".board").get_by_text("Loading")).to_have_count(0)


def test_nobody_but_a_manager_has_the_page(visit: Visit) -> None:
    page = signed_in(visit(), "olu", "#/operations")
    expect(page.get_by_role("heading", name="Work", level=1)).to_be_visible()

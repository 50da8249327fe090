"""The worklist and the forms as people use them: by pointer, by keyboard, offline, overtaken."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.search_terms import patient_terms
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office
from tests.in_memory import TENANT

TEXT = "She asked for the afternoon; the daughter drives."


def the_item(office: Office, reason: str, person: str = "grace") -> Any:
    return next(item for item in office.items(person) if item["reason"] == reason)


def opened(page: Page, item: Any) -> Page:
    page.goto(f"{PAGE}#/referral/{item['id']}")
    page.get_by_role("heading", name="Timeline").wait_for()
    return page


def renamed(office: Office, item: Any, family: str) -> date:
    """Give an item's patient another name, as the order's next version would; return the birth."""
    table = office.api.world.referrals
    referral = table.load(TENANT, item["id"]).referral
    payload = ClinicalPayload.load(table.payload(referral))
    patient = payload.content.patient.but(family=family)
    content = payload.content.but(patient=patient)
    at = (TENANT, referral.id), referral.payload_version
    table.payloads[at] = payload.but(content=content).dump()
    for term in patient_terms(patient):
        table.identifiers[TENANT, term][referral.id] = None
    assert patient.birth_date is not None
    return patient.birth_date


def form(page: Page) -> Any:
    return page.locator("form.act")


def test_signing_in_opens_my_list_and_leaves_no_code_in_the_address(
    visit: Visit, office: Office
) -> None:
    taken = the_item(office, "not-eligible", "maria")
    office.decide("maria", taken["id"], "claim")
    page = signed_in(visit(), "maria")
    expect(page.get_by_role("row").filter(has_text="You")).to_have_count(1)
    expect(page.get_by_role("link", name=re.compile("Mine"))).to_have_attribute(
        "aria-current", "page"
    )
    assert page.url.startswith(PAGE)
    assert "code=" not in page.url
    exchange = next(body for _, url, body in office.asked if url.endswith("/oauth2/token"))
    assert "code_verifier=" in exchange
    assert "client_secret" not in exchange


def test_counts_are_those_of_the_api_and_each_leads_to_its_rows(
    visit: Visit, office: Office
) -> None:
    teams = office.call("olu", "GET", "/work-items/counts")["teams"]
    for name, count in (("My teams", "open"), ("Unassigned", "unassigned"), ("Overdue", "overdue")):
        page = signed_in(visit(), "olu", "#/worklist/mine")
        page.get_by_role("link", name=re.compile(name)).click()
        wanted = sum(team[count] for team in teams.values())
        expect(page.get_by_role("link", name=re.compile(name))).to_contain_text(str(wanted))
        expect(page.locator("table.work tbody tr")).to_have_count(wanted)


def test_one_key_claims_and_keys_move(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    rows = page.locator("table.work tbody tr")
    expect(rows.first.get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1).get_by_role("link")).to_be_focused()
    wanted = rows.nth(1).get_attribute("data-id")
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text("is yours")
    assert [item["id"] for item in office.items("maria", "?owner=me")] == [wanted]
    expect(rows.first.get_by_role("link")).to_be_visible()


def test_of_two_who_race_for_an_item_the_second_is_told_who_has_it(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "maria", "#/worklist/unassigned")
    page.locator("table.work").wait_for()
    item = the_item(office, "not-eligible")
    office.decide("olu", item["id"], "claim")
    page.locator(f'tr[data-id="{item["id"]}"]').get_by_role("button", name="Claim").click()
    expect(page.get_by_role("status")).to_contain_text("Olu Adeyemi has claimed it")
    expect(page.locator(f'tr[data-id="{item["id"]}"]')).to_have_count(0)


def test_what_waits_for_others_and_what_is_closed_have_their_lists(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "grace", "#/worklist/waiting")
    rows = page.locator("table.work tbody tr")
    for name in ("waiting", "closed"):
        wanted = office.items("grace", f"?list={name}&_count=25")
        page.goto(f"{PAGE}#/worklist/{name}")
        expect(rows).to_have_count(len(wanted))
        assert rows.first.get_attribute("data-id") == wanted[0]["id"]
    counts = office.call("grace", "GET", "/work-items/counts")
    waiting = sum(team["waiting"] for team in counts["teams"].values())
    expect(page.get_by_role("link", name=re.compile("Waiting"))).to_contain_text(str(waiting))
    expect(page.get_by_role("link", name=re.compile("Closed"))).to_contain_text(
        str(counts["closed"]["count"])
    )


def test_many_items_are_given_to_a_colleague_at_once(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/unassigned")
    rows = page.locator("table.work tbody tr")
    expect(rows.first.get_by_role("link")).to_be_focused()
    page.get_by_role("combobox", name="Team").select_option("front-office")
    expect(page.get_by_role("button", name="Remove the filter")).to_have_count(1)
    wanted = {i["id"] for i in office.items("grace", "?owner=none&queue=front-office")}
    expect(rows).to_have_count(len(wanted))
    page.get_by_label("Select all shown").check()
    bar = page.get_by_role("group", name="With the selected items")
    expect(bar).to_contain_text(f"{len(wanted)} selected")
    # Meanwhile somebody is faster with one of them: it is said, and stops no other.
    faster = min(wanted)
    office.decide("olu", faster, "claim")
    office.decide("olu", faster, "self-pay", feeClass="A")
    bar.get_by_label("Assign to").select_option("olu")
    bar.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text(f"{len(wanted) - 1} done.")
    expect(page.get_by_role("status")).to_contain_text("1 not:")
    assert {i["id"] for i in office.items("olu", "?owner=me")} == wanted - {faster}


def test_the_list_is_exported_as_it_is_filtered(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "olu", "#/worklist/team")
    page.locator("table.work").wait_for()
    with page.expect_download() as started:
        page.get_by_role("button", name="Export the list").click()
    text = Path(started.value.path()).read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["referral"] for row in rows] == [item["id"] for item in office.items("olu")]
    assert all(row["patient"] for row in rows)


def test_a_row_opens_to_its_last_events_and_leads_to_an_action(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = signed_in(visit(), "olu", "#/worklist/team")
    row = page.locator(f'tr[data-id="{item["id"]}"]')
    row.get_by_role("button", name="Last events").click()
    opened_row = page.locator("tr.unfolded")
    expect(opened_row.locator("li")).to_have_count(5)
    expect(opened_row).not_to_contain_text("Step started")  # how the router works is no event here
    opened_row.get_by_role("link", name="Record a call").click()
    expect(form(page).get_by_label("Agreed")).to_be_focused()


def test_rows_are_sorted_by_a_column_and_back(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    names = page.locator("td.patient a")
    due = [item["id"] for item in office.items("grace")]
    expect(names).to_have_count(len(due))
    heading = page.get_by_role("button", name="Patient")
    column = page.get_by_role("columnheader", name="Patient")
    heading.click()
    expect(column).to_have_attribute("aria-sort", "ascending")
    shown = names.all_inner_texts()
    assert shown == sorted(shown)
    heading.click()
    expect(column).to_have_attribute("aria-sort", "descending")
    assert names.all_inner_texts() == shown[::-1]
    heading.click()
    expect(column).not_to_have_attribute("aria-sort", re.compile(".*"))
    rows = page.locator("table.work tbody tr")
    assert rows.evaluate_all("rows => rows.map(r => r.dataset.id)") == due


def test_the_timeline_shows_what_is_planned_and_who_acts_then(visit: Visit, office: Office) -> None:
    item = the_item(office, "patient-opted-out")
    plan = office.call("olu", "GET", f"/fhir/ServiceRequest/{item['id']}/$timeline")
    planned = [each["part"] for each in plan["parameter"] if each["name"] == "planned"]
    page = opened(signed_in(visit(), "olu"), item)
    ahead = page.locator(".timeline .planned")
    expect(ahead).to_have_count(len(planned))
    says = [part["valueString"] for one in planned for part in one if part["name"] == "says"]
    for sentence in says:
        expect(page.locator(".timeline")).to_contain_text(sentence)
    page.get_by_label("Show of the timeline").select_option("patient")
    expect(ahead).to_have_count(0)
    expect(page.locator(".timeline li").first).to_be_visible()


def test_filters_narrow_on_the_server_and_are_removed_again(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), "grace", "#/worklist/team")
    rows = page.locator("table.work tbody tr")
    everything = len(office.items("grace"))
    expect(rows).to_have_count(everything)
    page.get_by_label("Reason").select_option("authorization-denied")
    expect(rows).to_have_count(len(office.items("grace", "?reason=authorization-denied")))
    assert any("reason=authorization-denied" in url for _, url, _ in office.asked)
    page.get_by_role("button", name="Remove the filter").click()
    expect(rows).to_have_count(everything)


def test_a_call_is_recorded_and_the_timeline_shows_it(visit: Visit, office: Office) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Record a call").click()
    expect(form(page).get_by_label("Agreed")).to_be_focused()
    form(page).get_by_label("No answer").check()
    form(page).get_by_label("Comment (optional)").fill(TEXT)
    form(page).get_by_role("button", name="Record a call").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    expect(page.locator(".timeline")).to_contain_text("Call recorded")
    expect(page.locator(".comments")).to_contain_text(TEXT)
    expect(page.locator(".comments")).to_contain_text("Olu Adeyemi")
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert TEXT in sent[-1]


def test_what_was_said_on_the_telephone_is_recorded_with_who_said_so(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Record a call").click()
    form(page).get_by_label("Voicemail").check()
    expect(form(page).get_by_role("group", name="Who said so")).to_be_hidden()
    form(page).get_by_label("Declined").check()
    form(page).get_by_role("button", name="Record a call").click()
    assert not [url for method, url, _ in office.asked if method == "POST" and "decision" in url]
    form(page).get_by_label("Somebody else").check()
    form(page).get_by_role("button", name="Record a call").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert '"spokeWith":"contact"' in sent[-1]
    assert office.api.world.referrals.load(TENANT, item["id"]).referral.proposed_outcome is None


def test_an_authorization_got_by_phone_is_entered_with_what_is_asked_for_only(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "authorization-denied")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Enter authorization").click()
    form(page).get_by_role("button", name="Enter authorization").click()
    assert not office.call("olu", "GET", f"/referrals/{item['id']}")["authorization"]["number"]
    form(page).get_by_label("Authorization number").fill("PA-4711")
    form(page).get_by_label("Valid to").fill("2026-06-30")
    form(page).get_by_role("button", name="Enter authorization").click()
    expect(page.locator(".steppers")).to_contain_text("PA-4711")


def test_what_lies_behind_a_referral_is_read_when_it_is_opened(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "ruth"), item)
    asked = len(office.asked)
    for title, text in (
        ("Routing", "Points"),
        ("Runs", f"{item['id']}-1"),
        ("Money", "Total"),
        ("The order as it came", '"resourceType": "ServiceRequest"'),
        ("Who opened it", "Ruth Whitaker"),
    ):
        summary = page.locator("summary").filter(has_text=title)
        part = page.locator("details.part").filter(has=summary)
        part.locator("summary").click()
        expect(part).to_contain_text(text)
    paths = [urlsplit(url).path for _, url, _ in office.asked[asked:]]
    assert f"/fhir/ServiceRequest/{item['id']}/$route-explain" in paths
    assert "/reports/cost" in paths


def test_who_opened_a_record_is_shown_to_those_who_may_read_it(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    expect(page.locator("details.part").filter(has_text="Money")).to_have_count(1)
    expect(page.locator("details.part").filter(has_text="Who opened it")).to_have_count(0)


def test_who_is_asked_next_is_chosen_with_an_npi_and_why(visit: Visit, office: Office) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Choose who is asked").click()
    form(page).get_by_label("NPI of whom to ask").fill("1999900001")
    form(page).get_by_label("Why it is not the router's own choice").select_option(
        "patient-preference"
    )
    form(page).locator("button[type=submit]").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert '"performer":"1999900001"' in sent[-1]
    assert '"override":"patient-preference"' in sent[-1]


def test_who_gave_care_elsewhere_is_asked_where_the_referral_ends_so(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "patient-opted-out")
    page = opened(signed_in(visit(), "olu"), item)
    page.get_by_role("button", name="Close …").click()
    who = form(page).get_by_label("NPI of who saw the patient, if it is known")
    expect(who).to_be_hidden()
    form(page).get_by_label("Outcome").select_option("close:care-received-elsewhere")
    who.fill("1999999999")
    form(page).locator("button[type=submit]").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    sent = [body for method, url, body in office.asked if method == "POST" and "decision" in url]
    assert '"performer":"1999999999"' in sent[-1]


class Decided(NamedTuple):
    """A decision on an item of a reason. Attributes: fields: label → what is chosen."""

    reason: str
    person: str
    button: str
    fields: Mapping[str, str] = MappingProxyType({})


DECISIONS = (
    Decided("missing-information", "maria", "Try again"),
    Decided("eligibility-unclear", "maria", "Confirm coverage"),
    Decided("fee-class-missing", "maria", "Self-pay", {"Class of the sliding fee scale": "B"}),
    Decided("not-eligible", "maria", "Close …", {"Outcome": "close:not-eligible"}),
    Decided("authorization-denied", "olu", "Appeal"),
    Decided("escalated", "ruth", "Contact again"),
)


@pytest.mark.parametrize("decided", DECISIONS, ids=lambda decided: decided.reason)
def test_each_kind_of_item_is_decided_with_its_form(
    visit: Visit, office: Office, decided: Decided
) -> None:
    item = the_item(office, decided.reason)
    page = opened(signed_in(visit(), decided.person), item)
    page.get_by_role("button", name=decided.button, exact=True).click()
    expect(form(page).locator(".follows")).not_to_be_empty()
    for label, value in decided.fields.items():
        form(page).get_by_label(label).select_option(value)
    form(page).locator("button[type=submit]").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    expect(form(page)).to_have_count(0)
    assert item["id"] not in {i["id"] for i in office.items("grace")}


def test_what_was_typed_survives_a_lost_connection_and_is_sent_once(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = opened(signed_in(visit(), "maria"), item)
    page.get_by_role("button", name="Comment", exact=True).click()
    form(page).get_by_label("Comment").fill(TEXT)
    office.offline = True
    form(page).get_by_role("button", name="Comment").click()
    expect(form(page).get_by_role("alert")).to_contain_text("Nothing you typed is lost")
    expect(form(page).get_by_label("Comment")).to_have_value(TEXT)
    office.offline = False
    form(page).get_by_role("button", name="Comment").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")
    assert office.call("maria", "GET", f"/referrals/{item['id']}")["comments"] == 1


def test_an_act_that_events_overtook_does_nothing_and_says_what_is_so(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = opened(signed_in(visit(), "maria"), item)
    page.get_by_role("button", name="Try again").click()
    form(page).get_by_label("Comment (optional)").fill(TEXT)
    office.decide("olu", item["id"], "close:not-eligible")
    form(page).locator("button[type=submit]").click()
    alert = form(page).get_by_role("alert")
    expect(alert).to_contain_text("Overtaken, nothing was done")
    expect(form(page).get_by_label("Comment (optional)")).to_have_value(TEXT)
    alert.get_by_role("button", name="Show what is so now").click()
    expect(form(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_referral_is_found_by_its_order_number_as_people_type_it(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    page = signed_in(visit(), "maria", "#/search")
    page.get_by_role("searchbox").fill(item["placer"].lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.locator(".found a").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.go_back()
    expect(page.locator(".found a")).to_have_count(1)
    assert not [url for _, url, _ in office.asked if item["placer"][:8] in url]


def test_a_patient_with_an_accent_in_the_name_is_found_without_it(
    visit: Visit, office: Office
) -> None:
    item = the_item(office, "not-eligible")
    born = renamed(office, item, "Muñoz-Østby")
    page = signed_in(visit(), "maria", "#/search")
    for text in ("munoz", "OSTBY", f"munoz ostby {born}", "muñoz"):
        page.get_by_role("searchbox").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".found a")).to_contain_text("Muñoz-Østby")
    page.get_by_role("searchbox").fill(f"munoz {born.replace(year=born.year - 1)}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Nothing found.")
    assert not [url for _, url, _ in office.asked if "unoz" in url]


def test_another_teams_and_another_tenants_records_are_not_shown(
    visit: Visit, office: Office
) -> None:
    page = signed_in(visit(), "ruth", "#/worklist/team")
    page.locator("table.work, .empty").first.wait_for()
    mine = {item["id"] for item in office.items("ruth")}
    shown = page.locator("table.work tbody tr").evaluate_all("rows => rows.map(r => r.dataset.id)")
    assert set(shown) == mine
    page.goto(f"{PAGE}#/referral/{'f' * 32}")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_a_specialty_is_filtered_by_its_name_and_a_contact_says_which_of_how_many(
    visit: Visit, office: Office
) -> None:
    items = office.items("grace")
    page = signed_in(visit(), "grace", "#/worklist/team")
    page.get_by_text("More filters").click()
    named = {item["specialtyName"] for item in items if item["specialty"]}
    choice = page.get_by_role("combobox", name="Specialty").locator("option")
    expect(choice.last).to_contain_text(re.compile(r"\(\d+\)$"))
    assert named == {text.rpartition(" (")[0] for text in choice.all_inner_texts()[1:]}
    reached = next(i for i in items if (i["lastContact"] or {}).get("of"))
    said = f"attempt {reached['lastContact']['number']} of {reached['lastContact']['of']}"
    expect(page.locator(f'tr[data-id="{reached["id"]}"]')).to_contain_text(said)


def test_a_form_that_opens_takes_the_focus_from_nothing_within_it(
    visit: Visit, office: Office
) -> None:
    page = opened(signed_in(visit(), "maria"), office.items("maria")[0])
    opens = page.get_by_role("button", name="Comment")
    focused = opens.evaluate(
        """async (button) => {
            button.click();
            const send = document.querySelector("form.act button[type=submit]");
            send.focus();
            for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
            return document.activeElement === send;
        }"""
    )
    assert focused
    page.get_by_role("button", name="Cancel").click()
    opens.click()
    expect(page.locator("form.act textarea")).to_be_focused()


def test_what_is_read_anew_meanwhile_takes_no_form_away(visit: Visit, office: Office) -> None:
    context, item = visit(), office.items("maria")[0]
    context.clock.install()
    page = opened(signed_in(context, "maria"), item)
    held: list[Route] = []
    page.route(f"**/referrals/{item['id']}", lambda route: held.append(route))  # noqa: PLW0108 - it keeps a mark
    with page.expect_request(f"**/referrals/{item['id']}"):
        context.clock.fast_forward("00:31")
    page.get_by_role("button", name="Comment").click()
    words = page.locator("form.act textarea")
    words.fill("Half a sentence")
    with page.expect_response(f"**/referrals/{item['id']}") as answered:
        held.pop().fallback()
    answered.value.finished()
    page.unroute_all()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    expect(words).to_have_value("Half a sentence")


def test_ten_idle_minutes_end_the_session(visit: Visit) -> None:
    context = visit()
    context.clock.install()
    page = signed_in(context, "maria", "#/worklist/team")
    name = page.locator("td.patient a").first.inner_text()
    context.clock.fast_forward("09:00")
    page.keyboard.press("Shift")
    context.clock.fast_forward("09:30")
    expect(page.get_by_text(name)).to_be_visible()
    context.clock.fast_forward("00:40")
    expect(page.get_by_role("heading", name="Referral Router")).to_be_visible()
    expect(page.get_by_text("Locked after ten minutes")).to_be_visible()
    assert page.get_by_text(name).count() == 0
    assert page.evaluate("sessionStorage.length") == 0

"""The figures as finance reads them: computed, drawn, exported, compared; no patient in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from referral_core.domain.terminology.specialties import specialty_names
from referral_core.ports.lake import LakeQuery
from tests.console.browser import signed_in
from tests.console.conftest import Visit
from tests.console.office import PAGE, Office

WHO = "felix"


def opened(page: Page, figure: str, query: str = "") -> Page:
    page.goto(f"{PAGE}#/figures/{figure}{query}")
    page.get_by_role("region", name="table").wait_for()
    return page


def cells(page: Page) -> list[list[str]]:
    rows = page.locator("table.figure tbody tr")
    found: list[list[str]] = rows.evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found


def saved(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def test_finance_signs_in_to_the_figures_and_to_nothing_else(visit: Visit, office: Office) -> None:
    page = signed_in(visit(), WHO)
    expect(page.get_by_role("heading", name="Figures", level=1)).to_be_visible()
    pages = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(pages).to_have_text(["Figures"])
    expect(page.locator(".catalogue a")).to_have_count(
        len(office.call(WHO, "GET", "/reports")["reports"])
    )
    for place in ("worklist", "search", "team", f"referral/{office.items('maria')[0]['id']}"):
        page.goto(f"{PAGE}#/{place}")
        expect(page.get_by_role("heading", name="Figures", level=1)).to_be_visible()
    read = {urlsplit(url).path for _, url, _ in office.asked if "/console" not in url}
    assert read == {"/me", "/reports", "/oauth2/authorize", "/oauth2/token"}
    names = [item["patient"]["name"] for item in office.items("maria", "?_include=patient")]
    assert not [name for name in names if name in page.content()]


def test_a_figure_says_what_it_is_of_and_shows_the_reports_numbers(
    visit: Visit, office: Office
) -> None:
    page = opened(signed_in(visit(), WHO), "volume", "?by=pathway&from=2026-03-01&to=2026-03-31")
    report = office.call(WHO, "GET", "/reports/volume?by=pathway&from=2026-03-01&to=2026-03-31")
    assert [int(row[1]) for row in cells(page)] == [row["received"] for row in report["rows"]]
    expect(page.locator(".tiles")).to_contain_text(str(report["totals"]["received"]))
    expect(page.locator(".bars li")).to_have_count(report["row_count"])
    expect(page.locator(".period")).to_contain_text("America/New_York (UTC-05:00 and -04:00)")
    page.get_by_text("What it is of").click()
    expect(page.locator("details dl")).to_contain_text(report["numerator"])


def test_a_question_lies_in_the_address_and_back_leads_to_the_one_before(
    visit: Visit, office: Office
) -> None:
    page = opened(signed_in(visit(), WHO), "volume", "?by=pathway")
    page.get_by_label("Cut by").select_option("priority")
    page.get_by_label("Basis").select_option("activity")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("table.figure thead th").first).to_have_text("Priority")
    assert any("by=priority" in url and "basis=activity" in url for _, url, _ in office.asked)
    page.go_back()
    expect(page.locator("table.figure thead th").first).to_have_text("Pathway")


def test_the_export_equals_the_report_that_is_shown(visit: Visit, office: Office) -> None:
    page = opened(signed_in(visit(), WHO), "volume", "?by=pathway,priority")
    shown = cells(page)
    content = saved(page, "Export CSV")
    (asked,) = [url for _, url, _ in office.asked if "format=csv" in url]
    parts = urlsplit(asked)
    query = f"{parts.path}?{parts.query}"
    assert "as-of=" in query
    answer = office.answer("GET", asked, {"authorization": f"Bearer {WHO}"}, "")
    assert answer is not None
    assert content == answer[2], query
    header, *rows, totals = csv.reader(io.StringIO(content.decode()))
    place = header.index("received")
    assert [row[place] for row in rows] == [row[place] for row in shown]
    assert int(totals[place]) == sum(int(row[place]) for row in rows)
    assert header[:2] == ["pathway", "priority"]


def test_what_takes_long_is_followed_and_says_so(visit: Visit, office: Office) -> None:
    context = visit()
    context.clock.install()
    page = signed_in(context, WHO)
    away = later(office, 2)
    page.goto(f"{PAGE}#/figures/volume?by=pathway")
    expect(page.get_by_role("status")).to_contain_text("Still computing")
    assert page.locator("table.figure").count() == 0
    for _ in range(2):
        with page.expect_request(lambda request: "run=" in request.url):
            context.clock.fast_forward("00:06")
    page.locator("table.figure").wait_for()
    assert len(away) == 3
    assert len(set(away)) == 1


def later(office: Office, times: int) -> list[str]:
    """Let the lake take its time; return the ids of the queries that it is asked for."""
    lake: Any = office.api.lake
    answer, asked = lake.answer, list[str]()

    def slow(query_id: str, within_s: float) -> LakeQuery:
        found: LakeQuery = answer(query_id, within_s)
        asked.append(query_id)
        return found if len(asked) > times else found._replace(rows=None)

    lake.answer = slow
    return asked


def test_what_a_report_said_earlier_is_compared_with_what_it_says_now(
    visit: Visit, office: Office
) -> None:
    page = opened(signed_in(visit(), WHO), "volume")
    page.get_by_label("What differs from the report as of").fill("2026-03-03T00:00")
    page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("region", name="Restatements")
    expect(table).to_contain_text("recorded since")
    asked = next(url for _, url, _ in office.asked if "since=" in url)
    assert "2026-03-03T05%3A00%3A00.000Z" in asked, "typed in the tenant's zone"


def test_what_cannot_be_asked_is_said(visit: Visit) -> None:
    page = signed_in(visit(), WHO)
    page.goto(f"{PAGE}#/figures/volume?from=2026-03-31&to=2026-03-01")
    expect(page.get_by_role("status")).to_contain_text("in order")


def test_codes_of_a_cut_have_names_and_the_file_has_the_codes(visit: Visit, office: Office) -> None:
    page = opened(signed_in(visit(), "grace"), "volume", "?by=specialty,referring_practice")
    rows = office.call("grace", "GET", "/reports/volume?by=specialty,referring_practice")["rows"]
    cells = page.locator("table.figure tbody td")
    expect(page.locator("table.figure tbody tr")).to_have_count(len(rows))
    codes = {row["specialty"] for row in rows if row["specialty"]}
    assert codes
    expect(
        cells.get_by_text("Lakeside Family Medicine").first
    ).to_be_visible()  # named as it is read
    shown = set(cells.all_inner_texts())
    assert not codes & shown
    assert codes <= set(cells.evaluate_all("all => all.map(each => each.title)"))
    assert {specialty_names()[code] for code in codes} <= shown
    assert "Lakeside Family Medicine" in shown

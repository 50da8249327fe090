"""What the console says of times, numbers and rows: late is late, none is never nought."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.unit.console.conftest import Run

FORMAT = """
    Date.now = () => 0;  // the machine's own clock stands, and is wrong
    const format = await import("./format.js");
    format.useNow("2026-03-02T15:00:00Z");
"""
NOON = "2026-03-02T12:00:00Z"


def urgency(run: Run, **item: Any) -> dict[str, str]:
    said: dict[str, str] = run(f"{FORMAT} done(format.urgency({json.dumps(item)}));")
    return said


# --- how late ------------------------------------------------------------------------------------


def test_what_is_past_its_time_is_overdue_in_words_by_the_servers_clock(run: Run) -> None:
    assert urgency(run, dueAt=NOON) == {"state": "overdue", "text": "3 h overdue"}


def test_the_last_quarter_of_an_items_time_is_soon(run: Run) -> None:
    opened = "2026-03-02T11:00:00Z"  # four hours ago
    last = urgency(run, openedAt=opened, dueAt="2026-03-02T16:00:00Z")
    before = urgency(run, openedAt=opened, dueAt="2026-03-02T16:30:00Z")
    assert (last["state"], before["state"]) == ("soon", "ahead")
    assert last["text"] == "due in 1 h"


def test_what_sleeps_says_until_when_and_is_overdue_all_the_same(run: Run) -> None:
    until = "2026-03-03T15:00:00Z"
    asleep = urgency(run, dueAt="2026-03-09T15:00:00Z", snoozedUntil=until)
    assert asleep["state"] == "snoozed"
    assert "snoozed until Tue, Mar 3" in asleep["text"]
    assert urgency(run, dueAt=NOON, snoozedUntil=until)["state"] == "overdue"


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("2026-03-07T09:00", "2026-03-07T14:00:00.000Z"),
        ("2026-03-08T09:00", "2026-03-08T13:00:00.000Z"),  # the clocks went on at two
        ("2026-03-08T05:00", "2026-03-08T09:00:00.000Z"),  # the first guess is of before
        ("2026-03-08T01:30", "2026-03-08T06:30:00.000Z"),
        ("2026-11-01T09:00", "2026-11-01T14:00:00.000Z"),  # and back
        ("2026-11-01T05:00", "2026-11-01T10:00:00.000Z"),
        ("2026-11-01T00:30", "2026-11-01T04:30:00.000Z"),
    ],
)
def test_what_is_typed_is_a_time_of_the_tenants_zone(run: Run, typed: str, instant: str) -> None:
    script = f'{FORMAT} format.useZone("America/New_York"); done(format.instantOf("{typed}"));'
    assert run(script) == instant


def test_a_birth_date_is_moved_by_no_zone(run: Run) -> None:
    script = f'{FORMAT} format.useZone("Pacific/Honolulu"); done(format.date("1965-03-05"));'
    assert run(script) == "03/05/1965"


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (NOON, "Mon, Mar 2"),
        ("2026-01-01T06:00:00Z", "Thu, Jan 1"),
        ("2026-01-01T04:00:00Z", "Wed, Dec 31, 2025"),  # there it is the year before still
        ("2027-03-02T12:00:00Z", "Tue, Mar 2, 2027"),
    ],
)
def test_a_day_of_another_year_says_its_year(run: Run, instant: str, words: str) -> None:
    zone = 'format.useZone("America/New_York");'
    said = run(
        f'{FORMAT} {zone} done([format.dayOnly("{instant}"), format.dateTime("{instant}")]);'
    )
    assert said[0] == words
    assert said[1].startswith(words)


@pytest.mark.parametrize(
    ("status", "due", "clock"),
    [
        ("pended", NOON, {"isBreached": True, "text": "▲ 3 h over"}),
        ("submitted", "2026-03-02T17:00:00Z", {"isBreached": False, "text": "2 h left"}),
        ("approved", NOON, None),
        ("pended", None, None),
    ],
)
def test_a_payers_clock_runs_until_it_has_answered(
    run: Run, status: str, due: str | None, clock: dict[str, Any] | None
) -> None:
    asked = json.dumps({"status": status, "dueAt": due})
    assert run(f"{FORMAT} done(format.payersClock({asked}));") == clock


# --- tables --------------------------------------------------------------------------------------


def test_what_a_spreadsheet_would_run_is_text_and_nothing_breaks_a_cell(run: Run) -> None:
    rows = [["=1+1", "+1", "-1.5", "-cmd", "@x"], ['"Nuñez, Ana"', "a\nb", None, 0, "\tx"]]
    text = run(
        f"""
        let content;
        globalThis.Blob = class {{ constructor(parts) {{ content = parts[0]; }} }};
        globalThis.URL.createObjectURL = () => "blob:";
        globalThis.setTimeout = () => 0;
        document.createElement = () => ({{ setAttribute() {{}}, append() {{}}, click() {{}} }});
        const {{ saveCsv }} = await import("./csv.js");
        saveCsv("work", ["a", "b", "c", "d", "e"], {json.dumps(rows)});
        done(content);
        """
    )
    _, first, second = csv.reader(io.StringIO(text, newline=""))
    assert first == ["'=1+1", "'+1", "-1.5", "'-cmd", "'@x"]
    assert second == ['"Nuñez, Ana"', "a\nb", "", "0", "'\tx"]


@pytest.mark.parametrize("way", ["up", "down"])
def test_rows_without_a_fact_come_last_whichever_way(run: Run, way: str) -> None:
    items = [{"owner": "olu"}, {"owner": None}, {"owner": "grace"}, {}]
    script = 'const { inOrder } = await import("./sorting.js");'
    given = f'{{ by: "owner", down: {json.dumps(way == "down")} }}'
    found = run(f"{script} done(inOrder({json.dumps(items)}, {given}).map((i) => i.owner ?? null))")
    named = ["olu", "grace"] if way == "down" else ["grace", "olu"]
    assert found == [*named, None, None]


def test_what_is_most_urgent_stands_first_by_priority(run: Run) -> None:
    items = [{"priority": each} for each in ("routine", "urgent", "stat", "unheard-of", "asap")]
    script = 'const { inOrder } = await import("./sorting.js");'
    sorted_ = f"inOrder({json.dumps(items)}, {{ by: 'priority', down: false }})"
    found = run(f"{script} done({sorted_}.map((i) => i.priority))")
    assert found == ["stat", "asap", "urgent", *found[3:]]
    assert set(found[3:]) == {"routine", "unheard-of"}


# --- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("ratio", None, "none"),
        ("ratio", "0.5", "50.0 %"),
        ("money", "1234.5", "$1,234.50"),
        ("money-mean", "0.0004", "$0.0004"),
        ("days", "2", "2.00"),
        ("count", 12345, "12,345"),
        ("count", "< 11", "< 11"),
        ("text", None, "unknown"),
        ("text", "not-eligible", "Not eligible"),
        ("text", "sms_parts", "Text message parts"),
        ("text", "207RC0000X", "207RC0000X"),
    ],
)
def test_a_value_is_said_as_people_read_it(run: Run, kind: str, value: Any, words: str) -> None:
    script = 'const { said } = await import("./figure-result.js");'
    assert run(f"{script} done(said({{ kind: '{kind}' }}, {json.dumps(value)}))") == words


def test_a_figure_is_asked_for_as_of_an_instant_and_by_nothing_else_in_the_address(
    run: Run,
) -> None:
    query = "from=2026-03-01&by=pathway&as-of=2026-03-08T09:00&name=Nunez"
    found = run(
        f"""{FORMAT} format.useZone("America/New_York");
        const {{ requestOf }} = await import("./figure-form.js");
        done(requestOf({{ name: "volume" }}, new URLSearchParams("{query}"), {{ format: "csv" }}));
        """
    )
    instant = "2026-03-08T13%3A00%3A00.000Z"
    assert found == f"/reports/volume?from=2026-03-01&by=pathway&as-of={instant}&format=csv"

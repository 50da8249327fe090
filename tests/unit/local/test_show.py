"""What operations look at: what is overdue and why, and where AWS shows a run."""

from __future__ import annotations

import io
from datetime import timedelta

from rich.console import Console

from local.show import alarms_shown, console_link, overdue_rows
from referral_core.domain.lifecycle import Queue
from referral_core.domain.referral import WorkItem
from referral_core.domain.work_items import Reason
from tests.unit.builders import NOW, a_referral


def an_item(hours: int, owner: str | None = None) -> WorkItem:
    return WorkItem(
        reason=Reason.NOT_ELIGIBLE,
        opened_at=NOW,
        resume_at="RouteReferral",
        actions=("retry",),
        due_at=NOW + timedelta(hours=hours),
        owner=owner,
    )


def test_what_is_overdue_says_since_when_who_must_act_and_why() -> None:
    later, failing = NOW + timedelta(days=1), {"due_failures": {"N": "3"}}
    due = {"due_at": later, "queue": Queue.CONTACT_CENTER}
    found = [
        (a_referral("in-time", due_at=later), {}),
        (a_referral("not-due", work_item=an_item(5), **due), {}),
        (a_referral("unclaimed", work_item=an_item(-2), **due), {}),
        (a_referral("claimed", work_item=an_item(-9, "maria"), **due), {}),
        (a_referral("stuck", due_at=NOW - timedelta(hours=1)), failing),
        (a_referral("late", due_at=NOW - timedelta(minutes=3)), {}),
    ]

    rows = overdue_rows(found, NOW)

    assert [(row[0], row[2]) for row in rows] == [
        ("claimed", "maria"),
        ("unclaimed", "contact-center"),
        ("stuck", "operations"),
        ("late", "the watchdog"),
    ]
    assert rows[2][3].startswith("could not be processed 3 times")


def test_a_run_has_its_place_in_the_console_of_aws() -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:referral_lifecycle:r1-2"
    assert console_link(arn) == (
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
        f"#/v2/executions/details/{arn}"
    )


def test_alarms_that_are_up_say_why_and_what_to_do_and_no_link_is_cut_off() -> None:
    up = {
        "AlarmName": "ClinicUnavailable",
        "StateValue": "ALARM",
        "StateReason": "Sum of 4, against 4",
        "AlarmDescription": f"docs/runbook.md#{'partners' * 20}",
    }
    well = {"AlarmName": "OldestDue", "StateValue": "OK", "StateReason": "Maximum of nothing"}
    console = Console(file=io.StringIO(), width=80)

    console.print(*alarms_shown([well, up, well]))

    text = console.file.getvalue()  # type: ignore[attr-defined] # a StringIO
    assert "OldestDue" not in text
    assert "…" not in text
    assert "against 4" in text.replace("\n", " ")
    assert "2 others are not." in text
    console.print(*alarms_shown([well]))
    assert "No alarm is up." in console.file.getvalue()  # type: ignore[attr-defined]

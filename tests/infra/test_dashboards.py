"""What the dashboards draw: whatever is measured, and each value of each dimension."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from infra import STACK_NAME
from referral_core.domain.outreach.plan import Channel
from referral_core.entrypoints.metrics import ANY, MESSAGE_RESULTS

PACKAGE: Final = Path(__file__).parents[2] / "layers/referral_core/python/referral_core"
Resources = dict[str, dict[str, Any]]


def boards(resources: Resources) -> Iterator[dict[str, Any]]:
    kind = "AWS::CloudWatch::Dashboard"
    return (r["Properties"] for r in resources.values() if r["Type"] == kind)


def test_three_dashboards_draw_what_the_functions_measure(resources: Resources) -> None:
    drawn_on = {b["DashboardName"]: json.dumps(b["DashboardBody"]) for b in boards(resources)}
    assert set(drawn_on) == {f"{STACK_NAME}-{n}" for n in ("operations", "partners", "money")}
    for name, drawn in {
        "operations": (
            "OpenReferrals OldestReferral OverdueWorkItems OldestOverdue ReferralsReceived "
            "ReferralsClosed LoopsClosed TimeInStatus IteratorAge OldestDue ExecutionsFailed Errors"
        ),
        "partners": "PartnerCalls PartnerSeconds Messages AuthorizationClocks",
        "money": "CostPerReferral NotPriced Overhead.lambda_ms Overhead.read_units",
    }.items():
        for metric in drawn.split():
            assert f'\\"{metric}\\"' in drawn_on[f"{STACK_NAME}-{name}"], metric


def boards_of(resources: Resources) -> str:
    return "".join(json.dumps(board["DashboardBody"]) for board in boards(resources))


def measured_in_code() -> set[str]:
    """The names of all metrics that functions emit, as they are written in the code."""
    text = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    return {*re.findall(r'\bmeasure\(\s*"(\w+)"', text), *re.findall(r'"(\w+)": Measured\(', text)}


def test_whatever_a_function_measures_is_drawn(resources: Resources) -> None:
    drawn, names = boards_of(resources), measured_in_code()
    assert {"ReferralsReceived", "OpenWorkItems", "Pauses", "NotPriced"} <= names
    assert [name for name in sorted(names) if f'\\"{name}\\"' not in drawn] == []


def test_every_channel_and_result_and_every_dead_letter_queue_is_drawn(
    resources: Resources,
) -> None:
    drawn = boards_of(resources)
    for channel in (*get_args(Channel), ANY):
        for result in MESSAGE_RESULTS:
            assert f'\\"channel\\",\\"{channel}\\",\\"result\\",\\"{result}\\"' in drawn
    assert "unavailable" in MESSAGE_RESULTS
    queues = {name for name in resources if name.startswith("Messaging") and "Dlq" in name}
    queues = {n for n in queues if resources[n]["Type"] == "AWS::SQS::Queue"}
    assert len(queues) == 6
    assert [name for name in sorted(queues) if name not in drawn] == []

"""What a clinic is sent of its Task besides the offer."""

from __future__ import annotations

import pytest

from referral_core.fhir.outbound.task_changes import reminder, withdrawal
from referral_core.fhir.outbound.tasks import task_b
from tests.unit.fhir.partners import a_performer, an_offer, an_offered_referral


@pytest.mark.parametrize(
    ("awaited", "status"),
    [("answer", "requested"), ("booking", "accepted"), ("report", "in-progress")],
)
def test_a_reminder_is_the_task_as_it_stands_with_what_is_awaited(
    awaited: str, status: str
) -> None:
    task = reminder("r1.b1", a_performer(), awaited)
    assert (task["id"], task["status"]) == ("r1.b1", status)
    assert task["statusReason"]["coding"][0]["code"] == f"{awaited}-awaited"


def test_a_withdrawal_is_the_task_cancelled_with_its_reason() -> None:
    task = withdrawal("r1.b1", a_performer(), "patient-declined")
    assert (task["status"], task["statusReason"]["coding"][0]["code"]) == (
        "cancelled",
        "patient-declined",
    )


def test_a_word_about_a_task_keeps_what_the_offer_said_it_is_about() -> None:
    # A PUT replaces the clinic's Task: what it lacks is lost there.
    offer = an_offer()
    offered = task_b(an_offered_referral(offers=(offer,)), offer, "Dr. Iris Vandermeer")
    for sent in (
        reminder(offered["id"], a_performer(), "report"),
        withdrawal(offered["id"], a_performer(), "superseded"),
    ):
        for element in ("focus", "partOf", "intent"):
            assert sent[element] == offered[element], element
        assert offered["owner"]["identifier"] == sent["owner"]["identifier"]

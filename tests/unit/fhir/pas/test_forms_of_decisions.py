"""Decisions in every form: what contradicts itself, is partly denied or unclear is unsure."""

from __future__ import annotations

from typing import Any

import pytest

from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.fhir.errors import FhirError
from referral_core.fhir.pas.response import read_claim_response
from tests.unit.fhir.pas.test_response import (
    APPROVED,
    DENIED,
    NEEDS_REVIEW,
    PAS,
    PENDED,
    Json,
    a_claim_response,
    a_review,
)


def coded(*codings: Any) -> Json:
    """Make a response of one item whose review action has these codings."""
    action = {
        "url": f"{PAS}/extension-reviewActionCode",
        "valueCodeableConcept": {"coding": list(codings)},
    }
    review = {"extension": [{"url": f"{PAS}/extension-reviewAction", "extension": [action]}]}
    return a_claim_response(item=[{"itemSequence": 1, "adjudication": [review]}])


OWN = "https://payer.example.org/status"
X12 = "https://codesystem.x12.org/005010/306"


@pytest.mark.parametrize(
    ("codings", "verdict"),
    [
        ([{"system": OWN, "code": "OK-7"}, {"system": X12, "code": "A1"}], APPROVED),
        ([{"system": X12, "code": "A3"}, {"system": OWN, "code": "NO-7"}], DENIED),
        ([{"system": X12, "code": "A1"}, {"system": X12, "code": "A3"}], NEEDS_REVIEW),
        ([{"system": X12, "code": "A1"}, {"system": X12, "code": "A4"}], NEEDS_REVIEW),
        ([{"code": "A1"}, {"code": "A1"}], APPROVED),
        ([{"system": X12}, {"system": X12, "code": "A1"}], APPROVED),
        ([{"system": OWN, "code": "approved"}], NEEDS_REVIEW),
        ([{"system": X12, "code": "a1"}], NEEDS_REVIEW),
        ([{"system": X12, "code": " A1"}], NEEDS_REVIEW),
        ([{"system": X12, "display": "Certified in total"}], NEEDS_REVIEW),
        (["A1"], NEEDS_REVIEW),
        ([], NEEDS_REVIEW),
    ],
)
def test_all_codings_of_a_review_action_count(
    codings: list[Any], verdict: AuthorizationVerdict
) -> None:
    assert read_claim_response(coded(*codings)).verdict is verdict


@pytest.mark.parametrize(
    ("of_all", "of_items", "verdict"),
    [
        ("A3", ("A1",), NEEDS_REVIEW),
        ("A1", ("A3",), NEEDS_REVIEW),
        ("A4", ("A1",), PENDED),
        ("A1", ("A1", "A1"), APPROVED),
        ("A1", (None, "A1"), NEEDS_REVIEW),
        ("CT", ("A1",), NEEDS_REVIEW),
        ("A3", (), DENIED),
    ],
)
def test_the_whole_and_its_items_are_weighed_together(
    of_all: str, of_items: tuple[str | None, ...], verdict: AuthorizationVerdict
) -> None:
    response = a_claim_response(*of_items, adjudication=[a_review(of_all)])
    assert read_claim_response(response).verdict is verdict


@pytest.mark.parametrize("where", ["item", "addItem"])
@pytest.mark.parametrize(
    ("code", "verdict"), [("A1", APPROVED), ("A3", NEEDS_REVIEW), ("A4", PENDED)]
)
def test_a_detail_may_be_denied_alone(where: str, code: str, verdict: AuthorizationVerdict) -> None:
    for nested in (
        {"detail": [{"adjudication": [a_review(code)]}]},
        {"detail": [{"subDetail": [{"adjudication": [a_review(code)]}]}]},
    ):
        response = a_claim_response(**{where: [{"adjudication": [a_review("A1")], **nested}]})
        assert read_claim_response(response).verdict is verdict


def test_details_without_a_word_of_their_own_follow_their_item() -> None:
    item = {"adjudication": [a_review("A1")], "detail": [{"detailSequence": 1}]}
    assert read_claim_response(a_claim_response(item=[item])).verdict is APPROVED


def test_a_decision_on_details_alone_is_the_items() -> None:
    item = {"detail": [{"adjudication": [a_review("A1")]}]}
    assert read_claim_response(a_claim_response(item=[item])).verdict is APPROVED


def test_details_that_never_end_are_refused() -> None:
    inside: Json = {}
    for _ in range(40):
        inside = {"detail": [inside]}
    with pytest.raises(FhirError):
        read_claim_response(a_claim_response(item=[inside]))


UNKNOWN = [{"url": "https://payer.example.org/not-really", "valueBoolean": True}]


@pytest.mark.parametrize("place", ["response", "rules", "item", "action"])
def test_what_is_not_understood_and_changes_the_meaning_is_for_a_person(place: str) -> None:
    response = a_claim_response("A1")
    item = response["item"][0]
    match place:
        case "response":
            response["modifierExtension"] = UNKNOWN
        case "rules":
            response["implicitRules"] = "https://payer.example.org/rules"
        case "item":
            item["modifierExtension"] = UNKNOWN
        case _:
            item["adjudication"][0]["extension"][0]["modifierExtension"] = UNKNOWN
    assert read_claim_response(response).verdict is NEEDS_REVIEW


@pytest.mark.parametrize(
    ("period", "verdict"),
    [
        ({"start": "2026-06-01", "end": "2026-05-01"}, NEEDS_REVIEW),
        ({"start": "2026-06-01", "end": "2026-06-01"}, APPROVED),
        ({"start": "2026-06", "end": "2026-06"}, APPROVED),
        ({"end": "2026-06"}, APPROVED),
        ({"start": "9999-12-31"}, APPROVED),
        ({}, APPROVED),
    ],
)
def test_nobody_is_seen_in_a_period_that_ends_before_it_begins(
    period: Json, verdict: AuthorizationVerdict
) -> None:
    assert read_claim_response(a_claim_response("A1", preAuthPeriod=period)).verdict is verdict


def test_items_whose_periods_have_no_day_in_common_are_for_a_person() -> None:
    response = a_claim_response("A1", "A1")
    for item, month in zip(response["item"], ("2026-03", "2026-05"), strict=True):
        period = {"start": month, "end": month}
        item["extension"] = [{"url": f"{PAS}/extension-itemPreAuthPeriod", "valuePeriod": period}]
    assert read_claim_response(response).verdict is NEEDS_REVIEW


@pytest.mark.parametrize("period", ["2026", ["2026"], {"start": 20260301}, {"end": "2026-02-30"}])
def test_a_period_that_is_none_never_approves(period: Any) -> None:
    response = a_claim_response("A1", preAuthPeriod=period)
    try:
        read = read_claim_response(response)
    except FhirError:
        return
    assert (read.valid_from, read.valid_to) == (None, None)


def numbered(*numbers: str) -> list[Json]:
    """Make items that are granted, each under its number."""
    said = ({"url": "number", "valueString": value} for value in numbers)
    return [{"itemSequence": 1, "adjudication": [a_review("A1", part)]} for part in said]


@pytest.mark.parametrize(
    ("numbers", "of_all", "verdict"),
    [
        (("AUTH-1", "AUTH-1"), None, APPROVED),
        (("AUTH-1",), "AUTH-1", APPROVED),
        (("AUTH-1", "AUTH-2"), None, NEEDS_REVIEW),
        (("AUTH-1",), "AUTH-2", NEEDS_REVIEW),
    ],
)
def test_a_grant_under_two_numbers_is_a_persons(
    numbers: tuple[str, ...], of_all: str | None, verdict: AuthorizationVerdict
) -> None:
    fields = {"item": numbered(*numbers), **({"preAuthRef": of_all} if of_all else {})}
    found = read_claim_response(a_claim_response(**fields))
    assert (found.verdict, found.number) == (verdict, "AUTH-1")

"""Prior authorization: the decision is read from the review action and never from outcome."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.errors import Permanent
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.fhir.errors import FhirError
from referral_core.fhir.pas.response import UNTRACED, read_claim_response, read_claim_responses
from tests.unit.payer_requests import REAL_DATA

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
APPROVED, DENIED, PENDED, NOT_REQUIRED, NEEDS_REVIEW = (
    AuthorizationVerdict.APPROVED,
    AuthorizationVerdict.DENIED,
    AuthorizationVerdict.PENDED,
    AuthorizationVerdict.NOT_REQUIRED,
    AuthorizationVerdict.NEEDS_REVIEW,
)

Json = dict[str, Any]


def a_review(code: str | None, *parts: Json) -> Json:
    """Make an adjudication with a review action."""
    coding = {"system": "https://codesystem.x12.org/005010/306", "code": code}
    action = {
        "url": f"{PAS}/extension-reviewActionCode",
        "valueCodeableConcept": {"coding": [coding]},
    }
    inside = [*([action] if code else []), *parts]
    return {"extension": [{"url": f"{PAS}/extension-reviewAction", "extension": inside}]}


def a_claim_response(*codes: str | None, **fields: Any) -> Json:
    items = [
        {"itemSequence": number, "adjudication": [a_review(code)]}
        for number, code in enumerate(codes, start=1)
    ]
    base = {
        "resourceType": "ClaimResponse",
        "identifier": [{"system": "urn:trnorg:9123456789", "value": "r1-a3"}],
        "status": "active",
        "use": "preauthorization",
        "outcome": "complete",
        "item": items,
    }
    return {**base, **fields}


def a_bundle(*resources: Json, kind: str = "collection") -> Json:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
    }


def a_status(kind: str) -> Json:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "type", "valueCode": kind}],
    }


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("A1", APPROVED),
        ("A2", NEEDS_REVIEW),
        ("A3", DENIED),
        ("A4", PENDED),
        ("A6", NEEDS_REVIEW),
        ("C", NEEDS_REVIEW),
        ("CT", NEEDS_REVIEW),
        ("NA", NOT_REQUIRED),
        ("A9", NEEDS_REVIEW),
    ],
)
@pytest.mark.parametrize("outcome", ["complete", "error", "partial", "queued"])
def test_the_review_action_decides_whatever_the_outcome(
    code: str, verdict: AuthorizationVerdict, outcome: str
) -> None:
    answer = read_claim_response(a_claim_response(code, outcome=outcome))

    assert (answer.verdict, answer.review_action, answer.trace) == (verdict, code, "r1-a3")


@pytest.mark.parametrize(
    ("codes", "verdict"),
    [
        (("A1", "A1"), APPROVED),
        (("A1", "NA"), APPROVED),
        (("A3", "A3"), DENIED),
        (("A1", "A4"), PENDED),
        (("A1", "A3"), NEEDS_REVIEW),
        (("A3", "A4"), NEEDS_REVIEW),
        (("A1", None), NEEDS_REVIEW),
        ((), NEEDS_REVIEW),
    ],
)
def test_items_are_weighed_together(
    codes: tuple[str | None, ...], verdict: AuthorizationVerdict
) -> None:
    assert read_claim_response(a_claim_response(*codes)).verdict is verdict


def test_an_item_without_adjudication_leaves_the_rest_to_a_person() -> None:
    response = a_claim_response("A1")
    response["item"].append({"itemSequence": 2})

    assert read_claim_response(response).verdict is NEEDS_REVIEW


def test_an_added_item_counts_as_one() -> None:
    response = a_claim_response("A1", addItem=[{"adjudication": [a_review("A6")]}])

    answer = read_claim_response(response)

    assert (answer.verdict, answer.review_action) == (NEEDS_REVIEW, "A1+A6")


def test_a_decision_on_the_whole_request_covers_its_items() -> None:
    response = a_claim_response(adjudication=[a_review("A1")], item=[{"itemSequence": 1}])

    assert read_claim_response(response).verdict is APPROVED


@pytest.mark.parametrize("fields", [{"status": "cancelled"}, {"error": [{"code": {}}]}])
def test_what_is_not_certain_is_not_approved(fields: Json) -> None:
    assert read_claim_response(a_claim_response("A1", **fields)).verdict is NEEDS_REVIEW


def test_number_and_period_are_read() -> None:
    response = a_claim_response()
    response["item"] = [
        {
            "extension": [
                {
                    "url": f"{PAS}/extension-itemPreAuthPeriod",
                    "valuePeriod": {"start": "2026-03-02", "end": "2026-05-31"},
                }
            ],
            "adjudication": [a_review("A1", {"url": "number", "valueString": "AUTH0001"})],
        }
    ]

    answer = read_claim_response(response)

    assert answer.number == "AUTH0001"
    assert (answer.valid_from, answer.valid_to) == (date(2026, 3, 2), date(2026, 5, 31))


def test_two_periods_allow_what_they_have_in_common() -> None:
    response = a_claim_response("A1", "A1")
    for item, period in zip(
        response["item"],
        ({"start": "2026-03-02", "end": "2026-05-31"}, {"start": "2026-04", "end": "2026-12"}),
        strict=True,
    ):
        item["extension"] = [{"url": f"{PAS}/extension-itemPreAuthPeriod", "valuePeriod": period}]

    answer = read_claim_response(response)

    assert (answer.valid_from, answer.valid_to) == (date(2026, 4, 1), date(2026, 5, 31))


def test_number_and_period_of_the_whole_response_are_the_fallback() -> None:
    response = a_claim_response(
        "A1", preAuthRef="PA-7", preAuthPeriod={"start": "2026-03-02T08:00:00Z"}
    )

    answer = read_claim_response(response)

    assert (answer.number, answer.valid_from, answer.valid_to) == ("PA-7", date(2026, 3, 2), None)


def test_a_denial_gives_its_codes_apart_from_its_words() -> None:
    coding = {"code": "0F", "display": "Not a covered benefit"}
    reason = {"url": "reasonCode", "valueCodeableConcept": {"coding": [coding]}}
    response = a_claim_response(
        item=[{"adjudication": [a_review("A3", reason, reason)]}],
        processNote=[{"number": 1, "text": "Ana Rivera may appeal."}],
        disposition="See note.",
    )

    answer = read_claim_response(response)

    assert answer.verdict is DENIED
    assert answer.reason == "0F"
    assert answer.note == "Ana Rivera may appeal.\nSee note."


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda r: r, id="alone"),
        pytest.param(lambda r: a_bundle({"resourceType": "Patient"}, r), id="collection Bundle"),
        pytest.param(
            lambda r: a_bundle(a_status("event-notification"), a_bundle(r), kind="history"),
            id="notification with Parameters and the response Bundle",
        ),
        pytest.param(
            lambda r: a_bundle(
                {"resourceType": "SubscriptionStatus", "type": "event-notification"}, r
            ),
            id="notification with SubscriptionStatus and the full resource",
        ),
        pytest.param(
            lambda r: {
                "resourceType": "Parameters",
                "parameter": [{"name": "return", "resource": a_bundle(r)}],
            },
            id="Parameters of an operation",
        ),
    ],
)
def test_a_decision_is_found_in_its_wrapping(wrap: Any) -> None:
    assert read_claim_response(wrap(a_claim_response("A1"))).verdict is APPROVED


def test_a_notification_may_bring_several_decisions() -> None:
    second = a_claim_response("A3", identifier=[{"value": "r2-a5"}])

    answers = read_claim_responses(a_bundle(a_claim_response("A1"), second))

    assert [(a.trace, a.verdict) for a in answers] == [("r1-a3", APPROVED), ("r2-a5", DENIED)]
    with pytest.raises(FhirError):
        read_claim_response(a_bundle(a_claim_response("A1"), second))


@pytest.mark.parametrize("kind", ["handshake", "heartbeat"])
def test_a_sign_of_life_brings_no_decision(kind: str) -> None:
    assert read_claim_responses(a_bundle(a_status(kind))) == ()


@pytest.mark.parametrize("kind", ["event-notification", "ClaimResponse"])
def test_an_announcement_without_its_resource_is_refused(kind: str) -> None:
    with pytest.raises(FhirError) as caught:
        read_claim_responses(a_bundle(a_status(kind)))

    assert caught.value.issues[0].own_code == "claim-response-expected"


def test_our_trace_is_preferred_to_the_payers_own_identifier() -> None:
    own = {"system": "https://payer.example/claims", "value": "77"}
    ours = {"system": "urn:trnorg:9123456789", "value": "r1-a3"}

    assert read_claim_response(a_claim_response("A1", identifier=[own, ours])).trace == "r1-a3"
    assert read_claim_response(a_claim_response("A1", identifier=[own])).trace == "77"
    in_request = a_claim_response("A1", identifier=[own], request={"identifier": ours})
    assert read_claim_response(in_request).trace == "r1-a3"


def test_the_submitter_knows_its_trace_when_nothing_echoes_it() -> None:
    own = {"system": "https://payer.example/claims", "value": "77"}

    for identifiers in ([], [own]):
        response = a_claim_response("A1", identifier=identifiers)
        assert read_claim_response(response, trace="r1-a3").trace == "r1-a3"


def test_a_decision_that_comes_by_itself_and_names_no_request_is_read_as_that() -> None:
    (found,) = read_claim_responses(a_claim_response("A1", identifier=[]))
    assert (found.trace, found.verdict) == (UNTRACED, "approved")


def test_an_answer_to_another_request_is_refused() -> None:
    with pytest.raises(FhirError) as caught:
        read_claim_response(a_claim_response("A1"), trace="r2-a9")

    assert caught.value.issues[0].own_code == "claim-response-untraced"


@pytest.mark.parametrize(
    ("resource", "expression"),
    [
        (None, "Resource"),
        ([], "Resource"),
        ({"resourceType": 5}, "Resource"),
        (a_claim_response("A1", item="A1"), "ClaimResponse.item"),
        (a_claim_response("A1", item=["A1"]), "ClaimResponse.item"),
        (a_claim_response("A1", use="claim"), "ClaimResponse.use"),
        (a_claim_response("A1", preAuthPeriod={"start": "soon"}), "ClaimResponse (a Period)"),
        (a_claim_response("A1", preAuthPeriod={"end": 2026}), "ClaimResponse (a Period)"),
        (a_bundle(a_claim_response("A1", error={})), "Bundle.entry[0].resource.error"),
        ({"resourceType": "Bundle", "entry": {}}, "Bundle.entry"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(resource: Any, expression: str) -> None:
    with pytest.raises(FhirError) as caught:
        read_claim_response(resource)

    assert caught.value.issues[0].expression == expression
    assert isinstance(caught.value, Permanent)


def test_endless_nesting_is_refused() -> None:
    resource = a_claim_response("A1")
    for _ in range(200):
        resource = a_bundle(resource)

    with pytest.raises(FhirError):
        read_claim_response(resource)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_an_answer_or_a_clear_error(resource: Any) -> None:
    _answers_or_error(resource)


@given(data=st.data())
def test_a_damaged_response_is_an_answer_or_a_clear_error(data: st.DataObject) -> None:
    response = a_bundle(
        a_status("event-notification"),
        a_claim_response(
            "A3",
            preAuthPeriod={"start": "2026-03-02", "end": "2026-05-31"},
            error=[{"code": {"coding": [{"code": "04"}]}}],
            processNote=[{"text": "x"}],
            request={"identifier": {"value": "r1-a3"}},
        ),
    )
    places = list(_places(response))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(_JSON)

    _answers_or_error(response)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Iterable[Any] = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _answers_or_error(resource: Any) -> None:
    try:
        answers = read_claim_responses(resource)
    except FhirError:
        return
    assert all(answer.trace is not None for answer in answers)


# Both publications of the guide: the trace, number and period are those of the example case.
_PERIOD = (date(2005, 5, 2), date(2005, 6, 2))
_CERTIFIED = (APPROVED, "A1", "AUTH0001", *_PERIOD, None)
_CERTIFIED_WITHOUT_PERIOD = (APPROVED, "A1", "AUTH0001", None, None, None)
_IN_ERROR = (NEEDS_REVIEW, "", None, None, None, "04; T4")
_REJECTED = (DENIED, "A3", None, None, None, None)
_PENDING = (PENDED, "A4", None, None, None, None)
REAL = {
    "2.0.1/Bundle-ErrorResponseBundleExample": _CERTIFIED,  # so published, whatever its name says
    "2.0.1/Bundle-PASClaimInquiryResponseBundleExample": _CERTIFIED_WITHOUT_PERIOD,
    "2.0.1/Bundle-ReferralAuthorizationResponseBundleExample": _CERTIFIED,
    "2.0.1/ClaimResponse-ErrorResponseExample": _IN_ERROR,
    "2.0.1/ClaimResponse-PASClaimInquiryResponseExample": _CERTIFIED_WITHOUT_PERIOD,
    "2.0.1/ClaimResponse-PractitionerRequestorResponseExample": _CERTIFIED,
    "2.0.1/ClaimResponse-ReferralAuthorizationResponseExample": _CERTIFIED,
    "2.2.1/Bundle-ErrorResponseBundleExample": _IN_ERROR,
    "2.2.1/Bundle-PASClaimInquiryResponseBundleExample": _CERTIFIED_WITHOUT_PERIOD,
    "2.2.1/Bundle-PASSubscriptionNotification": _CERTIFIED,
    "2.2.1/Bundle-ReferralAuthorizationResponseBundleExample": _CERTIFIED,
    "2.2.1/Bundle-ReferralPendingAuthorizationResponseBundleExample": _PENDING,
    "2.2.1/Bundle-RejectionResponseBundleExample": _REJECTED,
    "2.2.1/ClaimResponse-ErrorResponseExample": _IN_ERROR,
    "2.2.1/ClaimResponse-PASClaimInquiryResponseExample": _CERTIFIED_WITHOUT_PERIOD,
    "2.2.1/ClaimResponse-PractitionerRequestorAdditionalContentResponseExample": _CERTIFIED,
    "2.2.1/ClaimResponse-PractitionerRequestorPendingResponseExample": _PENDING,
    "2.2.1/ClaimResponse-PractitionerRequestorResponseExample": _CERTIFIED,
    "2.2.1/ClaimResponse-RejectionResponseExample": _REJECTED,
    "2.2.1/Parameters-PASClaimInquiryOperationResponseExample": _CERTIFIED_WITHOUT_PERIOD,
}
_no_real_data = pytest.mark.skipif(
    not REAL_DATA.exists(), reason="the real PAS examples are not on this machine"
)


@_no_real_data
@pytest.mark.parametrize("name", REAL)
def test_real_answers(name: str) -> None:
    answer = read_claim_response(json.loads(_file(name).read_text(encoding="utf-8")))

    assert answer.trace == "111099"
    assert (
        answer.verdict,
        answer.review_action,
        answer.number,
        answer.valid_from,
        answer.valid_to,
        answer.reason,
    ) == REAL[name]


@_no_real_data
@pytest.mark.parametrize("version", ["2.0.1", "2.2.1"])
def test_every_other_real_file_is_refused_as_no_answer(version: str) -> None:
    folder = REAL_DATA / f"fhir/davinci-pas-{version}"
    others = [path for path in folder.iterdir() if f"{version}/{path.stem}" not in REAL]
    assert len(others) >= 30
    for path in others:
        with pytest.raises(FhirError):
            read_claim_responses(json.loads(path.read_text(encoding="utf-8")))


def _file(name: str) -> Path:
    version, _, stem = name.partition("/")
    return REAL_DATA / f"fhir/davinci-pas-{version}/{stem}.json"

from __future__ import annotations

from referral_core.domain.errors import Permanent
from referral_core.fhir.errors import MOST_ISSUES, FhirError, Issue, operation_outcome


def an_issue(code: str = "structure", own_code: str = "wrong-type") -> Issue:
    return Issue("error", code, own_code, "Patient.name", "Send a JSON array here.")  # type: ignore[arg-type]


def test_what_is_not_fhir_is_400_and_what_breaks_a_rule_of_ours_is_422() -> None:
    assert FhirError.of([an_issue()]).status == 400
    assert FhirError.of([an_issue("business-rule")]).status == 422
    assert FhirError.of([an_issue("business-rule"), an_issue()]).status == 400


def test_an_error_is_final_and_names_no_more_faults_than_a_person_reads() -> None:
    error = FhirError.of([an_issue()] * 1000)
    assert isinstance(error, Permanent)
    assert len(error.issues) == MOST_ISSUES


def test_an_outcome_says_where_why_what_to_do_and_under_which_number() -> None:
    error = FhirError("wrong-type", "Send a JSON array here.", expression="Patient.name")
    outcome = operation_outcome(error.issues, "corr-1")
    assert outcome["extension"][0]["valueString"] == "corr-1"
    assert outcome["issue"] == [
        {
            "severity": "error",
            "code": "invalid",
            "details": {
                "coding": [
                    {
                        "system": "https://referral-router.org/fhir/CodeSystem/error",
                        "code": "wrong-type",
                    }
                ]
            },
            "diagnostics": "Send a JSON array here.",
            "expression": ["Patient.name"],
        }
    ]


def test_an_issue_without_a_place_has_no_expression() -> None:
    (issue,) = operation_outcome(FhirError("x", "Do y.").issues, "c")["issue"]
    assert "expression" not in issue

"""What is wrong with a request, told so that the sender can mend it: issues, OperationOutcome.

An issue never repeats what was sent, because it may be PHI: it says where (FHIRPath) and what to
do instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

from referral_core.domain import errors
from referral_core.fhir.systems import CORRELATION, ERROR

Severity = Literal["fatal", "error", "warning", "information"]
IssueCode = Literal[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "code-invalid",
    "extension",
    "business-rule",
    "conflict",
    "duplicate",
    "not-found",
    "not-supported",
    "forbidden",
    "login",
    "security",
    "throttled",
    "transient",
    "timeout",
    "too-long",
    "too-costly",
    "multiple-matches",
    "processing",
    "informational",
]
"""The codes of the value set `issue-type` that this product uses."""

MOST_ISSUES: Final = 50
"""More than a person would read; a body can be wrong in 100,000 places."""


class Issue(NamedTuple):
    """One thing that is wrong.

    Attributes:
        own_code: stable and kebab-case, for the sender's program.
        expression: FHIRPath of the element, when there is one.
        diagnostics: one sentence for a person: what to do.
    """

    severity: Severity
    code: IssueCode
    own_code: str
    expression: str | None
    diagnostics: str


class FhirError(errors.Permanent):
    """The request is refused: sent again unchanged, it will be refused again.

    Attributes:
        issues: at least one.
        status: the HTTP status of the answer.
    """

    def __init__(
        self,
        own_code: str,
        diagnostics: str,
        *,
        expression: str | None = None,
        code: IssueCode = "invalid",
        status: int = 422,
    ) -> None:
        self.issues: tuple[Issue, ...] = (Issue("error", code, own_code, expression, diagnostics),)
        self.status = status
        super().__init__(diagnostics)

    @classmethod
    def of(cls, issues: Iterable[Issue]) -> FhirError:
        """Return one error for all issues of a body.

        400 when the body is not FHIR as R4 defines it, 422 when it is and a rule of ours forbids
        it: the distinction that the FHIR REST API makes.
        """
        found = tuple(issues)[:MOST_ISSUES]
        rules_only = all(issue.code in _RULES for issue in found)
        first = found[0]
        error = cls(first.own_code, first.diagnostics, status=422 if rules_only else 400)
        error.issues = found
        return error


_RULES: Final = frozenset(
    {"business-rule", "extension", "too-costly", "too-long", "not-supported", "conflict"}
)


def operation_outcome(issues: Iterable[Issue], correlation_id: str) -> dict[str, Any]:
    """Make the OperationOutcome; support finds the request in the logs by its correlation id."""
    return {
        "resourceType": "OperationOutcome",
        "extension": [{"url": CORRELATION, "valueString": correlation_id}],
        "issue": [_issue(issue) for issue in issues],
    }


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"coding": [{"system": ERROR, "code": issue.own_code}]},
        "diagnostics": issue.diagnostics,
        **({"expression": [issue.expression]} if issue.expression else {}),
    }

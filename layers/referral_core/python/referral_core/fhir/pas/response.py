"""Reading a payer's decision: a PAS ClaimResponse, alone, in a Bundle, or in a notification.

The decision stands in the review action of each item and never in `outcome`: a request that pends
has the outcome `complete`. What this module does not know for certain it leaves to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from referral_core.domain.codes import code_in, number_in
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.payers.requests import AuthorizationResponse
from referral_core.fhir.dates import first_day, last_day
from referral_core.fhir.errors import FhirError
from referral_core.fhir.inbound.named_patient import patient_of
from referral_core.fhir.pas.authorized_providers import CLINICIANS, authorized_npis
from referral_core.fhir.pas.review_actions import (
    DEEPEST,
    VERDICTS,
    Json,
    actions_of,
    all_actions_of,
    codes_of,
    codings_of,
    extensions_of,
    is_modified,
    malformed,
    name_of,
    objects_of,
    review_code,
)

_GRANTED: Final = frozenset({AuthorizationVerdict.APPROVED, AuthorizationVerdict.NOT_REQUIRED})
UNTRACED: Final = ""
"""The trace of a decision that names no request: whose it is, a person finds out."""
_TRACE_SYSTEMS: Final = ("urn:trnorg:", "https://referral-router.org/fhir/trace")
_HOLDERS: Final = {"Bundle": "entry", "Parameters": "parameter"}
_NOTIFICATION: Final = "notification: "
_SILENT: Final = frozenset({f"{_NOTIFICATION}handshake", f"{_NOTIFICATION}heartbeat"})
_MOST_REASONS: Final = 10


def read_claim_response(resource: Any, *, trace: str | None = None) -> AuthorizationResponse:
    """Read the one decision that a payer's answer to `Claim/$submit` holds.

    Args:
        resource: the answer's JSON.
        trace: the trace submitted; an answer need not echo it, but may not echo another.

    Raises:
        FhirError: it is malformed, answers another request, holds no decision, or several.
    """
    answers = read_claim_responses(resource, trace=trace)
    if len(answers) != 1:
        raise FhirError(
            "claim-response-expected",
            f"Send exactly one ClaimResponse; this holds {len(answers)}.",
            code="business-rule",
        )
    return answers[0]


def read_claim_responses(
    resource: Any, *, trace: str | None = None
) -> tuple[AuthorizationResponse, ...]:
    """Read the decisions in a ClaimResponse, a Bundle or a subscription notification.

    A handshake or heartbeat notification holds none.

    Raises:
        FhirError: it is malformed, or announces a decision without sending it.
    """
    found = list(_walk(resource, "", DEEPEST))
    responses = [(item, path) for kind, item, path in found if kind == "ClaimResponse"]
    patients = [item for kind, item, _ in found if kind == "Patient"]
    clinicians = [item for kind, item, _ in found if kind in CLINICIANS]
    answers = tuple(
        _answer(response, path, trace, clinicians).but(patient=patient_of(response, patients))
        for response, path in responses
    )
    if not answers and not any(kind in _SILENT for kind, _, _ in found):
        raise FhirError(
            "claim-response-expected",
            "Send the ClaimResponse itself, as the subscription's content full-resource has it.",
            code="required",
        )
    return answers


def _walk(
    resource: Any, path: str, depth: int, url: object = None
) -> Iterator[tuple[str, Json, str]]:
    """Find ClaimResponses and the kinds of notification, whatever they are wrapped in.

    A clinician is found with the entry's `fullUrl`, which references to it may say.
    """
    if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
        raise malformed(path or "Resource", "a FHIR resource")
    kind = resource["resourceType"]
    here = path or kind
    if depth == 0:
        raise malformed(here, "a Bundle that is not nested so deeply")
    if kind in CLINICIANS:
        yield kind, {**resource, "fullUrl": url}, here
    if kind in {"ClaimResponse", "Patient"}:
        yield kind, resource, here
    if kind == "SubscriptionStatus":
        yield f"{_NOTIFICATION}{resource.get('type')}", resource, here
    holder = _HOLDERS.get(kind)
    for number, part in enumerate(objects_of(resource, holder, here) if holder else []):
        inside = f"{here}.{holder}[{number}]"
        if part.get("name") == "type":
            yield f"{_NOTIFICATION}{part.get('valueCode')}", part, inside
        if "resource" in part:
            url = part.get("fullUrl")
            yield from _walk(part["resource"], f"{inside}.resource", depth - 1, url)


def _answer(
    response: Json, path: str, trace: str | None, clinicians: Sequence[Json]
) -> AuthorizationResponse:
    if response.get("use", "preauthorization") != "preauthorization":
        raise malformed(f"{path}.use", "the code preauthorization")
    lines = [*objects_of(response, "item", path), *objects_of(response, "addItem", path)]
    of_all = list(actions_of(response, path))
    by_line = [list(all_actions_of(line, path)) or of_all for line in lines]
    actions = [*of_all, *(action for of_line in by_line for action in of_line)]
    codes = [review_code(action, path) for action in actions]
    approved_from, approved_to = _approved_period(response, lines, path)
    numbers = _numbers(response, actions, path)
    certain = (
        bool(actions)
        and all(by_line)
        and not objects_of(response, "error", path)
        # One request is granted under one number: which of two is meant, nobody here knows.
        and len(numbers) <= 1
        and response.get("status", "active") == "active"
        and not any(is_modified(part) for part in (response, *lines, *actions))
        # Nobody is seen in a period that ends before it begins.
        and (approved_from is None or approved_to is None or approved_from <= approved_to)
    )
    return AuthorizationResponse(
        verdict=_verdict(codes) if certain else AuthorizationVerdict.NEEDS_REVIEW,
        review_action="+".join(sorted({code for code in codes if code_in(code)})[:_MOST_REASONS]),
        trace=_trace(response, path, trace),
        number=next(iter(numbers), None),
        valid_from=approved_from,
        valid_to=approved_to,
        reason=_reason(response, actions, path),
        note="\n".join(_notes(response, path)) or None,
        performers=authorized_npis(lines, response, clinicians, path),
    )


def _verdict(codes: Iterable[str]) -> AuthorizationVerdict:
    """Weigh the items together: where they differ beyond a pend, a person decides."""
    verdicts = {VERDICTS.get(code, AuthorizationVerdict.NEEDS_REVIEW) for code in codes}
    if len(verdicts) == 1:
        return verdicts.pop()
    if verdicts == _GRANTED:
        return AuthorizationVerdict.APPROVED
    if verdicts <= _GRANTED | {AuthorizationVerdict.PENDED}:
        return AuthorizationVerdict.PENDED
    return AuthorizationVerdict.NEEDS_REVIEW


def _trace(response: Json, path: str, submitted: str | None) -> str:
    """Find our trace: payers echo it, beside or instead of an identifier of their own."""
    request = response.get("request")
    logical = request.get("identifier") if isinstance(request, Mapping) else None
    identifiers = [
        *objects_of(response, "identifier", path),
        *([logical] if isinstance(logical, Mapping) else []),
    ]
    known = [i for i in identifiers if isinstance(i.get("value"), str)]
    echoed = [i["value"] for i in known if str(i.get("system")).startswith(_TRACE_SYSTEMS)]
    if submitted is None:
        found = [*echoed, *(i["value"] for i in known)]
    elif submitted in echoed or not echoed:
        found = [submitted]
    else:
        found = []
    if submitted is None and not found:
        return UNTRACED
    if not found:
        raise FhirError(
            "claim-response-untraced",
            "Echo the Claim's identifier in ClaimResponse.identifier.",
            expression=f"{path}.identifier",
            code="required",
        )
    return str(found[0])


def _numbers(response: Json, actions: Iterable[Json], path: str) -> Sequence[str]:
    """Return each authorization number, those of review actions first."""
    numbers = [
        part.get("valueString")
        for action in actions
        for part in extensions_of(action, path)
        if name_of(part) == "number"
    ]
    stated = [n for n in (*numbers, response.get("preAuthRef")) if isinstance(n, str)]
    if any(number_in(number) is None for number in stated):
        raise malformed(f"{path}.preAuthRef", "an authorization number of at most 80 characters")
    return tuple(dict.fromkeys(stated))


def _reason(response: Json, actions: Iterable[Json], path: str) -> str | None:
    coded = [code for action in actions for code in codes_of(action, "reasonCode", path)]
    coded += [
        code for error in objects_of(response, "error", path) for code in codings_of(error, "code")
    ]
    codes = dict.fromkeys(code for code in map(code_in, coded) if code)
    return "; ".join(list(codes)[:_MOST_REASONS]) or None


def _notes(response: Json, path: str) -> Iterator[str]:
    texts = [note.get("text") for note in objects_of(response, "processNote", path)]
    for text in (*texts, response.get("disposition")):
        if isinstance(text, str) and text.strip():
            yield text.strip()


def _approved_period(
    response: Json, lines: Iterable[Json], path: str
) -> tuple[date | None, date | None]:
    """Return when a visit is authorized: what all items' periods have in common."""
    periods = [
        part.get("valuePeriod")
        for line in lines
        for part in extensions_of(line, path)
        if name_of(part) == "itemPreAuthPeriod"
    ] or [response.get("preAuthPeriod")]
    known = [period for period in periods if isinstance(period, Mapping)]
    starts = [day for period in known if (day := _day(period.get("start"), path, first_day))]
    ends = [day for period in known if (day := _day(period.get("end"), path, last_day))]
    return max(starts, default=None), min(ends, default=None)


def _day(value: Any, path: str, read: Callable[[str], date]) -> date | None:
    """Read a FHIR date; a year or month alone begins with its first day, ends with its last."""
    if value is None:
        return None
    try:
        return read(value if isinstance(value, str) else "")
    except ValueError as error:
        raise malformed(f"{path} (a Period)", "a FHIR date that exists") from error

"""The simulated payer's Da Vinci PAS: it checks a request Bundle and makes the answers.

Written apart from the product's own mapping on purpose: what both got wrong alike would not show.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

_PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
_TOPIC = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic"
_BASE = "https://payer.example/fhir"
_REASONS = f"{_BASE}/CodeSystem/denial-reason"
_DISPLAY = {
    "A1": "Certified in total",
    "A2": "Certified - partial",
    "A3": "Not Certified",
    "A4": "Pending",
    "A6": "Modified",
    "C": "Cancelled",
    "CT": "Contact payer",
    "NA": "No Action Required",
}
_GRANTED = frozenset({"A1", "A2", "A6"})
_SHORTENED = timedelta(days=30)
"""What a modification leaves of the period asked for."""
_REQUIRED_ITEM_EXTENSIONS = ("serviceItemRequestType", "certificationType", "requestedService")

Json = dict[str, Any]


class Refused(Exception):
    """The request breaks the implementation guide; the message names the element."""


class Request(NamedTuple):
    """A request for prior authorization, as far as the payer looks."""

    trace: str
    insurer: str
    claim: Json
    companions: list[Json]


def read_request(bundle: Any) -> Request:
    """Check a PAS request Bundle.

    Raises:
        Refused: it is not what the guide wants.
    """
    try:
        return _read(bundle)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refused(f"missing or of another shape: {error}") from error


def _read(bundle: Any) -> Request:
    _expect(bundle["resourceType"] == "Bundle" and bundle["type"] == "collection", "Bundle.type")
    _expect(bool(bundle["identifier"]["value"] and bundle["timestamp"]), "Bundle.identifier")
    entries = bundle["entry"]
    claim = entries[0]["resource"]
    _expect(claim["resourceType"] == "Claim", "the Claim comes first")
    _expect(claim["use"] == "preauthorization" and claim["status"] == "active", "Claim.use")
    base = entries[0]["fullUrl"].removesuffix(f"Claim/{claim['id']}")
    known = {entry["fullUrl"].removeprefix(base): entry["resource"] for entry in entries}
    _expect(len(known) == len(entries), "fullUrl is unique")
    for reference in _references(bundle):
        _expect(reference in known, "a reference that resolves in the Bundle")
    coverage = known[claim["insurance"][0]["coverage"]["reference"]]
    _expect(claim["insurance"][0]["focal"] is True, "Claim.insurance.focal")
    _expect(bool(coverage["subscriberId"]), "Coverage.subscriberId")
    is_self = coverage["relationship"]["coding"][0]["code"] == "self"
    owner = coverage.get("subscriber", coverage["beneficiary"])["reference"]
    _expect(
        (owner == coverage["beneficiary"]["reference"]) is is_self,
        "Coverage.subscriber: the patient, or else a relationship that says who it is",
    )
    for item in claim["item"]:
        names = {extension["url"].rpartition("extension-")[2] for extension in item["extension"]}
        _expect(names.issuperset(_REQUIRED_ITEM_EXTENSIONS), "Claim.item.extension")
        _expect(bool(item["category"] and item["productOrService"]["coding"]), "Claim.item")
        _expect("locationCodeableConcept" in item, "Claim.item.location")
    return Request(
        trace=claim["identifier"][0]["value"],
        insurer=known[claim["insurer"]["reference"]]["identifier"][0]["value"],
        claim=claim,
        companions=[
            entry
            for entry in entries
            if entry["resource"]["resourceType"] in {"Claim", "Organization", "Patient"}
        ],
    )


def response_bundle(request: Request, action: str, now: datetime) -> Json:
    """Make the answer: a ClaimResponse and what it refers to."""
    response = _claim_response(request, action, now)
    base = request.companions[0]["fullUrl"].rpartition("Claim/")[0]
    return {
        "resourceType": "Bundle",
        "id": _identity(request.trace, "bundle"),
        "meta": {"profile": [f"{_PAS}/profile-pas-response-bundle"]},
        "identifier": {"system": f"{_BASE}/transaction", "value": request.trace},
        "type": "collection",
        "timestamp": now.isoformat(),
        "entry": [
            {"fullUrl": f"{base}ClaimResponse/{response['id']}", "resource": response},
            *request.companions,
        ],
    }


def notification(response: Json, number: int, now: datetime) -> Json:
    """Wrap a response Bundle in a full-resource subscription notification (R4 backport)."""
    focus = f"{_BASE}/Bundle/{response['id']}"
    status = {
        "resourceType": "Parameters",
        "id": _identity(focus, str(number)),
        "meta": {"profile": [f"{_BACKPORT}/backport-subscription-status-r4"]},
        "parameter": [
            {
                "name": "subscription",
                "valueReference": {"reference": f"{_BASE}/Subscription/referral-router"},
            },
            {"name": "topic", "valueCanonical": _TOPIC},
            {"name": "status", "valueCode": "active"},
            {"name": "type", "valueCode": "event-notification"},
            {"name": "events-since-subscription-start", "valueString": str(number)},
            {
                "name": "notification-event",
                "part": [
                    {"name": "event-number", "valueString": str(number)},
                    {"name": "timestamp", "valueInstant": now.isoformat()},
                    {"name": "focus", "valueReference": {"reference": focus}},
                ],
            },
        ],
    }
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": now.isoformat(),
        "entry": [
            _history(f"urn:uuid:{status['id']}", status, f"{_BASE}/Subscription/$status"),
            _history(focus, response, focus),
        ],
    }


def _claim_response(request: Request, action: str, now: datetime) -> Json:
    claim = request.claim
    denied, granted = action == "A3", action in _GRANTED
    note = "Send the clinical notes that show why the visit is needed."
    return {
        "resourceType": "ClaimResponse",
        "id": _identity(request.trace, "response"),
        "meta": {"profile": [f"{_PAS}/profile-claimresponse"]},
        "identifier": claim["identifier"],
        "status": "active",
        "type": claim["type"],
        "use": "preauthorization",
        "patient": claim["patient"],
        "created": now.isoformat(),
        "insurer": claim["insurer"],
        "requestor": claim["provider"],
        "request": {"reference": f"Claim/{claim['id']}"},
        "outcome": "complete",
        "item": [
            {
                "extension": _period(item, action, now) if granted else _pend_number(request.trace),
                "itemSequence": item["sequence"],
                **({"noteNumber": [1]} if denied else {}),
                "adjudication": [_adjudication(request.trace, action)],
            }
            for item in claim["item"]
        ],
        **({"processNote": [{"number": 1, "text": note}]} if denied else {}),
    }


def _adjudication(trace: str, action: str) -> Json:
    coding = {
        "system": "https://codesystem.x12.org/005010/306",
        "code": action,
        "display": _DISPLAY[action],
    }
    parts: list[Json] = [
        {
            "url": f"{_PAS}/extension-reviewActionCode",
            "valueCodeableConcept": {"coding": [coding]},
        }
    ]
    if action in _GRANTED:
        parts.insert(0, {"url": "number", "valueString": f"AUTH{_identity(trace, 'auth')[:8]}"})
    if action == "A3":
        reason = {
            "system": _REASONS,
            "code": "necessity-not-shown",
            "display": "Medical necessity was not shown",
        }
        parts.append({"url": "reasonCode", "valueCodeableConcept": {"coding": [reason]}})
    return {
        "extension": [{"url": f"{_PAS}/extension-reviewAction", "extension": parts}],
        "category": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/adjudication",
                    "code": "submitted",
                }
            ]
        },
    }


def _period(item: Json, action: str, now: datetime) -> list[Json]:
    period = item["servicedPeriod"]
    if action == "A6":
        shortened = date.fromisoformat(period["start"]) + _SHORTENED
        period = {**period, "end": min(period["end"], shortened.isoformat())}
    return [
        {
            "url": f"{_PAS}/extension-itemPreAuthIssueDate",
            "valueDate": now.date().isoformat(),
        },
        {"url": f"{_PAS}/extension-itemPreAuthPeriod", "valuePeriod": period},
    ]


def _pend_number(trace: str) -> list[Json]:
    return [
        {
            "url": f"{_PAS}/extension-administrationReferenceNumber",
            "valueString": f"REF{_identity(trace, 'reference')[:8]}",
        }
    ]


def _history(url: str, resource: Json, read_from: str) -> Json:
    return {
        "fullUrl": url,
        "resource": resource,
        "request": {"method": "GET", "url": read_from},
        "response": {"status": "200"},
    }


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return own + [found for item in value.values() for found in _references(item)]


def _identity(trace: str, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{_BASE}/{name}/{trace}"))


def _expect(holds: bool, element: str) -> None:  # noqa: FBT001 - an assertion with a name
    if not holds:
        raise Refused(element)

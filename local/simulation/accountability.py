"""Nothing about one patient goes out as another's, and nothing accepted is without effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.simulation.day import Day
from referral_core.domain.events import EventKind
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.updates import UPDATES, UpdateKind

_OWN_ID: Final = re.compile(r"\b([0-9a-f]{32})\b")
_SUBSCRIBER: Final = re.compile(r"NM1\*IL\*1\*[^~]*\*MI\*([^*~]*)")
_MUST_ACT: Final = frozenset(
    {kind for kind, update in UPDATES.items() if update.ends_with is not None}
    | {UpdateKind.REPORT_RECEIVED, UpdateKind.DECISION}
)
"""What is never merely recorded: an end, a document, a decision."""

_Contents = Mapping[ReferralId, list[ClinicalContent]]


def one_patient(day: Day) -> Iterator[str]:
    """Whatever goes out about a referral holds its own patient, and nobody else.

    Texts, letters, portal messages, offers, and what payers are asked: 270 and PAS.
    """
    contents = _contents(day)
    for entry in day.logs.get("carrier", ()):
        yield from _text_to_another(entry.get("body"), contents)
    for entry in day.logs.get("clinic", ()):
        if entry.get("did") == "received":
            yield from _offer_of_another(entry.get("path", ""), entry.get("body"), contents)
    for entry in day.logs.get("payer", ()):
        yield from _question_about_another(entry.get("body"), contents)
        if entry.get("did") == "received":
            yield from _authorization_of_another(entry.get("body"), contents)
    for entry in day.logs.get("ehr", ()):
        if entry.get("did") == "received":
            yield from _portal_message_to_another(entry.get("body"), contents, day)
    for content, _ in day.documents.values():
        yield from _letter_to_another(content, contents)


def every_update_counts(day: Day) -> Iterator[str]:
    """Each update had an effect, was refused, or is before a person: none is left, or shrugged off.

    What is moot may be recorded and nothing more; an end, a document and a decision never are.
    """
    for state in day.table.all():
        referral = state.referral
        if referral.is_closed:
            for update in state.mailbox.pending if state.mailbox.unread else ():
                yield f"{referral.id} is closed, and {update.kind} waits for its turn for ever"
        kinds = {u.id: u.kind for u in day.table.updates[referral.tenant, referral.id].values()}
        for event in day.events(referral):
            kind = kinds.get(event.update or "")
            if event.kind is EventKind.UPDATE_RECORDED and kind in _MUST_ACT:
                yield f"{referral.id} recorded {kind} in event {event.version}, and did nothing"


def _contents(day: Day) -> _Contents:
    """Return what each referral's versions say of its patient."""
    found: dict[ReferralId, list[ClinicalContent]] = {}
    at: tuple[tuple[Tenant, ReferralId], int]
    for at, payload in day.table.payloads.items():
        found.setdefault(at[0][1], []).append(ClinicalPayload.load(payload).content)
    return found


def _text_to_another(body: Any, contents: _Contents) -> Iterator[str]:
    if not isinstance(body, dict) or "DestinationPhoneNumber" not in body:
        return
    reference = str(body.get("Context", {}).get("reference", ""))
    named = _OWN_ID.match(reference)
    if named is None:
        return  # it answers somebody's own question
    known = {c.patient.phone for c in contents.get(ReferralId(named[1]), ())}
    if body["DestinationPhoneNumber"] not in known:
        yield f"{reference} went to a number that is not of its patient"


def _offer_of_another(path: str, body: Any, contents: _Contents) -> Iterator[str]:
    named = _OWN_ID.search(path) or _OWN_ID.search(json.dumps(body))
    known = contents.get(ReferralId(named[1]), ()) if named else ()
    own = {(c.patient.family, str(c.patient.birth_date)) for c in known}
    for patient in _patients_in(body):
        names = [name.get("family") for name in patient.get("name", ())]
        if not {(name, str(patient.get("birthDate"))) for name in names} & own:
            yield f"{named[1] if named else path} was offered with another patient"


def _question_about_another(body: Any, contents: _Contents) -> Iterator[str]:
    if not isinstance(body, str):
        return
    named = _OWN_ID.search(body)
    known = contents.get(ReferralId(named[1]), ()) if named else ()
    numbers = {(c.coverage.member_id or "").upper() for c in known}
    for number in _SUBSCRIBER.findall(body):
        if number.upper() not in numbers:
            yield f"{named[1] if named else '?'} asked a payer about another subscriber"


def _authorization_of_another(body: Any, contents: _Contents) -> Iterator[str]:
    """Say whom a PAS Bundle holds besides the patient and whose coverage it is."""
    claims = [e.get("resource", {}) for e in _entries(body)]
    claim = next((r for r in claims if r.get("resourceType") == "Claim"), None)
    if claim is None:
        return
    named = _OWN_ID.search(json.dumps(claim.get("identifier", "")))
    known = contents.get(ReferralId(named[1]), ()) if named else ()
    own = {(c.patient.family, str(c.patient.birth_date)) for c in known}
    payers = [c.coverage.subscriber for c in known if c.coverage.subscriber is not None]
    own |= {(s.family, str(s.birth_date)) for s in payers}
    for patient in _patients_in(body):
        names = [name.get("family") for name in patient.get("name", ())]
        if not {(name, str(patient.get("birthDate"))) for name in names} & own:
            yield f"{named[1] if named else '?'} asked to authorize another patient's visit"


def _entries(body: Any) -> list[Mapping[str, Any]]:
    return list(body.get("entry", ())) if isinstance(body, dict) else []


def _portal_message_to_another(body: Any, contents: _Contents, day: Day) -> Iterator[str]:
    """Say where a message for the portal names a patient that its order does not name."""
    if not isinstance(body, dict) or "instruction" not in json.dumps(body.get("category", "")):
        return
    named = _OWN_ID.match(str(body.get("id")))
    known = contents.get(ReferralId(named[1]), ()) if named else ()
    numbers = {token for c in known for token in c.patient.identifiers}
    literals = {
        ClinicalPayload.load(payload).service_request.get("subject", {}).get("reference")
        for at, payload in day.table.payloads.items()
        if named and at[0][1] == named[1]
    }
    for reference in (body.get("subject", {}), *body.get("recipient", ())):
        number = reference.get("identifier", {})
        token = f"{number.get('system', '')}|{number.get('value')}"
        if reference and token not in numbers and reference.get("reference", "") not in literals:
            yield f"{body.get('id')} is for the portal of another patient"


def _letter_to_another(content: bytes, contents: _Contents) -> Iterator[str]:
    """Say where a letter goes to a name that is not of its patient."""
    if not content.startswith(b'{"reference"'):
        return
    letter = json.loads(content)
    named = _OWN_ID.match(str(letter["reference"]))
    known = contents.get(ReferralId(named[1]), ()) if named else ()
    if letter["to"][0] not in {
        f"{c.patient.given or ''} {c.patient.family}".strip() for c in known
    }:
        yield f"{letter['reference']} is a letter to another patient"


def _patients_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _patients_in(item)
    elif isinstance(value, dict):
        if value.get("resourceType") == "Patient":
            yield value
        for inner in value.values():
            yield from _patients_in(inner)

"""Entries of the audit as FHIR R4 AuditEvents: reads as IHE BALP has them, and exports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final

from referral_core.domain.access.audit import Access, AuditEntry
from referral_core.fhir.parse import Json
from referral_core.fhir.systems import ORGANIZATION

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
EXPORT: Final = (_DICOM, "110106")
REST: Final = (_EVENT_TYPE, "rest")
_DISPLAYS: Final = {EXPORT: "Export", REST: "RESTful Operation"}
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
UNMATCHED: Final = "https://referral-router.example/identifiers/unmatched"
CLIENT: Final = "https://referral-router.example/identifiers/client"
_ACTIONS: Final = {Access.READ: "R", Access.SEARCH: "E", Access.WRITE: "U", Access.DISCLOSE: "R"}
_INTERACTIONS: Final = {Access.READ: "read", Access.SEARCH: "search-type", Access.WRITE: "update"}
_SUCCESS, _REFUSED = "0", "4"
_IP_ADDRESS: Final = "2"


def audit_event(entries: Sequence[AuditEntry]) -> Json:
    """Make the AuditEvent of one access: its entries, one for each referral that it showed."""
    entry = entries[0]
    entities = [_entity(what) for each in entries if (what := _shown_by(each))]
    return {
        "resourceType": "AuditEvent",
        "id": entry.id,
        "type": _coding(*type_of(entry), _DISPLAYS[type_of(entry)]),
        "subtype": [_subtype_of(entry)],
        "action": _ACTIONS[entry.access],
        "recorded": entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        **({"outcome": outcome} if (outcome := outcome_of(entry)) else {}),
        **({"outcomeDesc": said} if (said := entry.refused or _of_act(entry)) else {}),
        **(
            {"purposeOfEvent": [{"coding": [_coding(_REASON, entry.purpose.value)]}]}
            if entry.purpose
            else {}
        ),
        "agent": [_agent(entry), *_recipients(entry)],
        "source": {"observer": {"display": "Referral Router"}},
        **({"entity": entities} if entities else {}),
    }


def type_of(entry: AuditEntry) -> tuple[str, str]:
    """Return system and code of what kind of event an entry is."""
    return EXPORT if entry.access is Access.DISCLOSE else REST


def outcome_of(entry: AuditEntry) -> str | None:
    """Return the code of how it ended; None: an act, which was asked for and may have failed."""
    if entry.is_asked:
        return None
    return _REFUSED if entry.refused else _SUCCESS


def _of_act(entry: AuditEntry) -> str | None:
    return "asked for" if entry.is_asked else None


def _subtype_of(entry: AuditEntry) -> Json:
    interaction = _INTERACTIONS.get(entry.access)
    if interaction is None:
        return {"code": entry.operation}
    return _coding(_INTERACTION, interaction, entry.operation)


def _agent(entry: AuditEntry) -> Json:
    who: dict[str, Any] = {"identifier": {"system": CLIENT, "value": entry.agent}}
    if entry.person:
        who["display"] = entry.person
    source = entry.access is Access.DISCLOSE
    return {
        "type": {"coding": [_coding(_DICOM, *(_SOURCE if source else _APPLICATION))]},
        "who": who,
        "requestor": True,
        **({"role": [{"text": entry.role.value}]} if entry.role else {}),
        **({"network": {"address": entry.address, "type": _IP_ADDRESS}} if entry.address else {}),
    }


_SOURCE: Final = ("110153", "Source Role ID")
_APPLICATION: Final = ("110150", "Application")


def _recipients(entry: AuditEntry) -> list[Json]:
    if entry.recipient is None:
        return []
    identifier = {"system": ORGANIZATION, "value": entry.recipient_id or entry.recipient.value}
    return [
        {
            "type": {"coding": [_coding(_DICOM, "110152", "Destination Role ID")]},
            "role": [{"text": entry.recipient.value}],
            "who": {"identifier": identifier},
            "requestor": False,
        }
    ]


def _shown_by(entry: AuditEntry) -> Json | None:
    if entry.referral_id is not None:
        return {"reference": f"ServiceRequest/{entry.referral_id}"}
    if entry.unmatched is not None:
        return {"identifier": {"system": UNMATCHED, "value": entry.unmatched}}
    return None


def _entity(what: Json) -> Json:
    return {
        "what": what,
        "type": _coding(_ENTITY_TYPE, "2", "System Object"),
        "role": _coding(_OBJECT_ROLE, "4", "Domain Resource"),
    }


def _coding(system: str, code: str, display: str | None = None) -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}

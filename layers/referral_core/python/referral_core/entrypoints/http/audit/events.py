"""Who saw what of a patient, and what went out of them: the accounting of disclosures.

Reads and refusals are the audit's own; what was written and what went out is what the record's
events say. A page is a stretch of all of these by time, so that none pushes another out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from referral_core.domain.access.audit import AuditEntry, AuditTrail, Stretch
from referral_core.domain.access.principal import Duty, Principal
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.numbers import folded_number
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.patient_identity import identity_of
from referral_core.domain.orders.search_terms import number_term
from referral_core.entrypoints.http.audit.accounted import disclosures, granted_writes
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response
from referral_core.entrypoints.http.page_room import refuse_foreign_page
from referral_core.entrypoints.http.search_parameters import (
    check_parameters,
    count_of,
    refuse_value,
)
from referral_core.fhir.ids import own_id
from referral_core.fhir.outbound.audit_events import (
    CLIENT,
    EXPORT,
    REST,
    audit_event,
    outcome_of,
    type_of,
)
from referral_core.fhir.outbound.responses import searchset
from referral_core.fhir.search import Asked, earliest, meets_date, meets_token
from referral_core.ports.lifecycle import Clock, Referrals

PARAMETERS: Final = frozenset(
    {"patient", "entity", "date", "type", "outcome", "agent", "_count", "_page"}
)
_KEPT: Final = timedelta(days=6 * 366)
"""What the law asks for is six years back (45 CFR 164.528)."""
_MAY_READ: Final = frozenset({Duty.REVIEWER, Duty.PRIVACY_OFFICER})
_TOKEN: Final = re.compile(
    r"a~(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00#[A-Za-z0-9.\-]{1,80})", re.ASCII
)
_LENGTH_OF_A_DAY: Final = len("2026-03-02")


@dataclass(frozen=True)
class ReadAudit:
    """Answers reviewers and privacy officers."""

    referrals: Referrals
    trail: AuditTrail
    clock: Clock

    def search(self, request: Request) -> Response:
        """Return a page of AuditEvents, the latest first; what is left out still leads on."""
        _require_duty(request.principal)
        check_parameters(request.query, PARAMETERS)
        stretch = self._stretch(request)
        read = self._read(request, stretch)
        accesses: dict[str, list[AuditEntry]] = {}
        for entry in sorted((e for part in read for e in part), key=lambda e: e.place):
            accesses.setdefault(entry.place, []).append(entry)
        places = sorted(accesses, reverse=True)
        shown, left = places[: stretch.limit], places[stretch.limit :]
        goes_on = left or any(len(part) == stretch.limit for part in read)
        body = searchset(
            [audit_event(accesses[p]) for p in shown if _meets(request, accesses[p][0])],
            request.base_url,
            self_url=f"{request.base_url}/AuditEvent",
            next_url=_next(request, shown[-1]) if goes_on else None,
        )
        return Response(HTTPStatus.OK, body)

    def _stretch(self, request: Request) -> Stretch:
        token = request.query.get("_page")
        found = _TOKEN.fullmatch(token) if token else None
        if token and not found:
            refuse_foreign_page()
        dates = [value for name, value in request.parameters if name == "date"]
        try:
            begin = earliest([Asked.of("date", one) for one in dates])
        except ValueError:
            refuse_value("date")
        since = max(begin, self.clock.now() - _KEPT)
        return Stretch(since, found[1] if found else None, count_of(request.query))

    def _read(self, request: Request, stretch: Stretch) -> Sequence[Sequence[AuditEntry]]:
        """Read a stretch of each list that may hold what is asked for."""
        tenant, query = request.principal.tenant, request.query
        if not query.keys() & {"patient", "entity"} and (day := _day(query.get("date", ""))):
            return [self.trail.of_day(tenant, day, stretch)]
        ids = self._asked(tenant, query)
        wanted = query.get("type")
        rest, exports = (wanted is None or meets_token(wanted, [t]) for t in (REST, EXPORT))
        read = [self.trail.of_referral(tenant, i, stretch) for i in ids] if rest else []
        for referral_id in ids:
            read += self._events(tenant, referral_id, stretch, rest=rest, exports=exports)
        return read

    def _events(
        self,
        tenant: Tenant,
        referral_id: ReferralId,
        stretch: Stretch,
        *,
        rest: bool,
        exports: bool,
    ) -> Iterator[Sequence[AuditEntry]]:
        try:
            referral = self.referrals.load(tenant, referral_id).referral
        except NotFound:
            return
        events = self.referrals.events(tenant, referral_id)
        if rest:
            yield stretch.of(granted_writes(events))
        if exports:
            yield stretch.of(disclosures(referral, events))

    def _asked(self, tenant: Tenant, query: Mapping[str, str]) -> Sequence[ReferralId]:
        if entity := query.get("entity"):
            own = own_id(entity.rpartition("/")[2])
            return [own.referral_id] if own else []
        patient = query.get("patient", "")
        if "|" not in patient:
            refuse(
                "patient-not-named",
                "Name the patient (patient=system|value) or an order (entity=ServiceRequest/id).",
                code="required",
                status=HTTPStatus.BAD_REQUEST,
            )
        folded = folded_number(patient)
        found = self.referrals.identified(tenant, number_term(folded)) if folded else ()
        return [i for i in found if self._is_of(tenant, i, patient.casefold())]

    def _is_of(self, tenant: Tenant, referral_id: ReferralId, token: str) -> bool:
        """Whether the patient has the identifier: the index folds numbers and knows no system."""
        referral = self.referrals.load(tenant, referral_id).referral
        patient = ClinicalPayload.load(self.referrals.payload(referral)).content.patient
        return token in {known.casefold() for known in identity_of(patient).identifiers}


def _day(text: str) -> date | None:
    """Return the one day that a parameter names; None: it names none."""
    text = text.removeprefix("eq")
    if len(text) != _LENGTH_OF_A_DAY:
        return None
    day = None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        refuse_value("date")
    return day


def _meets(request: Request, entry: AuditEntry) -> bool:
    """Whether an access is what all parameters ask for."""
    return all(_is(name, value, entry) for name, value in request.parameters)


def _is(name: str, wanted: str, entry: AuditEntry) -> bool:
    match name:
        case "type":
            return meets_token(wanted, [type_of(entry)])
        case "outcome":
            return outcome_of(entry) in wanted.split(",")
        case "agent":
            return meets_token(wanted, [(CLIENT, entry.agent)])
        case "date":
            try:
                return meets_date(wanted, (entry.at, entry.at))
            except ValueError:
                refuse_value("date")
    return True


def _next(request: Request, place: str) -> str:
    asked = [(name, value) for name, value in request.parameters if name != "_page"]
    return f"{request.base_url}/AuditEvent?{urlencode([*asked, ('_page', f'a~{place}')])}"


def _require_duty(principal: Principal) -> None:
    person = principal.person
    if person is None or person.duty not in _MAY_READ:
        raise Forbidden("Who saw what is shown to reviewers and privacy officers only.")

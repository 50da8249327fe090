"""Intake: a referral is accepted once, completely and durably, or refused with a reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, NoReturn
from uuid import uuid4

from referral_core.api.face import Answer, Call, refuse
from referral_core.domain.errors import Conflict, NotFound, VersionMoved
from referral_core.domain.lifecycle import RESPONSIBLE, Status
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.outreach import reach_hash
from referral_core.domain.pathway import Order
from referral_core.domain.principal import Principal
from referral_core.domain.referral import Event, Referral
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.fhir.body import read_resource
from referral_core.fhir.ids import own_id
from referral_core.fhir.intake import Intake, condition_identifier, read_referrals, read_update
from referral_core.fhir.resources import message_response, transaction_response
from referral_core.pathways import pathway_for
from referral_core.ports import Arrival, Clock, Documents, Key, KeyKind, Referrals, Taken
from referral_core.steps.content import Payload
from referral_core.steps.engine import Engine, Receipt

_TRIES: Final = 8
_PAUSE_S: Final = 0.01
_LONGEST_KEY: Final = 256


@dataclass(frozen=True)
class Accepted:
    """One referral as it is stored now, and whether this post created it."""

    referral: Referral
    service_request: dict[str, Any]
    created: bool


@dataclass(frozen=True)
class ReceiveReferral:
    """Accepts, repeats, refuses or updates referrals of an EHR."""

    referrals: Referrals
    documents: Documents
    engine: Engine
    clock: Clock
    new_id: Callable[[], str] = lambda: uuid4().hex

    def create(self, call: Call) -> Answer:
        """Accept one ServiceRequest: 201 new, 200 a repeat, 409 other content under the key."""
        accepted = self._accept(call, self._read(call, "resource"))[0]
        return _stored(call, accepted)

    def create_bundle(self, call: Call) -> Answer:
        """Accept all referrals of a Bundle in one transaction, or none."""
        intakes = self._read(call, "bundle")
        accepted = self._accept(call, intakes)
        size = len(read_resource(call.body, call.content_type).get("entry", []))
        positions = _positions(intakes, size)
        found = {
            position: (_location(call, a.referral), _etag(a.referral), a.created)
            for a, position in zip(accepted, positions, strict=True)
        }
        last = max(size - 1, *positions)
        entries = [found.get(position) for position in range(last + 1)]
        return Answer(HTTPStatus.OK, transaction_response(entries, self.clock.now()), {})

    def process_message(self, call: Call) -> Answer:
        """Accept the referrals of a message and answer with a message."""
        accepted = self._accept(call, self._read(call, "message"))
        locations = [_location(call, a.referral) for a in accepted]
        body = message_response(call.body, locations, self.clock.now())
        return Answer(HTTPStatus.OK, body, {})

    def update(self, call: Call, referral_id: str) -> Answer:
        """Take the author's new version: missing data, corrected coverage, revoked, in error."""
        principal = call.principal
        principal.require_role(Role.EHR)
        tenant = principal.tenant
        referral = self.referrals.load(tenant, ReferralId(referral_id)).referral
        if referral.referrer != principal.organization:
            raise NotFound("There is no such referral.")
        before = Payload.load(self.referrals.payload(referral))
        intake = read_update(call.body, call.content_type, referral_id, before.resources)
        _require_match(call.headers.get("if-match"), referral)
        if intake.canonical_hash == before.content_hash:
            return _stored(call, Accepted(referral, before.stored(referral), created=False))
        kind = _UPDATES.get(intake.status, UpdateKind.INFORMATION_SUPPLIED)
        source = self.documents.put(tenant, call.body, call.content_type or "")
        now = self.clock.now()
        payload = Payload.of(intake, source)
        update = Update(
            id=f"put-{referral.payload_version}-{intake.canonical_hash[:32]}",
            kind=kind,
            actor=principal.client_id,
            role=principal.role,
            received_at=now,
        )
        phone = intake.clinical.patient.phone
        try:
            receipt = self.engine.post(
                tenant,
                referral.id,
                update,
                payload=payload.dump(),
                phone_hash=reach_hash(phone) if phone else None,
                known_version=referral.payload_version if "if-match" in call.headers else None,
            )
        except VersionMoved:
            _stale(self.referrals.load(tenant, referral.id).referral)
        if receipt is Receipt.LATE:
            refuse(
                "referral-closed",
                "The referral is closed; your update is on record. Post a new referral if needed.",
                code="conflict",
                status=HTTPStatus.CONFLICT,
            )
        return _stored(call, self._as_stored(tenant, referral.id, created=False))

    def _read(self, call: Call, kind: Literal["resource", "bundle", "message"]) -> Sequence[Intake]:
        call.principal.require_role(Role.EHR)
        return read_referrals(call.body, call.content_type, kind)

    def _accept(self, call: Call, intakes: Sequence[Intake]) -> Sequence[Accepted]:
        principal = call.principal
        source = self.documents.put(principal.tenant, call.body, call.content_type or "")
        arrivals = [
            self._arrival(principal, intake, _keys(call, intakes, position), source)
            for position, intake in enumerate(intakes)
        ]
        _require_distinct(arrivals)
        conditions = [call.headers.get("if-none-exist") or i.if_none_exist for i in intakes]
        there = {
            arrival.referral.id: existing
            for arrival, condition in zip(arrivals, conditions, strict=True)
            if condition and (existing := self._existing(principal, condition))
        }
        accepted = self._write(principal, arrivals, there)
        for one, intake in zip(accepted, intakes, strict=True):
            self._supersede(principal, one.referral, intake)
        return accepted

    def _supersede(self, principal: Principal, successor: Referral, intake: Intake) -> None:
        """End the referrals that a new one replaces; a repeat of the post says it again."""
        for name in intake.replaces:
            own = own_id(name.rpartition("/")[2])
            replaced = own.referral_id if own else self._named(principal, name)
            if replaced is None or replaced == successor.id:
                continue
            with suppress(NotFound):
                old = self.referrals.load(principal.tenant, replaced).referral
                if old.referrer != principal.organization or old.is_closed:
                    continue
                update = Update(
                    id=f"superseded-by-{successor.id}",
                    kind=UpdateKind.SUPERSEDED,
                    actor=principal.client_id,
                    role=principal.role,
                    received_at=self.clock.now(),
                    facts={"by": successor.id},
                )
                self.engine.post(principal.tenant, old.id, update)

    def _named(self, principal: Principal, token: str) -> ReferralId | None:
        key = Key(kind=KeyKind.PLACER, value=token, content_hash="")
        taken = self.referrals.taken(principal.tenant, key)
        return taken.referral_id if taken else None

    def _write(
        self,
        principal: Principal,
        arrivals: Sequence[Arrival],
        repeats: dict[ReferralId, ReferralId],
    ) -> Sequence[Accepted]:
        """Write what is new; what is there already is answered as it is stored."""
        for attempt in range(_TRIES):
            fresh = [a for a in arrivals if a.referral.id not in repeats]
            try:
                taken = self.referrals.accept(fresh) if fresh else ()
            except Conflict:
                # Posts of the same referral at the same instant: one of them will have won.
                time.sleep(_PAUSE_S * 2**attempt)
                continue
            if not taken:
                break
            for held in taken:
                self._require_own(principal, held)
            repeats |= _repeats(fresh, taken)
        else:
            refuse(
                "concurrent-posts",
                "Other posts of the same referrals are being written; post again.",
                code="transient",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
        return [
            self._as_stored(
                principal.tenant,
                repeats.get(a.referral.id, a.referral.id),
                created=a.referral.id not in repeats,
            )
            for a in arrivals
        ]

    def _existing(self, principal: Principal, condition: str) -> ReferralId | None:
        """Return the referral that an If-None-Exist condition finds."""
        placer = condition_identifier(condition)
        key = Key(kind=KeyKind.PLACER, value=placer, content_hash="")
        taken = self.referrals.taken(principal.tenant, key)
        if taken is None:
            return None
        self._require_own(principal, taken)
        return taken.referral_id

    def _require_own(self, principal: Principal, taken: Taken) -> None:
        """Refuse a key that another EHR of the tenant took: its referral is not to be seen."""
        referral = self.referrals.load(principal.tenant, taken.referral_id).referral
        if referral.referrer != principal.organization:
            refuse(
                "identifier-of-another-ehr",
                "Another EHR sent an order with this identifier: send one of your own system.",
                code="duplicate",
                status=HTTPStatus.CONFLICT,
                expression="ServiceRequest.identifier",
            )

    def _as_stored(self, tenant: Tenant, referral_id: ReferralId, *, created: bool) -> Accepted:
        referral = self.referrals.load(tenant, referral_id).referral
        payload = Payload.load(self.referrals.payload(referral))
        return Accepted(referral, payload.stored(referral), created)

    def _arrival(
        self, principal: Principal, intake: Intake, keys: tuple[Key, ...], source: str
    ) -> Arrival:
        now = self.clock.now()
        pathway = pathway_for(
            Order(
                categories=intake.categories,
                codes=intake.codes,
                performer_types=intake.performer_types,
                priority=intake.priority,
                setting=intake.clinical.setting,
            )
        )
        responsible = RESPONSIBLE[Status.RECEIVED]
        referral = Referral(
            tenant=principal.tenant,
            id=ReferralId(self.new_id()),
            pathway=pathway.id,
            pathway_version=pathway.version,
            priority=intake.priority,
            referrer=principal.organization,
            placer_identifier=intake.placer_identifier,
            authored_at=intake.authored_on,
            received_at=now,
            updated_at=now,
            status_since=now,
            due_at=now + self.clock.grace(),
            queue=responsible.queue,
            waits_for=responsible.waits_for,
            why="Received; its lifecycle is about to start.",
        )
        event = Event(
            tenant=referral.tenant,
            referral_id=referral.id,
            version=referral.version,
            run=referral.run,
            kind="received",
            at=now,
            actor=principal.client_id,
            from_status=None,
            to_status=referral.status,
            why=referral.why,
            pathway=referral.pathway,
            metered={"states": 1},
        )
        phone = intake.clinical.patient.phone
        return Arrival(
            referral=referral,
            event=event,
            payload=Payload.of(intake, source).dump(),
            keys=keys,
            phone_hash=reach_hash(phone) if phone else None,
        )


_UPDATES: Final = {
    "revoked": UpdateKind.CANCEL,
    "entered-in-error": UpdateKind.ENTERED_IN_ERROR,
}


def _keys(call: Call, intakes: Sequence[Intake], position: int) -> tuple[Key, ...]:
    """Return what makes a repeat: the placer's identifier, the client's key, else the content.

    Keys and content are the client's own affair; a placer's identifier names its system itself.
    In a Bundle the client's key stands in for identifiers only: with both for each of twenty
    referrals they would not fit one transaction.
    """
    intake, organization = intakes[position], call.principal.organization
    found: list[tuple[KeyKind, str]] = []
    if intake.placer_identifier:
        found.append((KeyKind.PLACER, intake.placer_identifier))
    client_key = call.headers.get("idempotency-key")
    if client_key and (not found or len(intakes) == 1):
        if len(client_key) > _LONGEST_KEY:
            refuse(
                "idempotency-key-too-long",
                f"Send an Idempotency-Key of at most {_LONGEST_KEY} characters.",
                code="value",
                status=HTTPStatus.BAD_REQUEST,
            )
        found.append((KeyKind.IDEMPOTENCY, f"{organization}#{client_key}#{position}"))
    if not found:
        found.append((KeyKind.CONTENT, f"{organization}#{intake.canonical_hash}"))
    return tuple(
        Key(kind=kind, value=value, content_hash=intake.canonical_hash) for kind, value in found
    )


def _positions(intakes: Sequence[Intake], size: int) -> list[int]:
    """Return where each referral is answered: in its entry's place; a second one of it, behind."""
    found: list[int] = []
    for intake in intakes:
        own = intake.entry
        free = own is not None and own not in found
        found.append(own if own is not None and free else max([size - 1, *found]) + 1)
    return found


def _require_distinct(arrivals: Sequence[Arrival]) -> None:
    keys = [(k.kind, k.value) for a in arrivals for k in a.keys]
    if len(set(keys)) != len(keys):
        refuse(
            "referral-twice-in-bundle",
            "Two referrals of the Bundle have the same identifier or content: send each once.",
            code="duplicate",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="Bundle.entry",
        )


def _repeats(arrivals: Sequence[Arrival], taken: Sequence[Taken]) -> dict[ReferralId, ReferralId]:
    """Return new id → stored id of what was posted before; refuse other content under a key."""
    owner = {(k.kind, k.value): a.referral.id for a in arrivals for k in a.keys}
    for held in taken:
        if held.content_hash != held.key.content_hash:
            refuse(
                "key-reused",
                f"This {held.key.kind} key was used with other content: "
                f"PUT ServiceRequest/{held.referral_id} to change that referral, "
                "or send a new identifier.",
                code="duplicate",
                status=HTTPStatus.CONFLICT,
                expression="ServiceRequest.identifier",
            )
    return {owner[held.key.kind, held.key.value]: held.referral_id for held in taken}


def _require_match(if_match: str | None, referral: Referral) -> None:
    if if_match is not None and if_match.strip() != _etag(referral):
        _stale(referral)


def _stale(referral: Referral) -> NoReturn:
    refuse(
        "stale-version",
        f"The stored version is {_etag(referral)}: read it, then send your change again.",
        code="conflict",
        status=HTTPStatus.PRECONDITION_FAILED,
    )


def _etag(referral: Referral) -> str:
    return f'W/"{referral.payload_version}"'


def _location(call: Call, referral: Referral) -> str:
    return f"{call.base_url}/ServiceRequest/{referral.id}/_history/{referral.payload_version}"


def _stored(call: Call, accepted: Accepted) -> Answer:
    status = HTTPStatus.CREATED if accepted.created else HTTPStatus.OK
    referral = accepted.referral
    headers = {"Location": _location(call, referral), "ETag": _etag(referral)}
    return Answer(status, accepted.service_request, headers)

"""Everybody who may call the API, and how each stands to one referral.

Two tenants, three referrals: `mine` and `others` of Lakeside, `abroad` of Riverside. One clinic
declined `mine`, the next one has it in hand, a third was never asked. Riverside's partners bear
the same names as Lakeside's: only the tenant tells them apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import copy
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.access.principal import Principal
from referral_core.domain.evidence import ORDER_DOCUMENT, Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.referral import Referral
from referral_core.domain.updates import OfferDeclined, Role
from referral_core.entrypoints.http.exchange import Request as ApiRequest
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import TO_THE_END, accepted, agreed, booked, reported, seen
from tests.unit.entrypoints.http.api_client import ApiClient, Reply
from tests.unit.fhir.orders import PLACER, Json, an_order
from tests.unit.lifecycle.work_item_worlds import DERMATOLOGY, reply

RIVERSIDE: Final = Tenant("riverside")
OTHERS: Final = ReferralId("1" * 32)
ABROAD: Final = ReferralId("2" * 32)
NOWHERE: Final = ReferralId("f" * 32)
BOTH_SCOPES: Final = "referrals/read referrals/write"


class Party(StrEnum):
    """A caller, by its relation to the referral `mine`; `AWAY_*` belong to the other tenant."""

    OWN_EHR = "own-ehr"
    OTHER_EHR = "other-ehr"
    IN_HAND = "clinic-in-hand"
    DECLINED = "clinic-that-declined"
    NEVER_ASKED = "clinic-never-asked"
    PAYER = "payer"
    OTHER_PAYER = "other-payer"
    STAFF = "staff"
    CHANNEL = "patient-channel"
    AWAY_EHR = "away-ehr"
    AWAY_CLINIC = "away-clinic"
    AWAY_PAYER = "away-payer"
    AWAY_STAFF = "away-staff"


_WHO: Final[Mapping[Party, tuple[Tenant, Role, str]]] = MappingProxyType(
    {
        Party.OWN_EHR: (TENANT, Role.EHR, "lakeside-ehr"),
        Party.OTHER_EHR: (TENANT, Role.EHR, "another-ehr"),
        Party.IN_HAND: (TENANT, Role.CLINIC, "clinic-2"),
        Party.DECLINED: (TENANT, Role.CLINIC, "clinic-1"),
        Party.NEVER_ASKED: (TENANT, Role.CLINIC, "clinic-3"),
        Party.PAYER: (TENANT, Role.PAYER, "harbor"),
        Party.OTHER_PAYER: (TENANT, Role.PAYER, "pioneer"),
        Party.STAFF: (TENANT, Role.STAFF, "lakeside"),
        Party.CHANNEL: (TENANT, Role.PATIENT_CHANNEL, "carrier"),
        Party.AWAY_EHR: (RIVERSIDE, Role.EHR, "lakeside-ehr"),
        Party.AWAY_CLINIC: (RIVERSIDE, Role.CLINIC, "clinic-2"),
        Party.AWAY_PAYER: (RIVERSIDE, Role.PAYER, "harbor"),
        Party.AWAY_STAFF: (RIVERSIDE, Role.STAFF, "lakeside"),
    }
)
EHRS: Final = frozenset({Party.OWN_EHR, Party.OTHER_EHR, Party.AWAY_EHR})
AWAY: Final = frozenset({Party.AWAY_EHR, Party.AWAY_CLINIC, Party.AWAY_PAYER, Party.AWAY_STAFF})
AWAY_PARTNERS: Final = AWAY - {Party.AWAY_PAYER}
"""Those of the other tenant whose role may call what is not for payers."""
NO_PARTNERS: Final = frozenset({Party.PAYER, Party.OTHER_PAYER, Party.AWAY_PAYER, Party.CHANNEL})
"""Those whose role may call hardly anything."""


class Request(NamedTuple):
    """What is sent."""

    method: str
    url: str
    body: Json | list[Json] | None = None
    headers: Mapping[str, str] = MappingProxyType({})


LETTER: Final = b'{"of": "mine"}'
"""What came with the order of `mine`."""

Stored = tuple[Tenant, ReferralId]
"""Which referral it is, of whom."""


class Snapshot(NamedTuple):
    """What is stored of one referral, all that a refused call must leave alone."""

    referral: Referral
    mailbox: object
    events: int
    evidence: int


class Parties:
    """The API with everybody around it, and the three referrals.

    Args:
        script: how the payer answers for `mine`.
    """

    def __init__(self, script: PayerScript | None = None) -> None:
        self.world = World(script)
        directory = self.world.directory
        away = [r.but(tenant=RIVERSIDE) for r in directory._records]
        directory._records = (*directory._records, *away)
        self.api = ApiClient(self.world, settled=False)
        self.principals = {
            party: Principal(client_id=party, tenant=tenant, role=role, organization=organization)
            for party, (tenant, role, organization) in _WHO.items()
        }
        directory._records = (*directory._records, *self.principals.values())
        self._arrives(Party.OWN_EHR, REFERRAL, "A-1")
        self._arrives(Party.OTHER_EHR, OTHERS, "B-1")
        self._arrives(Party.AWAY_EHR, ABROAD, "A-1")
        self._with_letter()
        self.world.settle()
        # Both practices of Lakeside refer the same patient for the same, and both are wanted.
        kept = Request("POST", f"/work-items/{OTHERS}/decision", {"action": "keep-waiting"})
        assert self.call(kept, Party.STAFF).status == 200
        self.world.settle()

    def _with_letter(self) -> None:
        """Let a letter have come with the order of `mine`."""
        kept = Evidence(
            sha256=self.world.documents.put(TENANT, LETTER, "text/plain"),
            kind=ORDER_DOCUMENT,
            source="lakeside-ehr",
            received_at=self.world.clock.now(),
            content_type="text/plain",
            size=len(LETTER),
        )
        self.world.referrals.evidence[TENANT, REFERRAL].append(kept)

    def call(
        self, request: Request, party: Party | None, *, scope: str = BOTH_SCOPES, client: str = ""
    ) -> Reply:
        """Call as a party, or as a client that nobody knows."""
        return self.api.call(
            request.method,
            request.url,
            request.body,
            client=party or client,
            scope=scope,
            **{name.replace("-", "_"): value for name, value in request.headers.items()},
        )

    def stored(self) -> dict[Stored, Snapshot]:
        """Return all that is stored, by tenant and referral."""
        referrals = self.world.referrals
        return {
            (one.referral.tenant, one.referral.id): Snapshot(
                one.referral,
                one.mailbox,
                len(referrals.events(one.referral.tenant, one.referral.id)),
                len(referrals.evidence[one.referral.tenant, one.referral.id]),
            )
            for one in referrals.all()
        }

    def abroad_is_declined_too(self) -> None:
        """Let the other tenant's referral go the way of `mine`, to the clinic of the same name."""
        body = {
            "resourceType": "Task",
            "id": f"{ABROAD}.b1",
            "status": "rejected",
            "intent": "order",
        }
        refused = Request("PUT", f"/fhir/Task/{ABROAD}.b1", body)
        assert self.call(refused, Party.AWAY_STAFF).status == 200
        self.world.settle()

    def _arrives(self, party: Party, referral_id: ReferralId, number: str) -> None:
        intake = copy(self.api.intake)
        intake.new_id = lambda: referral_id
        body = json.dumps(the_order(number)).encode()
        request = ApiRequest(
            self.principals[party], body, "application/fhir+json", {}, {}, "request-0", ""
        )
        assert intake.create(request).status == 201


def the_order(number: str = "A-1", **fields: Any) -> Json:
    """Make the order that each of the three referrals began with."""
    known = {"performerType": DERMATOLOGY, "code": {"text": "Consultation"}}
    return an_order(identifier=[{**PLACER, "value": number}], **{**known, **fields})


# --- where the referral `mine` stands -------------------------------------------------------------


def offered() -> Parties:
    """The first clinic declined; the second one is asked."""
    parties = Parties()
    parties.world.report(OfferDeclined, offer=1)
    parties.abroad_is_declined_too()
    answers = [(o.organization, o.status) for o in parties.world.referral.offers]
    assert answers == [("clinic-1", "declined"), ("clinic-2", "open")]
    return parties


def with_two_numbers() -> Parties:
    """`mine` has a second number, A-7, that no other order has."""
    parties = offered()
    numbers = [{**PLACER, "value": value} for value in ("A-1", "A-7")]
    body = {**the_order(), "id": REFERRAL, "identifier": numbers}
    request = Request("PUT", f"/fhir/ServiceRequest/{REFERRAL}", body)
    assert parties.call(request, Party.OWN_EHR).status == 200
    return parties


def _after(*acts: Callable[[World], None]) -> Callable[[], Parties]:
    def stage() -> Parties:
        parties = offered()
        for act in acts:
            act(parties.world)
        return parties

    return stage


to_be_booked: Final = _after(accepted, agreed)
visit_booked: Final = _after(accepted, agreed, booked)
patient_seen: Final = _after(accepted, agreed, booked, seen)
referrer_notified: Final = _after(accepted, agreed, booked, seen, reported)
closed: Final = _after(*TO_THE_END)
with_work_item: Final = _after(accepted, lambda world: reply(world, "other"))


def authorization_pended() -> Parties:
    """The payer reviews the request for the first clinic."""
    parties = Parties(PayerScript(authorization="A4-then-A1"))
    known = parties.world.referral.authorization
    assert known is not None
    assert known.status == "pended"
    return parties

"""A world with a directory of its own: who is ranked, what is decided, and what is sent out."""

from __future__ import annotations

import json
from typing import Any, Final

from referral_core.adapters.memory.payer import PayerScript
from referral_core.domain.directory import Practitioner
from referral_core.domain.effects import RoutingDecision
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.pathway import Pathway
from referral_core.domain.payers.requests import AuthorizationRequest
from referral_core.domain.updates import OfferDeclined
from referral_core.pathways import pathway
from tests.in_memory import REFERRAL, TENANT, World, a_new_referral_of, service_of
from tests.unit.domain.routing.practitioners import WORCESTER
from tests.unit.fhir.orders import Json
from tests.unit.timelines.world import order

_GEOLOCATION: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/geolocation",
    "extension": [
        {"url": "latitude", "valueDecimal": WORCESTER[0]},
        {"url": "longitude", "valueDecimal": WORCESTER[1]},
    ],
}
HOME: Final = {
    "line": ["14 Cedar Lane"],
    "city": "Worcester",
    "state": "MA",
    "postalCode": "01605",
    "extension": [_GEOLOCATION],
}


class Routed(World):
    """A world of these practitioners and no others, whose referral went as far as it goes.

    Attributes:
        calls: what was sent out, in order: (`authorization` or `offer`, the performer's NPI).
    """

    def __init__(
        self,
        *practitioners: Practitioner,
        pathway_id: str = "generic-specialist",
        rules: Pathway | None = None,
        coverage: Json | None = None,
        script: PayerScript | None = None,
        reserved: dict[str, dict[str, int]] | None = None,
        code: Json | None = None,
        **patient: Any,
    ) -> None:
        wanted_rules = rules or pathway(pathway_id, 1)
        pathway_id = wanted_rules.id
        super().__init__(script, pathways=lambda *_: wanted_rules)
        self.calls: list[tuple[str, str]] = []
        self._listen()
        wanted = order(pathway_id, coverage, **{"address": [HOME], **patient})
        if code is not None:
            wanted["code"] = code
        intake = self.read(json.dumps(wanted).encode())
        accepts = service_of(intake, self.clock).accepts
        others = [r for r in self.directory._records if not isinstance(r, Practitioner)]
        ours = [p if p.specialty in accepts else p.but(specialty=accepts[0]) for p in practitioners]
        self.directory._records = (*others, *ours)
        for npi, weeks in (reserved or {}).items():
            self.referrals.reserved.update({(TENANT, npi, week): n for week, n in weeks.items()})
        self.referrals.accept([a_new_referral_of(intake, self.clock, wanted_rules)])
        self.settle()

    @property
    def decision(self) -> RoutingDecision:
        """The decision made last."""
        return self.referrals.decisions[TENANT, REFERRAL][-1]

    @property
    def ranked(self) -> list[object]:
        """Who was a candidate then, best first."""
        return [candidate["npi"] for candidate in self.decision.candidates]

    @property
    def asked(self) -> list[str]:
        """Every clinic that got an offer, in order."""
        return [npi for call, npi in self.calls if call == "offer"]

    def decline(self) -> None:
        """Decline the offer in hand."""
        self.report(OfferDeclined, offer=self.referral.offers[-1].number)

    def _listen(self) -> None:
        submit, offer = self.payer.submit, self.clinics.offer

        def submitted(payer: Any, request: AuthorizationRequest) -> Any:
            self.calls.append(("authorization", request.performer_npi))
            return submit(payer, request)

        def sent(offered: OfferedReferral) -> None:
            self.calls.append(("offer", offered.performer.npi))
            offer(offered)

        self.payer.submit = submitted  # type: ignore[method-assign]
        self.clinics.offer = sent  # type: ignore[method-assign]

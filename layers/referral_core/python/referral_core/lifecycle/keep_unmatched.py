"""Keeps what belongs to no referral yet, with the referrals that may be meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from referral_core.domain.errors import NotFound
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.orders.patient_identity import PatientIdentity, identity_of
from referral_core.domain.unmatched import (
    Candidate,
    Mismatch,
    Sign,
    Unmatched,
    clue_terms,
    ranked,
    shows,
)
from referral_core.domain.updates import Update
from referral_core.ports.lifecycle import Referrals
from referral_core.ports.unmatched import UnmatchedItems


class Clues(NamedTuple):
    """By what the referrals that may be meant are found. PHI.

    Attributes:
        identity: the patient whom it names.
        contact_hash: of the number that it came from.
        referral_id: the referral that its sender named, if there is such a one.
    """

    identity: PatientIdentity = PatientIdentity()
    contact_hash: str | None = None
    referral_id: ReferralId | None = None


@dataclass(frozen=True)
class KeepUnmatched:
    """Keeps each thing once, however often it is sent."""

    items: UnmatchedItems
    referrals: Referrals

    def keep(
        self,
        tenant: Tenant,
        mismatch: Mismatch,
        evidence: Evidence,
        *,
        client_id: str,
        update: Update | None = None,
        clues: Clues = Clues(),  # noqa: B008 - immutable
    ) -> bool:
        """Keep what came, and say whether it was new; its document is stored already.

        Args:
            tenant: of the principal.
            mismatch: why it belongs to no referral.
            evidence: the document that holds it.
            client_id: who sent it.
            update: what it reports, without the referral.
            clues: by what candidates are found.
        """
        named = f"{client_id}|{mismatch}|{evidence.sha256}|{clues.referral_id}"
        if update is not None:
            named += f"|{update.id}"
        item = Unmatched(
            tenant=tenant,
            id=sha256(named.encode()).hexdigest()[:32],
            mismatch=mismatch,
            received_at=evidence.received_at,
            client_id=client_id,
            organization=evidence.source,
            update=update,
            evidence=evidence,
            candidates=self._candidates(tenant, clues, evidence.source),
        )
        return self.items.keep(item)

    def _candidates(self, tenant: Tenant, clues: Clues, sender: str) -> tuple[Candidate, ...]:
        signs: dict[ReferralId, dict[Sign, None]] = {}
        for term, sign in clue_terms(clues.identity).items():
            for found in self.referrals.identified(tenant, term):
                if shows(sign, self._identity(tenant, found), clues.identity):
                    signs.setdefault(found, {})[sign] = None
        if clues.contact_hash is not None:
            for found in self.referrals.with_phone(tenant, clues.contact_hash):
                signs.setdefault(found, {})[Sign.SAME_NUMBER] = None
        if clues.referral_id is not None:
            signs.setdefault(clues.referral_id, {})[Sign.NAMED] = None
        known = [self._candidate(tenant, i, named, sender) for i, named in signs.items()]
        return ranked([candidate for candidate in known if candidate is not None])

    def _identity(self, tenant: Tenant, referral_id: ReferralId) -> PatientIdentity:
        referral = self.referrals.load(tenant, referral_id).referral
        return identity_of(ClinicalPayload.load(self.referrals.payload(referral)).content.patient)

    def _candidate(
        self, tenant: Tenant, referral_id: ReferralId, signs: Mapping[Sign, None], sender: str
    ) -> Candidate | None:
        try:
            referral = self.referrals.load(tenant, referral_id).referral
        except NotFound:
            return None
        with_sender = any(offer.organization == sender for offer in referral.offers)
        found = (*signs, *((Sign.SAME_CLINIC,) if with_sender else ()))
        return Candidate(referral_id=referral_id, signs=found, is_open=not referral.is_closed)

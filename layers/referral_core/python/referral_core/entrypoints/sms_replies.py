"""Patients' text messages: from the carrier's topic to the mailbox of the referral they concern."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from referral_core.domain.clinical_content import ClinicalPayload
from referral_core.domain.effects import Evidence, KeepEvidence
from referral_core.domain.errors import RouterError
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.replies import Reply, names_the_visit, read_reply
from referral_core.domain.principal import Principal
from referral_core.domain.unmatched import Mismatch
from referral_core.domain.updates import PatientReplied, Role
from referral_core.lifecycle.engine.apply_update import apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.keep_unmatched import Clues, KeepUnmatched
from referral_core.ports import Clock, Directory, Documents, OptOuts, Referrals

_TEXT: Final = "text/plain; charset=utf-8"
_ALWAYS_CLEAR: Final = frozenset({Reply.STOP, Reply.START, Reply.HELP})
"""What is about the number, whichever of its referrals it answers."""


@dataclass(frozen=True)
class ReceiveReply:
    """Finds the open referrals of a phone number and submits what the reply means.

    The text itself is PHI: it is stored as a document, and only its meaning goes on.
    """

    referrals: Referrals
    documents: Documents
    engine: Engine
    directory: Directory
    clock: Clock
    opt_outs: OptOuts
    kept: KeepUnmatched

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take the messages of one SNS event (two-way SMS of AWS End User Messaging).

        Raises:
            Retryable: what is to be tried again, once all that could be done is done: the event
                comes again, and everything that was done is then done only once.
        """
        failed: RouterError | None = None
        for record in event["Records"]:
            try:
                self._take(json.loads(record["Sns"]["Message"]))
            except RouterError as error:
                failed = error
        if failed is not None:
            raise failed

    def _take(self, message: Mapping[str, Any]) -> None:
        # The carrier's own id: what it publishes twice is one reply.
        message_id = str(message["inboundMessageId"])
        text = str(message["messageBody"])
        # The number that was written to is the tenant's: its principal says whose it is.
        channel = self.directory.principal(str(message["destinationNumber"]))
        channel.require_role(Role.PATIENT_CHANNEL)
        number = str(message["originationNumber"])
        phone = contact_hash(number)
        reply = read_reply(text)
        stop = reply is Reply.STOP
        if stop:
            # Honoured before anything else: no message goes to this number any more.
            self.referrals.opt_out(channel.tenant, phone, self.clock.now())
        if reply is Reply.START:
            self.referrals.opt_in(channel.tenant, phone)
        found = self.referrals.by_phone(channel.tenant, phone)
        if not found:
            self._keep(channel, text, message_id, phone)
        alone = self._is_one_matter(channel.tenant, found)
        for referral_id in found:
            theirs = self._is_the_patients(channel.tenant, referral_id, phone)
            # With two open referrals that were not ordered together, or from a number that was
            # corrected since, a yes is ambiguous: a person reads it. A stop never is.
            clear = theirs and (alone or reply in _ALWAYS_CLEAR)
            self._submit(channel.tenant, referral_id, text, message_id, clear=clear)
        if stop:
            # Last, since the carrier may be away: by then the stop is honoured and on record. Its
            # own list knows its own keywords only, and neither ALTO nor REVOKE.
            self.opt_outs.add(number)
        if reply is Reply.START:
            self.opt_outs.remove(number)

    def _is_one_matter(self, tenant: Tenant, found: Sequence[ReferralId]) -> bool:
        """Whether the patient was asked about all of them at once: one, or one requisition."""
        if len(found) == 1:
            return True
        open_ones = [self.referrals.load(tenant, one).referral for one in found]
        return len({r.requisition or r.id for r in open_ones}) == 1

    def _is_the_patients(self, tenant: Tenant, referral_id: ReferralId, phone: str) -> bool:
        referral = self.referrals.load(tenant, referral_id).referral
        known = ClinicalPayload.load(self.referrals.payload(referral)).content.patient.phone
        return known is not None and contact_hash(known) == phone

    def _keep(self, channel: Principal, text: str, message_id: str, phone: str) -> None:
        """Keep a text that belongs to no open referral: a person finds out whose it is."""
        self.kept.keep(
            channel.tenant,
            Mismatch.NO_OPEN_REFERRAL,
            self._evidence(channel.tenant, text),
            client_id=channel.client_id,
            update=self._update(text, message_id, clear=True),
            clues=Clues(contact_hash=phone),
        )

    def _submit(
        self, tenant: Tenant, referral_id: ReferralId, text: str, message_id: str, *, clear: bool
    ) -> None:
        update, evidence = self._update(text, message_id, clear=clear), self._evidence(tenant, text)
        apply_update(
            self.engine, tenant, referral_id, update, effects=(KeepEvidence(evidence=evidence),)
        )

    def _evidence(self, tenant: Tenant, text: str) -> Evidence:
        content = text.encode()
        return Evidence(
            sha256=self.documents.put(tenant, content, _TEXT),
            kind="patient-reply",
            source="sms",
            received_at=self.clock.now(),
            content_type=_TEXT,
            size=len(content),
        )

    def _update(self, text: str, message_id: str, *, clear: bool) -> PatientReplied:
        return PatientReplied(
            id=f"reply-{message_id}",
            actor="carrier",
            role=Role.PATIENT_CHANNEL,
            received_at=self.clock.now(),
            reply=read_reply(text) if clear else Reply.OTHER,
            may_mean_visit=names_the_visit(text),
        )

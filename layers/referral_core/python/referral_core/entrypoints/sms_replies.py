"""Patients' text messages: from the carrier's topic to the mailbox of the referral they concern."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple

from referral_core.domain.access.principal import Principal
from referral_core.domain.effects import KeepEvidence
from referral_core.domain.errors import RouterError
from referral_core.domain.events import EventKind
from referral_core.domain.evidence import Evidence
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.messages import DeliveryUnknown, Message
from referral_core.domain.orders.clinical_content import ClinicalPayload
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.replies import (
    is_answered_by_the_carrier,
    is_in_spanish,
    names_the_visit,
    read_reply,
)
from referral_core.domain.outreach.texts import help_text
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.unmatched import Mismatch
from referral_core.domain.updates import PatientReplied, Role
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.engine.engine import Engine
from referral_core.lifecycle.keep_unmatched import Clues, KeepUnmatched
from referral_core.ports.lifecycle import Clock, Directory, Documents, Messenger, OptOuts, Referrals

_TEXT: Final = "text/plain; charset=utf-8"
_ALWAYS_CLEAR: Final = frozenset({Reply.STOP, Reply.START, Reply.HELP})
"""What is about the number, whichever of its referrals it answers."""
_ANSWERED_WITHIN: Final = timedelta(days=14)
"""For so long a text is an answer to a message, where several tenants write from one number."""


class Text(NamedTuple):
    """One text: what it says, the carrier's id of it, and the hash of the number it came from."""

    body: str
    message_id: str
    phone: str


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
    messenger: Messenger

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take the messages of one SNS event (two-way SMS of AWS End User Messaging).

        Raises:
            Exception: what one of them met, once all that could be done is done: the event comes
                again, and everything that was done is then done only once.
        """
        failed: Exception | None = None
        for record in event["Records"]:
            try:
                self._take(json.loads(record["Sns"]["Message"]))
            except Exception as error:  # noqa: BLE001 - the outermost place of a text
                failed = error
        if failed is not None:
            raise failed

    def _take(self, message: Mapping[str, Any]) -> None:
        # The carrier's own id: what it publishes twice is one reply.
        message_id = str(message["inboundMessageId"])
        # A picture that the carrier cut in two leaves half a character, which has no bytes. What
        # stands for it is no question mark: nobody asked anything.
        body = str(message["messageBody"]).encode("utf-16-le", "surrogatepass")
        text = body.decode("utf-16-le", "replace")
        # The number that was written to is the tenant's: its principal says whose it is.
        channel = self.directory.principal(str(message["destinationNumber"]))
        channel.require_role(Role.PATIENT_CHANNEL)
        number = str(message["originationNumber"])
        phone, reply = contact_hash(number), read_reply(text)
        tenants = (channel.tenant, *sorted(channel.shared_with))
        for tenant in tenants:
            # Honoured before anything else: nobody who writes from there writes to it any more.
            if reply is Reply.STOP:
                self.referrals.opt_out(tenant, phone, self.clock.now())
            if reply is Reply.START:
                self.referrals.opt_in(tenant, phone)
        taken_by = self._hand_over(channel, tenants, Text(text, message_id, phone))
        if reply is Reply.STOP:
            # Last, since the carrier may be away: by then the stop is honoured and on record. Its
            # own list knows its own keywords only, and neither ALTO nor REVOKE.
            self.opt_outs.add(number)
        if reply is Reply.START:
            self.opt_outs.remove(number)
        if reply is Reply.HELP and taken_by and not is_answered_by_the_carrier(text):
            self._help(taken_by, number, text, message_id)

    def _help(self, tenant: Tenant, number: str, text: str, message_id: str) -> None:
        """Answer who asks for help: who writes to them, and how to reach a person.

        At any hour, since they asked now. What the carrier does not take is not sent again: the
        question is on record, and nobody should be answered twice.
        """
        profile = self.directory.tenant(tenant)
        language = "es" if is_in_spanish(text) else "en"
        said = help_text(language, sender=profile.sender_name, call_back=profile.call_back)
        answer = Message(
            tenant=tenant,
            referral_id=None,
            channel="sms",
            to=number,
            body=said,
            language=language,
            reference=f"help-{message_id}",
            sender=profile.phone_identity,
        )
        with suppress(RouterError, DeliveryUnknown):
            self.messenger.send(answer)

    def _hand_over(
        self, channel: Principal, tenants: Sequence[Tenant], text: Text
    ) -> Tenant | None:
        """Submit a text to the referrals that it may be about, or keep it for a person.

        Returns:
            Whose text it is; None where it is on record already.
        """
        found = {tenant: self.referrals.by_phone(tenant, text.phone) for tenant in tenants}
        meant = [tenant for tenant in tenants if found[tenant]]
        about_the_number = read_reply(text.body) in _ALWAYS_CLEAR
        if len(meant) > 1 and not about_the_number:
            # A word answers whoever asked. Where several did, or none, a person of each reads it.
            meant = self._who_asked(meant, text.phone) or meant
        taken_by: Tenant | None = None
        if not meant:
            knows = self._who_knows(tenants, text.phone)
            taken_by = knows if self._keep(knows, channel, text) else None
        for tenant in meant:
            alone = len(meant) == 1 and self._is_one_matter(tenant, found[tenant])
            for referral_id in self._asked(tenant, found[tenant], text) if alone else found[tenant]:
                theirs = self._is_the_patients(tenant, referral_id, text.phone)
                # With two open referrals that were not ordered together, or from a number that was
                # corrected since, a yes is ambiguous: a person reads it. A stop never is.
                clear = theirs and (alone or about_the_number)
                receipt = self._submit(tenant, referral_id, text, clear=clear)
                if not about_the_number and self._came_late(tenant, referral_id, text, receipt):
                    self._keep(tenant, channel, text)  # it crossed the end: a person reads it
                if receipt is not Receipt.DUPLICATE:
                    taken_by = taken_by or tenant
        return taken_by

    def _came_late(
        self, tenant: Tenant, referral_id: ReferralId, text: Text, receipt: Receipt
    ) -> bool:
        """Whether a text crossed the end, now or when it was handed over before."""
        if receipt is not Receipt.DUPLICATE:
            return receipt is Receipt.LATE
        events = self.referrals.events(tenant, referral_id)
        known = self._update(text, clear=True).id
        return any(e.kind is EventKind.UPDATE_LATE and e.update == known for e in events)

    def _who_asked(self, tenants: Sequence[Tenant], phone: str) -> list[Tenant]:
        since = self.clock.now().date() - _ANSWERED_WITHIN
        return [t for t in tenants if self.referrals.messaged(t, phone, since)]

    def _who_knows(self, tenants: Sequence[Tenant], phone: str) -> Tenant:
        """Return whose people find out what a text is about: who knows the number, if anybody."""
        return next((t for t in tenants if self.referrals.with_phone(t, phone)), tenants[0])

    def _is_one_matter(self, tenant: Tenant, found: Sequence[ReferralId]) -> bool:
        """Whether the patient was asked about all of them at once: one, or one requisition."""
        if len(found) == 1:
            return True
        open_ones = [self.referrals.load(tenant, one).referral for one in found]
        return len({r.requisition or r.id for r in open_ones}) == 1

    def _asked(
        self, tenant: Tenant, found: Sequence[ReferralId], text: Text
    ) -> Sequence[ReferralId]:
        """Return whose question a yes answers: an order of the requisition that comes later hears.

        What is no yes is everybody's, and so is a yes where nobody was asked.
        """
        if len(found) == 1 or read_reply(text.body) is not Reply.YES:
            return found
        known = [self.referrals.load(tenant, one).referral for one in found]
        return [r.id for r in known if r.contacts or r.asked_with is not None] or found

    def _is_the_patients(self, tenant: Tenant, referral_id: ReferralId, phone: str) -> bool:
        referral = self.referrals.load(tenant, referral_id).referral
        known = ClinicalPayload.load(self.referrals.payload(referral)).content.patient.phone
        return known is not None and contact_hash(known) == phone

    def _keep(self, tenant: Tenant, channel: Principal, text: Text) -> bool:
        """Keep a text that belongs to no open referral: a person finds out whose it is."""
        return self.kept.keep(
            tenant,
            Mismatch.NO_OPEN_REFERRAL,
            self._evidence(tenant, text.body),
            client_id=channel.client_id,
            update=self._update(text, clear=True),
            clues=Clues(contact_hash=text.phone),
        )

    def _submit(
        self, tenant: Tenant, referral_id: ReferralId, text: Text, *, clear: bool
    ) -> Receipt:
        update, evidence = self._update(text, clear=clear), self._evidence(tenant, text.body)
        return apply_update(
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

    def _update(self, text: Text, *, clear: bool) -> PatientReplied:
        return PatientReplied(
            id=f"reply-{text.message_id}",
            actor="carrier",
            role=Role.PATIENT_CHANNEL,
            received_at=self.clock.now(),
            reply=read_reply(text.body) if clear else Reply.OTHER,
            may_mean_visit=names_the_visit(text.body),
        )

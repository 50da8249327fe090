"""Patients' text messages: from the carrier's topic to the mailbox of the referral they concern."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral_core.domain.errors import RouterError
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.outreach import Reply, names_the_visit, reach_hash, read_reply
from referral_core.domain.updates import Role, Update, UpdateKind
from referral_core.observability import logger
from referral_core.ports import Clock, Directory, Documents, Evidence, OptOuts, Referrals
from referral_core.steps.content import content_of
from referral_core.steps.engine import Engine


@dataclass(frozen=True)
class ReceiveReply:
    """Finds the open referral of a phone number and posts what the reply means.

    The words themselves are PHI: they are stored as a document, and only their meaning goes on.
    """

    referrals: Referrals
    documents: Documents
    engine: Engine
    directory: Directory
    clock: Clock
    opt_outs: OptOuts

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
        phone = reach_hash(number)
        stop = read_reply(text) is Reply.STOP
        if stop:
            # Honoured before anything else: no message goes to this number any more.
            self.referrals.opt_out(channel.tenant, phone, self.clock.now())
        found = self.referrals.by_phone(channel.tenant, phone)
        if not found:
            logger.warning("reply from a phone without open referral")
        for referral_id in found:
            alone = len(found) == 1
            self._post(channel.tenant, referral_id, text, message_id, phone, alone=alone)
        if stop:
            # Last, since the carrier may be away: by then the stop is honoured and on record. Its
            # own list knows its own keywords only, and neither ALTO nor REVOKE.
            self.opt_outs.add(number)

    def _is_the_patients(self, tenant: Tenant, referral_id: ReferralId, phone: str) -> bool:
        referral = self.referrals.load(tenant, referral_id).referral
        known = content_of(self.referrals, referral).patient.phone
        return known is not None and reach_hash(known) == phone

    def _post(
        self,
        tenant: Tenant,
        referral_id: ReferralId,
        text: str,
        message_id: str,
        phone: str,
        *,
        alone: bool,
    ) -> None:
        content = text.encode()
        digest = self.documents.put(tenant, content, "text/plain; charset=utf-8")
        now = self.clock.now()
        meaning = read_reply(text)
        # With two open referrals, or from a number that was corrected since, a yes is ambiguous:
        # a person reads it. A stop never is.
        theirs = self._is_the_patients(tenant, referral_id, phone)
        clear = theirs and (alone or meaning is Reply.STOP)
        keyword = meaning.value if clear else Reply.OTHER.value
        self.engine.post(
            tenant,
            referral_id,
            Update(
                id=f"reply-{message_id}",
                kind=UpdateKind.PATIENT_REPLIED,
                actor="carrier",
                role=Role.PATIENT_CHANNEL,
                received_at=now,
                facts={"keyword": keyword, "cancels": names_the_visit(text)},
            ),
            evidence=Evidence(
                sha256=digest,
                kind="patient-reply",
                source="sms",
                received_at=now,
                content_type="text/plain; charset=utf-8",
                size=len(content),
            ),
        )

"""The record in memory with what the table has besides: a stream, and items to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from referral_core.adapters.aws.dynamodb import items, keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.mailboxes import mailbox_item
from referral_core.adapters.memory.metering import HASHED_KEYS
from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.change import Change
from referral_core.domain.effects import Effect, Release
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.new_referral import ExistingKey, NewReferral
from referral_core.domain.referral import Referral
from referral_core.domain.writes import Commit

StreamRecord = dict[str, Any]
"""One record of a DynamoDB stream, as Lambda gets it."""
_At = tuple[Tenant, ReferralId]


class SimulatedTable(MemoryReferrals):
    """MemoryReferrals that streams each write.

    Attributes:
        late: what was written to a referral that was closed, and did not open it again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stream: Callable[[Sequence[StreamRecord]], None] = lambda _: None
        self.late: dict[_At, list[Change]] = defaultdict(list)
        self.new_referrals: dict[_At, NewReferral] = {}
        self._images: dict[_At, dict[str, Any]] = {}
        self._numbers: Final[Iterator[int]] = count(1)

    def accept(self, new_referrals: Sequence[NewReferral]) -> tuple[ExistingKey, ...]:
        """Write all arrivals, or return the keys that exist already."""
        taken = super().accept(new_referrals)
        if not taken:
            for new_referral in new_referrals:
                referral = new_referral.referral
                self.new_referrals[referral.tenant, referral.id] = new_referral
                self._streamed(referral)
        return taken

    def commit(self, commit: Commit) -> None:
        """Write one commit."""
        super().commit(commit)
        before, after = commit.change.before, commit.change.after
        if before.is_closed and after.is_closed:
            self.late[after.tenant, after.id].append(commit.change)
        self._streamed(after)
        self._weeks_streamed(after.tenant, commit.effects)

    def existing_keys(self) -> Sequence[ExistingKey]:
        """Return every idempotency key."""
        return tuple(self.keys.values())

    def items(self) -> Iterator[Mapping[str, Any]]:
        """Iterate over the referrals' items as the table would hold them, payloads readable."""
        for (tenant, referral_id), loaded in self._referrals.items():
            yield items.readable(items.referral_item(loaded.referral))
            yield items.readable(mailbox_item(loaded.referral, loaded.mailbox))
            yield from (items.event_item(e) for e in self._events[tenant, referral_id])
            for update in self.updates[tenant, referral_id].values():
                yield items.update_item(tenant, referral_id, update)
            for decision in self.decisions[tenant, referral_id]:
                yield items.readable(items.decision_item(tenant, referral_id, decision))
            for evidence in self.evidence[tenant, referral_id]:
                yield items.evidence_item(tenant, referral_id, evidence)
        yield from self._others()

    def _others(self) -> Iterator[Mapping[str, Any]]:
        for ((tenant, referral_id), version), content in self.payloads.items():
            sk = keys.payload(version)
            yield item(pk=keys.referral(tenant, referral_id), sk=sk, body=content)
        for (tenant, kind, value, owner), taken in self.keys.items():
            pk = HASHED_KEYS.locks(tenant, kind, value)[0]
            sk = f"{keys.Sort.KEY_OF}{owner}"
            yield item(pk=pk, sk=sk, referral_id=taken.referral_id, content=taken.content_hash)
        for (tenant, contact_hash), ids in self.phones.items():
            for referral_id in ids:
                referral = self._referrals[tenant, referral_id].referral
                yield items.phone_item(HASHED_KEYS, referral, contact_hash)
        for (tenant, contact_hash), days in self.message_claims.items():
            for day, reference in days.items():
                sk = f"{keys.Sort.MESSAGE_DAY}{day.isoformat()}"
                pk = HASHED_KEYS.phones(tenant, contact_hash)[0]
                yield item(pk=pk, sk=sk, reference=reference)
        for (tenant, contact_hash), at in self.opt_outs.items():
            yield items.opt_out_item(HASHED_KEYS.phones(tenant, contact_hash)[0], at)
        for (tenant, npi, week), reserved in self.reserved.items():
            yield items.capacity_item(tenant, npi, week, reserved)

    def _streamed(self, referral: Referral) -> None:
        at = (referral.tenant, referral.id)
        event = self._events[at][-1]
        old, new = self._images.get(at), items.image_of(items.referral_item(referral))
        self._images[at] = new
        self.stream([self._record(new, old), self._record(items.event_item(event), None)])

    def _weeks_streamed(self, tenant: Tenant, effects: Sequence[Effect]) -> None:
        """Stream the weeks of which an effect gave places back; nobody asks about the others."""
        for effect in effects:
            if isinstance(effect, Release):
                at = (tenant, effect.reservation.npi, effect.reservation.week)
                old, new = (items.capacity_item(*at, self.reserved[at] + n) for n in (1, 0))
                self.stream([self._record(new, old)])

    def _record(self, new: dict[str, Any], old: dict[str, Any] | None) -> StreamRecord:
        number = next(self._numbers)
        stream: dict[str, Any] = {
            "Keys": {"pk": new["pk"], "sk": new["sk"]},
            "NewImage": new,
            "SequenceNumber": str(number),
        }
        if old is not None:
            stream["OldImage"] = old
        name = "INSERT" if old is None else "MODIFY"
        return {"eventID": str(number), "eventName": name, "dynamodb": stream}

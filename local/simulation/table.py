"""The record in memory with what the table has besides: a stream, and items to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from referral_core.adapters import keys
from referral_core.adapters.memory import MemoryReferrals
from referral_core.adapters.table import (
    _event_item,
    _mailbox_item,
    _phone_item,
    _referral_item,
    instant,
    item,
)
from referral_core.domain.model import ReferralId, Tenant
from referral_core.domain.referral import Change, Event, Referral
from referral_core.ports import Arrival, Commit, Taken

Record = dict[str, Any]
"""One record of a DynamoDB stream, as Lambda gets it."""
_At = tuple[Tenant, ReferralId]


class SimulatedTable(MemoryReferrals):
    """MemoryReferrals that tells a stream of each write.

    Attributes:
        late: what was written to a referral that was closed, and did not open it again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tell: Callable[[Sequence[Record]], None] = lambda _: None
        self.late: dict[_At, list[Change]] = defaultdict(list)
        self.arrivals: dict[_At, Arrival] = {}
        self._images: dict[_At, dict[str, Any]] = {}
        self._numbers: Final[Iterator[int]] = count(1)

    def accept(self, arrivals: Sequence[Arrival]) -> tuple[Taken, ...]:
        """Write all arrivals, or return the locks taken already."""
        taken = super().accept(arrivals)
        if not taken:
            for arrival in arrivals:
                referral = arrival.referral
                self.arrivals[referral.tenant, referral.id] = arrival
                self._told(referral, arrival.event)
        return taken

    def commit(self, commit: Commit) -> None:
        """Write one commit."""
        super().commit(commit)
        before, after = commit.change.before, commit.change.after
        if before.is_closed and after.is_closed:
            self.late[after.tenant, after.id].append(commit.change)
        self._told(after, commit.change.event)

    def locks(self) -> Sequence[Taken]:
        """Return every uniqueness lock."""
        return tuple(self._keys.values())

    def items(self) -> Iterator[Mapping[str, Any]]:
        """Iterate over the referrals' items as the table would hold them, payloads readable."""
        for (tenant, referral_id), loaded in self._referrals.items():
            pk = keys.referral(tenant, referral_id)
            yield _referral_item(loaded.referral)
            yield _mailbox_item(loaded.referral, loaded.mailbox)
            yield from (_event_item(e) for e in self._events[tenant, referral_id])
            for update in self.updates[tenant, referral_id].values():
                sk = f"{keys.Sort.UPDATE}{update.id}"
                yield item(pk=pk, sk=sk, body=update.model_dump_json())
            for decision in self.decisions[tenant, referral_id]:
                sk = keys.decision(decision.number)
                yield item(pk=pk, sk=sk, body=decision.model_dump_json())
            for evidence in self.evidence[tenant, referral_id]:
                sk = f"{keys.Sort.EVIDENCE}{evidence.sha256}"
                yield item(pk=pk, sk=sk, body=evidence.model_dump_json())
        yield from self._others()

    def _others(self) -> Iterator[Mapping[str, Any]]:
        for ((tenant, referral_id), version), content in self._payloads.items():
            sk = keys.payload(version)
            yield item(pk=keys.referral(tenant, referral_id), sk=sk, body=content)
        for (tenant, kind, value), taken in self._keys.items():
            pk, sk = keys.lock(tenant, kind, value), keys.Sort.KEY.value
            yield item(pk=pk, sk=sk, referral_id=taken.referral_id, content=taken.content_hash)
        for (tenant, phone_hash), ids in self._phones.items():
            for referral_id in ids:
                yield _phone_item(self._referrals[tenant, referral_id].referral, phone_hash)
        for (tenant, phone_hash), days in self.slots.items():
            for day, reference in days.items():
                sk = f"{keys.Sort.MESSAGE_DAY}{day.isoformat()}"
                yield item(pk=keys.phone(tenant, phone_hash), sk=sk, reference=reference)
        for (tenant, phone_hash), at in self.opt_outs.items():
            pk, sk = keys.phone(tenant, phone_hash), keys.Sort.OPT_OUT.value
            yield item(pk=pk, sk=sk, at=instant(at))
        for (tenant, npi, week), held in self.held.items():
            yield item(pk=keys.capacity(tenant, npi), sk=f"{keys.Sort.WEEK}{week}", held=held)

    def _told(self, referral: Referral, event: Event) -> None:
        at = (referral.tenant, referral.id)
        old, new = self._images.get(at), _referral_item(referral)
        self._images[at] = new
        self.tell([self._record(new, old), self._record(_event_item(event), None)])

    def _record(self, new: dict[str, Any], old: dict[str, Any] | None) -> Record:
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

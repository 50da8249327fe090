"""One clinic with places in one week alone, on the embedded stack, and who wants them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from local.seed import SCARCE, TENANT, put, records
from local.stack import Stack, up
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.directory import config_items
from referral_core.adapters.aws.dynamodb.items import capacity_item
from referral_core.adapters.aws.dynamodb.keys import week_of
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import weeks_from
from tests.end_to_end.orders import placer_of

RATE: Final = 30.0
"""Virtual seconds a real one: no deadline of two business days falls into the run."""
PATIENCE: Final = timedelta(hours=24)
"""Virtual time for each half of it; an offer waits for its answer for twice as long."""
_WEEKS: Final = 12
_LOOKS_EVERY_S: Final = 3.0
ORDER: Final = "PLACES-{:03d}"


class Sizes(NamedTuple):
    """Orders posted, places there are, places given back."""

    orders: int
    places: int
    released: int


class Count(NamedTuple):
    """Where everybody is. Attributes: line: who waits, in the order of their turns."""

    held: int
    holders: frozenset[str]
    line: tuple[str, ...]
    elsewhere: frozenset[str]

    def has(self, ids: Iterable[str]) -> bool:
        """Whether each of some referrals is somewhere."""
        return {*self.holders, *self.line, *self.elsewhere} >= set(ids)

    def told(self, says: Counter[str]) -> str:
        """Return it in words, beside what the API says."""
        api = ", ".join(f"{count} {status}" for status, count in sorted(says.items()))
        return (
            f"{len(self.holders)} reserved (the week counts {self.held}), "
            f"{len(self.line)} waitlisted, {len(self.elsewhere)} elsewhere; by the API {api}"
        )


@dataclass(frozen=True)
class Clinic:
    """The one clinic with places, and who wants them."""

    stack: Stack
    entry: Practitioner
    week: str
    table: ReferralTable

    def count(self, ids: Sequence[str]) -> Count:
        """Count where some referrals are; whoever is nowhere yet is in none of the three."""
        key = {
            name: {"S": value} for name, value in week_of(TENANT, self.entry.npi, self.week).items()
        }
        client, name = self.stack.emulator.client("dynamodb"), self.stack.deployment["TableName"]
        found = client.get_item(TableName=name, Key=key, ConsistentRead=True)["Item"]
        # A set's members are read as they are stored, without their types.
        holders = frozenset(found.get("holders", {}).get("SS", ()))
        line = tuple(str(waiting.referral_id) for waiting in self.table.waiting(TENANT, SCARCE))
        left = [one for one in ids if one not in {*holders, *line}]
        elsewhere = frozenset(one for one in left if _is_elsewhere(self.read(one)))
        return Count(int(plain(found)["held"]), holders, line, elsewhere)

    def read(self, referral_id: str) -> Referral:
        """Read one referral."""
        return self.table.load(TENANT, ReferralId(referral_id)).referral

    def counted(self, what: str, ids: Sequence[str], is_so: Callable[[Count], bool]) -> Count:
        """Count until it is as it should be.

        Raises:
            TimeoutError: a virtual day later it still is not.
        """
        until = self.stack.now() + PATIENCE
        while not is_so(found := self.count(ids)):
            if self.stack.now() > until:
                raise TimeoutError(f"A virtual day later not: {what}: {found.told(Counter())}")
            time.sleep(_LOOKS_EVERY_S)
        return found


def _is_elsewhere(referral: Referral) -> bool:
    """Whether a referral is closed, or lies with a person."""
    return referral.is_closed or referral.work_item is not None


@contextmanager
def a_clinic(sizes: Sizes) -> Iterator[Clinic]:
    """Start the stack with one specialist of their kind, who has places in one week alone."""
    with TemporaryDirectory() as folder:
        _write_script(Path(folder), sizes.orders)
        with up(Path(folder), RATE) as stack:
            (seeded,) = (
                one
                for one in records(stack.partners_url)
                if isinstance(one, Practitioner) and one.specialty == SCARCE
            )
            entry = seeded.but(weekly_capacity=sizes.places)
            for item in config_items(entry):
                put(stack.emulator, stack.deployment, item)
            this_week, following, *others = weeks_from(stack.now().date(), _WEEKS)
            taken = {**dict.fromkeys((this_week, *others), sizes.places), following: 0}
            for week, held in taken.items():
                item = capacity_item(TENANT, entry.npi, week, held)
                put(stack.emulator, stack.deployment, item)
            client, name = stack.emulator.client("dynamodb"), stack.deployment["TableName"]
            yield Clinic(stack, entry, following, ReferralTable(client, name))


def _write_script(folder: Path, orders: int) -> None:
    """Let the clinic leave every offer unanswered: it answers through the API, as we say."""
    named = [
        {"resourceType": "ServiceRequest", "identifier": [placer_of(ORDER.format(n))]}
        for n in range(orders)
    ]
    (folder / "silent.json").write_text(json.dumps(named))
    silent = {"partners": {"clinic": {"offers": ["silent"]}}}
    (folder / "silent.sidecar.json").write_text(json.dumps(silent))


def is_served(stack: Stack) -> bool:
    """Whether no message of the waitlist waits or is under way."""
    queues = stack.emulator.client("sqs")
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    listed = queues.list_queues().get("QueueUrls", ())
    urls = [url for url in listed if "aitlist" in url and "dlq" not in url.lower()]
    if not urls:
        raise LookupError("The stack has no queue of the waitlist.")
    held = (
        queues.get_queue_attributes(QueueUrl=u, AttributeNames=names)["Attributes"] for u in urls
    )
    return not any(int(attributes[name]) for attributes in held for name in names)

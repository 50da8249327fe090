"""Two hundred orders at once for fifty places, on the embedded stack: none over, none lost.

Then thirty places are given back, two in three by the clinic's decline and the others by the
referrer's cancellation, and go to the first thirty who wait, by priority and then age. The orders
go through the API, the state machine and the queues as on AWS; counted is what the table holds
and, beside it, what the API says. Nothing is waited for by the clock on the wall: virtual time
stands still while the machine does not keep up.

    python -m benchmarks.fifty_places      exit code 0 when everything is as it must be
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from httpx import Timeout

from local.seed import SCARCE, TENANT, put, records
from local.stack import Stack, up
from referral_core.adapters.aws.dynamodb.attributes import plain
from referral_core.adapters.aws.dynamodb.directory import config_items
from referral_core.adapters.aws.dynamodb.items import capacity_item
from referral_core.adapters.aws.dynamodb.keys import week_of
from referral_core.adapters.aws.dynamodb.referrals import ReferralTable
from referral_core.domain.directory import Practitioner
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.referral import Referral
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.work_items import ACCEPT_LATER
from referral_core.fhir.ids import task_a_id, task_b_id
from tests.end_to_end.callers import Caller, calling
from tests.end_to_end.orders import a_complete_order, placer_of

RATE: Final = 30.0
"""Virtual seconds a real one: no deadline of two business days falls into the run."""
PATIENCE: Final = timedelta(hours=24)
"""Virtual time for each half of it; an offer waits for its answer for twice as long."""
CONNECTIONS: Final = 16
"""Orders on their way at the same time: each makes the emulator start a worker of a function."""
URGENT_EVERY: Final = 7
CANCELLED_EVERY: Final = 3
_WEEKS: Final = 12
_LOOKS_EVERY_S: Final = 3.0
_ORDER: Final = "PLACES-{:03d}"


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
        {"resourceType": "ServiceRequest", "identifier": [placer_of(_ORDER.format(n))]}
        for n in range(orders)
    ]
    (folder / "silent.json").write_text(json.dumps(named))
    silent = {"partners": {"clinic": {"offers": ["silent"]}}}
    (folder / "silent.sidecar.json").write_text(json.dumps(silent))


def _an_order(number: int) -> dict[str, Any]:
    service = {"system": "http://nucc.org/provider-taxonomy", "code": SCARCE}
    order = a_complete_order(
        _ORDER.format(number),
        performerType={"coding": [service]},
        priority="routine" if number % URGENT_EVERY else "urgent",
    )
    patient = order["contained"][0]
    patient["name"] = [{"family": f"Patient{number:03d}", "given": ["Pat"]}]
    patient["birthDate"] = f"{1940 + number % 60}-04-17"
    return order


class Callers(NamedTuple):
    """Who calls the API, at most so many at a time as the pool has threads."""

    ehr: Caller
    staff: Caller
    clinic: Caller
    pool: ThreadPoolExecutor


@contextmanager
def callers_of(clinic: Clinic) -> Iterator[Callers]:
    """Sign in; nobody gives up on an answer because the machine is slow."""
    clients = clinic.stack.seeded.clients
    with (
        calling(clinic.stack, clients["ehr"]) as ehr,
        calling(clinic.stack, clients["staff"]) as staff,
        calling(clinic.stack, clients[f"clinic:{clinic.entry.organization}"]) as caller,
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):
        for each in (ehr, staff, caller):
            each.http.timeout = Timeout(None)
        yield Callers(ehr, staff, caller, pool)


def run(clinic: Clinic, sizes: Sizes) -> bool:
    """Post, count, give back and count again; return whether all is as it must be."""
    with callers_of(clinic) as callers:
        answers = callers.pool.map(lambda n: callers.ehr.refer(_an_order(n)), range(sizes.orders))
        ids = [str(answer.accepted()["id"]) for answer in answers]
        print(f"{len(set(ids))} orders accepted, {CONNECTIONS} at a time", flush=True)
        before = contended(clinic, callers, ids)
        released = sorted(before.holders)[: sizes.released]
        after = given_back(clinic, callers, ids, released, sizes)
    return judged(sizes, before, after, frozenset(released))


def contended(clinic: Clinic, callers: Callers, ids: Sequence[str]) -> Count:
    """Wait until each has a place or waits, the urgent ones by a coordinator's word."""

    def all_have_come(found: Count) -> bool:
        offered = (clinic.read(one).status is Status.OFFERED for one in found.holders)
        return found.has(ids) and all(offered)

    found = clinic.counted("each has a place, waits or is elsewhere", ids, all_have_come)
    print(found.told(_says(callers, ids)), flush=True)
    if not found.elsewhere:
        return found
    list(callers.pool.map(partial(_agree_to_later, callers.staff), sorted(found.elsewhere)))
    print(f"{len(found.elsewhere)} urgent ones: a coordinator agrees to later", flush=True)
    return clinic.counted(
        "who agreed to later waits", ids, lambda f: f.has(ids) and not f.elsewhere
    )


def given_back(
    clinic: Clinic, callers: Callers, ids: Sequence[str], released: Sequence[str], sizes: Sizes
) -> Count:
    """Give places back and wait until they are taken again and nothing is under way."""
    act = partial(_give_back, callers.ehr, callers.clinic)
    list(callers.pool.map(act, range(len(released)), released))

    def taken_again(found: Count) -> bool:
        gone = not found.holders.intersection(released)
        is_full = len(found.holders) >= sizes.places
        return gone and is_full and found.has(ids) and _is_served(clinic.stack)

    found = clinic.counted("what was given back is taken again", ids, taken_again)
    print(found.told(_says(callers, ids)), flush=True)
    return found


def _give_back(ehr: Caller, clinic: Caller, number: int, referral_id: str) -> None:
    """Decline an offer as the clinic, or cancel the order as its author."""
    if number % CANCELLED_EVERY == 0:
        order = ehr.get(f"/fhir/ServiceRequest/{referral_id}").accepted()
        ehr.revise({**order, "status": "revoked"}).accepted()
        return
    path = f"/fhir/Task/{task_b_id(referral_id, 1)}"
    task = clinic.get(path).accepted()
    reason = {"text": "No appointment in the time wanted"}
    clinic.put(path, {**task, "status": "rejected", "statusReason": reason}).accepted()


def _agree_to_later(staff: Caller, referral_id: str) -> None:
    """Let what is urgent wait in line, before the others; without this word it may not."""
    path = f"/work-items/{referral_id}/decision"
    staff.post(path, {"action": ACCEPT_LATER}).accepted()


def _says(callers: Callers, ids: Sequence[str]) -> Counter[str]:
    """Ask the API how each stands."""

    def status(referral_id: str) -> str:
        task = callers.ehr.get(f"/fhir/Task/{task_a_id(referral_id)}").accepted()
        return str(task["businessStatus"]["coding"][-1]["code"])

    return Counter(callers.pool.map(status, ids))


def _is_served(stack: Stack) -> bool:
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


def judged(sizes: Sizes, before: Count, after: Count, released: frozenset[str]) -> bool:
    """Print each thing that must hold, and whether it does."""
    woken = after.holders - before.holders
    everybody = before.holders | {*before.line} | before.elsewhere
    there = after.holders | {*after.line} | after.elsewhere
    held = {
        f"{sizes.places} reserved, none over": len(before.holders) == before.held == sizes.places,
        "nobody is lost or in two places": len(everybody)
        == len(before.holders) + len(before.line) + len(before.elsewhere)
        == sizes.orders,
        f"{sizes.released} releases wake exactly {sizes.released}": len(woken) == sizes.released,
        "they are the first of the line, by priority and then age": woken
        == {*before.line[: sizes.released]},
        "who had a place and kept it has it": before.holders - released <= after.holders,
        f"{sizes.places} reserved again, none over": len(after.holders)
        == after.held
        == sizes.places,
        "nobody is lost since": there == everybody,
    }
    for what, is_so in held.items():
        print(f"{'yes' if is_so else 'NO':<4}{what}")
    return all(held.values())


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fifty_places")
    for name, usual in Sizes(200, 50, 30)._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    sizes = Sizes(**vars(parser.parse_args()))
    began = time.monotonic()
    with a_clinic(sizes) as clinic:
        is_right = run(clinic, sizes)
    minutes = (time.monotonic() - began) / 60
    print(f"{minutes:.0f} minutes on this machine, the stack's start among them")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())

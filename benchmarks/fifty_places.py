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
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from httpx import Timeout

from benchmarks.clinic_with_places import ORDER, Clinic, Count, Sizes, a_clinic, is_served
from local.seed import SCARCE
from referral_core.domain.lifecycle import Status
from referral_core.domain.work_items import ACCEPT_LATER
from referral_core.fhir.ids import task_a_id, task_b_id
from tests.end_to_end.callers import Caller, calling
from tests.end_to_end.orders import a_complete_order

CONNECTIONS: Final = 16
"""Orders on their way at the same time: each makes the emulator start a worker of a function."""
URGENT_EVERY: Final = 7
CANCELLED_EVERY: Final = 3


def _an_order(number: int) -> dict[str, Any]:
    service = {"system": "http://nucc.org/provider-taxonomy", "code": SCARCE}
    order = a_complete_order(
        ORDER.format(number),
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
        return gone and is_full and found.has(ids) and is_served(clinic.stack)

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

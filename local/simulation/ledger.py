"""8: every counter and amount equals a recount from what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from local.simulation.day import Day
from local.simulation.invariants import Check
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.domain.outreach.plan import METERED
from referral_core.domain.referral import Referral
from referral_core.lifecycle.draft import STATES_ENTERED


def metered(day: Day, referral: Referral) -> Counter[str]:
    """Return the units that a referral's events count."""
    found: Counter[str] = Counter()
    for event in day.events(referral):
        found.update(event.metered)
    return found


def messages_are_counted(day: Day) -> Iterator[str]:
    """Say where the units of messages are not those of the contacts made."""
    for referral in day.referrals:
        units = metered(day, referral)
        made: Counter[str] = Counter()
        for contact in referral.contacts:
            if contact.state == "sent":
                made[METERED[contact.channel]] += contact.parts
        for unit in set(METERED.values()) - {METERED["call"]}:
            if units[unit] != made[unit]:
                yield f"{referral.id} counts {units[unit]} {unit}, its contacts say {made[unit]}"


def states_are_counted(day: Day) -> Iterator[str]:
    """Say where the states counted are not those entered, of referrals that met no fault.

    A fault is retried: Step Functions bills each try, the events count those that got to write.
    """
    entered: Counter[str] = Counter()
    failed: set[str] = set()
    for execution in day.executions:
        entered[execution.data["referral_id"]] += len(execution.history)
        if execution.retries or execution.status == "ABORTED":
            failed.add(execution.data["referral_id"])
    for referral in day.referrals:
        if referral.id in failed:
            continue
        # A step is counted with the Choice behind it, which a step that waits has yet to enter.
        ahead = 0 if referral.is_closed else STATES_ENTERED[referral.current_step] - 1
        counted = metered(day, referral)["states"]
        if entered[referral.id] + ahead != counted:
            yield f"{referral.id} counts {counted} states, {entered[referral.id]} were entered"


def units_are_listed(day: Day) -> Iterator[str]:
    """Say where something is counted that the ledger does not list: no report would have it."""
    for referral in day.referrals:
        if unknown := metered(day, referral).keys() - UNITS.keys():
            yield f"{referral.id} counts {sorted(unknown)}, which the ledger does not list"


LEDGER_CHECKS: Final[Mapping[str, Check]] = {
    "8 messages are counted": messages_are_counted,
    "8 units are listed": units_are_listed,
}
"""The checks of counts."""

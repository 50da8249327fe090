"""What operations pause waits, says so, and goes on where it was: nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.directory import Practitioner
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.pause import LOOKS_AGAIN, Pause, PauseScope
from referral_core.domain.updates import Cancel, Role
from tests.in_memory import REFERRAL, TENANT, World
from tests.partner_actions import accepted

STARTED = "step-started"


def a_pause(world: World, scope: PauseScope, of: str) -> Pause:
    pause = Pause(
        tenant=TENANT,
        scope=scope,
        of=of,
        reason="their system is being replaced",
        by="olu",
        since=world.clock.now(),
    )
    world.directory.paused.append(pause)
    return pause


def a_world() -> World:
    """Given an order that was just accepted."""
    world = World()
    world.accept("happy-path")
    return world


def look(world: World, times: int = 1) -> None:
    """Let the watchdog come by, as it does every minute."""
    for _ in range(times):
        world.wait()


def payer_of_the_order() -> str:
    world = a_world()
    world.settle()
    eligibility = world.referral.eligibility
    assert eligibility is not None
    return eligibility.payer


def test_a_paused_tenants_referral_stands_still_and_says_so() -> None:
    world = a_world()
    pause = a_pause(world, PauseScope.TENANT, TENANT)

    world.settle()
    look(world, times=12)

    referral = world.referral
    assert referral.status is Status.RECEIVED
    assert (referral.paused, referral.status_reason) == (pause.name, pause.sentence)
    assert "their system is being replaced" in referral.status_reason
    assert referral.due_at == world.clock.now() + LOOKS_AGAIN
    assert (referral.run, referral.restarts) == (1, 0)  # no run is started only to be held again
    assert referral.work_item is None


def test_what_is_resumed_goes_on_where_it_was() -> None:
    world = a_world()
    a_pause(world, PauseScope.TENANT, TENANT)
    world.settle()
    look(world, times=3)

    world.directory.paused.clear()
    look(world)

    unpaused = a_world()
    unpaused.settle()
    assert world.referral.status is unpaused.referral.status is Status.OFFERED
    assert world.referral.paused is None
    assert world.referral.run == 2
    assert world.statuses() == unpaused.statuses()


@pytest.mark.parametrize("step", [Step.CHECK_ELIGIBILITY, Step.REQUEST_AUTHORIZATION])
def test_a_paused_payer_is_not_asked_and_the_others_are(step: Step) -> None:
    payer = payer_of_the_order()
    world = a_world()
    if step is Step.CHECK_ELIGIBILITY:
        a_pause(world, PauseScope.PAYER, payer)
        world.settle()
    else:
        # the payer is paused once it has answered the first question
        check = world.payer.check

        def checked(*asked: object) -> object:
            a_pause(world, PauseScope.PAYER, payer)
            return check(*asked)  # type: ignore[arg-type]

        world.payer.check = checked  # type: ignore[method-assign, assignment]
        world.settle()

    assert world.referral.current_step is step
    assert world.referral.paused == f"payer:{payer}"
    assert world.entered()[-1] == "RunSuperseded"

    other = a_world()
    a_pause(other, PauseScope.PAYER, "somebody-else")
    other.settle()
    assert other.referral.status is Status.OFFERED


def clinics_of(world: World) -> set[str]:
    """Every clinic of the directory."""
    return {r.organization for r in world.directory._records if isinstance(r, Practitioner)}


def first_choice() -> str:
    """The clinic that the order goes to where none is paused."""
    free = a_world()
    free.settle()
    assert free.referral.offer is not None
    return free.referral.offer.organization


def test_routing_passes_over_a_paused_clinic_and_says_so() -> None:
    first, world = first_choice(), a_world()
    assert len(clinics_of(world)) > 1
    a_pause(world, PauseScope.CLINIC, first)

    world.settle()

    assert world.referral.offer is not None
    assert world.referral.offer.organization != first
    (decision,) = world.referrals.routing_decisions(TENANT, REFERRAL)
    assert "paused by operations" in decision.exclusions.values()


def test_where_every_clinic_is_paused_the_offer_waits_until_one_is_resumed() -> None:
    world = a_world()
    for clinic in clinics_of(world):
        a_pause(world, PauseScope.CLINIC, clinic)

    world.settle()
    look(world, times=4)

    assert world.referral.current_step is Step.OFFER_REFERRAL
    assert world.clinics.offers == {}
    assert world.referral.offer is not None  # the place stays reserved

    world.directory.paused.clear()
    look(world)
    assert len(world.clinics.offers) == 1


def test_a_paused_channel_sends_nothing_and_skips_nothing() -> None:
    world = a_world()
    a_pause(world, PauseScope.CHANNEL, "sms")
    world.settle()

    accepted(world)
    look(world, times=20)

    referral = world.referral
    assert world.messenger.sent == []
    assert referral.contacts == ()
    assert referral.status_reason.startswith("Paused since")

    world.directory.paused.clear()
    look(world)
    assert [m.channel for m in world.messenger.sent] == ["sms"]


def test_what_is_reported_meanwhile_counts_once_it_goes_on() -> None:
    world = a_world()
    a_pause(world, PauseScope.TENANT, TENANT)
    world.settle()

    world.report(Cancel, role=Role.EHR)

    assert world.referral.status is Status.RECEIVED
    world.directory.paused.clear()
    look(world)
    assert world.referral.proposed_outcome is not None or world.referral.is_closed


def test_other_tenants_go_on() -> None:
    world = a_world()
    pause = a_pause(world, PauseScope.TENANT, TENANT)
    world.directory.paused[:] = [pause.but(tenant="hillside")]

    world.settle()

    assert world.referral.status is Status.OFFERED


def test_a_sentence_says_who_must_move() -> None:
    pause = a_pause(a_world(), PauseScope.PAYER, "acme")
    assert pause.sentence.endswith("it goes on where it was once operations resume it.")
    assert timedelta(minutes=5) < LOOKS_AGAIN <= timedelta(minutes=15)

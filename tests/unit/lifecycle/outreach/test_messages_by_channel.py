"""What each channel's messenger is given: the address of its kind, and no more than it needs."""

from __future__ import annotations

import pytest

from referral_core.domain.messages import Message
from referral_core.domain.outreach.plan import Channel, Purpose
from referral_core.domain.referral import Contact
from referral_core.fhir.outbound.tasks import patient_reference
from referral_core.lifecycle.outreach.messages import Messages
from tests.in_memory import World


@pytest.fixture
def world() -> World:
    world = World()
    world.accept("happy-path")
    return world


def sent(world: World, channel: Channel) -> Message:
    contact = Contact(number=3, channel=channel, at=world.clock.now(), state="sending")
    case = world.engine.case(world.referral)
    Messages(world.messenger).send(case, contact, Purpose.INVITATION)
    return world.messenger.sent[-1]


def test_a_portal_message_says_whose_it_is_and_of_which_order(world: World) -> None:
    message = sent(world, "portal")

    order = world.engine.case(world.referral).payload.service_request
    assert message.patient == patient_reference(order)
    assert message.patient is not None
    assert message.order == world.referral.placer_identifier
    assert message.to == world.referral.referrer
    assert message.reference == f"{world.referral.id}-c3"


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_what_goes_by_phone_carries_nothing_of_the_chart(world: World, channel: Channel) -> None:
    message = sent(world, channel)

    assert message.to.startswith("+1")
    assert message.patient is None
    assert message.order is None

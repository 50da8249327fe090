"""The mailbox, operation by operation; every interleaving is test_mailbox_interleavings.py's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral_core.domain.lifecycle import Step
from referral_core.domain.mailbox import Mailbox, Wait
from referral_core.domain.updates import UpdateKind
from tests.unit.builders import NOW, an_update

YES, CANCEL = UpdateKind.OFFER_ACCEPTED, UpdateKind.CANCEL


def a_wait() -> Wait:
    return Wait(
        id="1-1",
        step=Step.OFFER_REFERRAL,
        token="t",
        accepts=frozenset({YES}),
        deadline=NOW + timedelta(days=2),
    )


@pytest.mark.parametrize("kind", [YES, CANCEL])
def test_a_wait_is_resolved_once(kind: UpdateKind) -> None:
    resolved = Mailbox().opened(a_wait()).resolved(an_update(kind, "u1"), Step.CONTACT_PATIENT)
    again = an_update(kind, "u2")
    assert resolved.open_wait is None
    assert not resolved.accepts(again)
    with pytest.raises(ValueError, match="no open wait"):
        resolved.resolved(again, Step.CONTACT_PATIENT)


@pytest.mark.parametrize("kind", [YES, CANCEL])
def test_what_resolves_a_wait_is_pending_no_longer(kind: UpdateKind) -> None:
    first, other = an_update(kind, "u1"), an_update(UpdateKind.APPOINTMENT_FULFILLED, "u2")
    mailbox = Mailbox().kept(first).kept(other).opened(a_wait())
    assert mailbox.resolved(first, Step.CONTACT_PATIENT).pending == (other,)


def test_what_only_informs_is_pending_no_longer_and_the_wait_goes_on() -> None:
    note = an_update(UpdateKind.NOTICE_DELIVERED, "u1")
    mailbox = Mailbox().kept(note).opened(a_wait()).recorded(note)
    assert mailbox.pending == ()
    assert mailbox.open_wait == a_wait()


def test_a_wait_taken_over_is_the_same_wait_under_another_token() -> None:
    mailbox = Mailbox().opened(a_wait()).taken_over("t2")
    assert mailbox.wait == a_wait().but(token="t2")
    resolved = mailbox.resolved(an_update(YES, "u1"), Step.CONTACT_PATIENT).taken_over("t3")
    assert resolved.wait == a_wait().but(token="t3", takeovers=1)
    with pytest.raises(ValueError, match="no wait"):
        Mailbox().taken_over("t")


def test_what_a_wait_does_not_accept_does_not_resolve_it() -> None:
    mailbox = Mailbox().opened(a_wait())
    other = an_update(UpdateKind.APPOINTMENT_FULFILLED, "u1")
    assert not mailbox.accepts(other)
    with pytest.raises(ValueError, match="does not accept"):
        mailbox.resolved(other, Step.CONTACT_PATIENT)


def test_every_operation_makes_the_next_version() -> None:
    mailbox = Mailbox().kept(an_update(YES, "u1")).opened(a_wait()).taken_over("t2")
    assert mailbox.version == 3

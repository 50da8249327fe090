"""Two tenants write from one number: whose word it is, and for whom a stop holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import TenantProfile
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.vocabulary import Reply
from referral_core.domain.updates import PatientReplied, Role
from tests.in_memory import World as Product
from tests.partner_actions import accepted
from tests.unit.builders import NOW, TENANT, a_new_referral, a_referral
from tests.unit.entrypoints.test_sms_replies import NUMBER, PHONE, World, _payload, an_event

RIVERSIDE = Tenant("riverside")
HASHED = contact_hash(PHONE)


class Shared(World):
    """One number of two tenants; each has these open referrals of one phone number."""

    def __init__(self, ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
        super().__init__(*ours)
        channel = Principal(
            client_id=NUMBER,
            tenant=TENANT,
            role=Role.PATIENT_CHANNEL,
            organization="carrier",
            shared_with=frozenset({RIVERSIDE}),
        )
        directory = self.receive.directory
        directory._records = (channel,)  # type: ignore[attr-defined]
        for referral_id in theirs:
            new = a_new_referral(a_referral(referral_id, tenant=RIVERSIDE), _payload(PHONE))
            self.referrals.accept([new.but(contact_hash=HASHED)])

    def wrote(self, tenant: Tenant, days_ago: int = 0) -> None:
        """A tenant texted the patient."""
        day = (NOW - timedelta(days=days_ago)).date()
        self.referrals.message_claims[tenant, HASHED][day] = f"{tenant}-c1"

    def said(self, tenant: Tenant, referral_id: str) -> list[Reply]:
        pending = self.referrals.load(tenant, ReferralId(referral_id)).mailbox.pending
        return [u.reply for u in pending if isinstance(u, PatientReplied)]


def test_a_yes_is_the_other_tenants_whose_patient_it_is() -> None:
    world = Shared((), ("x1",))
    world.receive.handle(an_event("YES"))
    assert world.said(RIVERSIDE, "x1") == [Reply.YES]
    assert not world.unmatched.items


@pytest.mark.parametrize(
    ("asked", "ours", "theirs"),
    [
        ({RIVERSIDE}, [], [Reply.YES]),
        ({TENANT}, [Reply.YES], []),
        ({TENANT, RIVERSIDE}, [Reply.OTHER], [Reply.OTHER]),
        (set(), [Reply.OTHER], [Reply.OTHER]),
    ],
)
def test_a_yes_answers_whoever_asked_and_else_a_person_reads_it(
    asked: set[Tenant], ours: list[Reply], theirs: list[Reply]
) -> None:
    world = Shared(("r1",), ("x1",))
    for tenant in asked:
        world.wrote(tenant)
    world.receive.handle(an_event("YES"))
    assert (world.said(TENANT, "r1"), world.said(RIVERSIDE, "x1")) == (ours, theirs)


def test_who_asked_long_ago_did_not_ask() -> None:
    world = Shared(("r1",), ("x1",))
    world.wrote(TENANT, days_ago=40)
    world.wrote(RIVERSIDE, days_ago=1)
    world.receive.handle(an_event("NO"))
    assert (world.said(TENANT, "r1"), world.said(RIVERSIDE, "x1")) == ([], [Reply.NO])


def test_a_yes_with_two_open_referrals_of_the_tenant_that_asked_is_for_a_person() -> None:
    world = Shared(("r1",), ("x1", "x2"))
    world.wrote(RIVERSIDE)
    world.receive.handle(an_event("YES"))
    assert world.said(TENANT, "r1") == []
    assert world.said(RIVERSIDE, "x1") == world.said(RIVERSIDE, "x2") == [Reply.OTHER]


@pytest.mark.parametrize("asked", [TENANT, RIVERSIDE])
def test_a_stop_holds_for_every_tenant_that_writes_from_the_number(asked: Tenant) -> None:
    world = Shared(("r1",), ("x1",))
    world.wrote(asked)
    world.receive.handle(an_event("STOP"))
    for tenant, referral_id in ((TENANT, "r1"), (RIVERSIDE, "x1")):
        assert world.referrals.opted_out(tenant, HASHED)
        assert world.said(tenant, referral_id) == [Reply.STOP]
    assert world.carrier.opted_out == {PHONE}


def test_a_stop_of_nobodys_patient_holds_for_both() -> None:
    world = Shared((), ())
    world.receive.handle(an_event("STOP"))
    assert world.referrals.opted_out(TENANT, HASHED)
    assert world.referrals.opted_out(RIVERSIDE, HASHED)


def test_a_start_takes_the_number_off_every_list() -> None:
    world = Shared(("r1",), ("x1",))
    world.receive.handle(an_event("STOP", "START"))
    assert not world.referrals.opted_out(TENANT, HASHED)
    assert not world.referrals.opted_out(RIVERSIDE, HASHED)


def test_a_text_about_nothing_open_is_kept_where_the_number_is_known() -> None:
    world = Shared((), ("x1",))
    world.referrals.by_phone = lambda *_: ()  # type: ignore[method-assign] # all are closed
    world.receive.handle(an_event("Can I still come?"))
    (item,) = world.unmatched.items.values()
    assert (item.tenant, [c.referral_id for c in item.candidates]) == (RIVERSIDE, ["x1"])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PATIENT_CHANNEL])
def test_who_asks_by_a_token_is_of_one_tenant(role: Role) -> None:
    fields: dict[str, Any] = {"client_id": "c", "tenant": TENANT, "organization": "o"}
    with pytest.raises(ValidationError):
        Principal(**fields, role=role, shared_with=frozenset({RIVERSIDE}))


@pytest.mark.parametrize("own", [None, "+15085550100"])
def test_a_tenants_texts_come_from_its_own_number(own: str | None) -> None:
    world = Product()
    known = [r for r in world.directory._records if isinstance(r, TenantProfile)]
    others = [r for r in world.directory._records if not isinstance(r, TenantProfile)]
    world.directory._records = (*others, *(r.but(phone_identity=own) for r in known))
    world.accept("happy-path")
    world.settle()
    accepted(world)
    world.settle()
    texts = [m for m in world.messenger.sent if m.channel == "sms"]
    assert texts
    assert {m.sender for m in texts} == {own}

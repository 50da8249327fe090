"""Scripts at random: shares as published, and every branch among some hundred referrals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest

from local.partners.scripts.parts import CALLS, ENDINGS, OFFERS, VISITS, PayerPart
from local.partners.scripts.random import partners_at_random
from local.partners.scripts.script import Script
from local.partners.scripts.staff import REASONS

MANY = 2000
SOME = 600


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    return [Script.at_random(str(number), "seed") for number in range(MANY)]


def share(found: Iterable[bool]) -> float:
    counted = Counter(found)
    return counted[True] / counted.total()


def test_the_same_dice_write_the_same_script() -> None:
    one, other = (partners_at_random(Random("x")) for _ in range(2))  # noqa: S311 - random

    assert one == other


def test_one_of_four_visits_is_missed_as_the_literature_has_it(scripts: list[Script]) -> None:
    kept_or_missed = [
        visit
        for script in scripts
        for visit in script.clinic.visit
        if visit in {"attended", "rescheduled", "no-show"}
    ]

    # Dantas 2018: 23 %; a visit that is moved is kept.
    assert share(v == "no-show" for v in kept_or_missed) == pytest.approx(0.22, abs=0.02)


def test_authorizations_are_denied_as_often_as_published(scripts: list[Script]) -> None:
    first = [PayerPart.read(script.payer).authorization[0] for script in scripts]

    # KFF, Medicare Advantage 2023: 6.4 % denied, 81.7 % of appeals overturned.
    assert share(a.endswith("A3") for a in first) == pytest.approx(0.064, abs=0.015)
    appeals = [script.payer["appeal"] == "A1" for script in scripts]
    assert share(appeals) == pytest.approx(0.817, abs=0.03)


def test_some_hundred_referrals_meet_every_branch(scripts: list[Script]) -> None:
    met = scripts[:SOME]
    payers = [PayerPart.read(script.payer) for script in met]

    assert {e for p in payers for e in p.eligibility} == {
        *("active", "inactive", "unclear", "down", "down-once"),
    }
    assert {p.authorization[0] for p in payers} == {
        *("A1", "A2", "A3", "A4", "A6", "NA", "A4-then-A1", "A4-then-A3"),
        *("not-required", "down-once"),
    }
    assert {offer for s in met for offer in s.clinic.offers} == OFFERS
    assert {visit for s in met for visit in s.clinic.visit} == VISITS
    assert {call for s in met for call in s.patient.on_call} == CALLS
    assert {None, "YES", "NO", "STOP", "ALTO", "TIME", "CLINIC"} < {
        reply for s in met for reply in s.patient.reply
    }
    assert {s.ehr.ends_with for s in scripts if s.ehr.ends_when} == ENDINGS
    for branch in (
        [not s.clinic.books for s in met],
        [s.clinic.attests is not None for s in met],
        [s.clinic.reports_when_chased for s in met],
        [any(r.critical for r in s.clinic.documents) for s in met],
        [any(not r.final for r in s.clinic.documents) for s in met],
        [not s.clinic.documents and s.clinic.attests is None for s in met],
        [not s.ehr.acknowledges for s in met],
        [s.ehr.supplies is None for s in met],
        [s.ehr.supersedes is not None for s in met],
        [s.ehr.reopens is not None for s in met],
    ):
        assert any(branch)
        assert not all(branch)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_staff_know_what_to_do_about_every_reason(scripts: list[Script], reason: str) -> None:
    acts = [script.staff.act(reason, number) for script in scripts[:SOME] for number in range(4)]

    assert share(act is None for act in acts) < 0.2
    last = [script.staff.act(reason, 99) for script in scripts[:SOME]]
    assert {"contact-again", "snooze", "comment"}.isdisjoint(act.action for act in last if act)

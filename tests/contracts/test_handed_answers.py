"""The handed 271s by name: what each says of a visit to a specialist."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.x12.eligibility_response import read_271
from tests.contracts.fhir_oracles import ROOT

CASES: Final = ROOT.parent / "shared/cases/x12"
VISIT: Final = date(2026, 3, 9)
SPECIALIST: Final = "98"
"""The service type that the router asks for: a professional visit in an office."""

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="../shared/cases is not there: handed cases are not in the project"
)

ACTIVE, INACTIVE, UNCLEAR = (
    EligibilityVerdict.ACTIVE,
    EligibilityVerdict.INACTIVE,
    EligibilityVerdict.UNCLEAR,
)
SAYS: Final = {
    "active-now-inactive-in-2007": ({ACTIVE}, False),
    "active-but-plan-ended-2025": ({INACTIVE}, False),
    "medicare-active-but-HMO-enrolled": ({ACTIVE}, True),
    "limited-benefit-family-planning-only": ({INACTIVE, UNCLEAR}, False),
    "spend-down": ({UNCLEAR}, False),
}
"""File → the verdicts that are right, and whether another payer is told of."""


@pytest.mark.parametrize("name", SAYS)
def test_it_says_what_it_says(name: str) -> None:
    text = (CASES / f"{name}.271").read_text()
    read = read_271(text, service_type=SPECIALIST, service_date=VISIT)
    verdicts, other_payer = SAYS[name]
    assert read.verdict in verdicts
    assert read.other_payer is other_payer


def test_every_case_is_tried() -> None:
    assert {path.stem for path in Path(CASES).glob("*.271")} == set(SAYS)

"""What qualifies a 271's lines: whose they are, where they hold, what is left, what is unpaid."""

from __future__ import annotations

import pytest

from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.lifecycle.steps.check_eligibility import why_unclear
from referral_core.x12 import eligibility_response as reading
from referral_core.x12.eligibility_response import read_271
from tests.unit.x12.test_eligibility_response import ACTIVE, DAY, INACTIVE, UNCLEAR, a_271

ON = "EB*1**30"
SERVED = "EB*1**98"


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        pytest.param(["EB*1*DEP*30"], UNCLEAR, id="the dependents' only"),
        pytest.param(["EB*1*CHD*30"], UNCLEAR, id="the children's only"),
        pytest.param(["EB*1*SPO*30"], UNCLEAR, id="the spouse's only"),
        pytest.param(["EB*1*EMP*30"], ACTIVE, id="the employee's, who is the patient"),
        pytest.param(["EB*1*FAM*30"], ACTIVE, id="the family's"),
        pytest.param(["EB*1*EMP*30", "EB*6*DEP*30"], ACTIVE, id="the dependents' ended"),
        pytest.param(["EB*6*EMP*30", "EB*1*DEP*30"], INACTIVE, id="the employee's own ended"),
        pytest.param([ON, "EB*I*CHD*98"], ACTIVE, id="not covered for the children"),
        pytest.param([ON, SERVED, "III*ZZ*21"], ACTIVE, id="said of hospital beds; the plan holds"),
        pytest.param([SERVED, "III*ZZ*23"], UNCLEAR, id="in emergency rooms only"),
        pytest.param([SERVED, "III*ZZ*11", "III*ZZ*21"], ACTIVE, id="in offices and hospitals"),
        pytest.param([ON, "EB*I**98", "III*ZZ*21"], ACTIVE, id="not covered in hospital beds"),
        pytest.param([ON, "EB*I**98", "III*ZZ*11"], INACTIVE, id="not covered in offices"),
        pytest.param([ON, SERVED, "III*BF*F32A"], ACTIVE, id="a diagnosis is no place"),
        pytest.param([ON, SERVED, "EB*F**98***29***VS*0"], UNCLEAR, id="no visit is left"),
        pytest.param([ON, SERVED, "EB*F**98***29***VS*3"], ACTIVE, id="three visits are left"),
        pytest.param([ON, SERVED, "EB*F**98***29***VS*10"], ACTIVE, id="ten visits are left"),
        pytest.param([ON, "EB*F**98***29*0"], UNCLEAR, id="no money is left"),
        pytest.param([ON, "EB*F**98***29*0.00"], UNCLEAR, id="no cent is left"),
        pytest.param([ON, "EB*F**98***29*-12.50"], UNCLEAR, id="more than all is used"),
        pytest.param([ON, "EB*F**98***29*500"], ACTIVE, id="money is left"),
        pytest.param([ON, "EB*F**30***29*0"], UNCLEAR, id="the plan's own limit is reached"),
        pytest.param([ON, "EB*F**35***29*0"], ACTIVE, id="the dentist's limit is reached"),
        pytest.param([ON, "EB*C**98***29*0"], ACTIVE, id="the deductible is met"),
        pytest.param([ON, "EB*G**30***29*0"], ACTIVE, id="the out-of-pocket maximum is met"),
        pytest.param([ON, "EB*F**98***23***VS*0"], ACTIVE, id="none a year is no remainder"),
        pytest.param([ON, SERVED, "HSD*VS*0***29"], UNCLEAR, id="no visit is left, by HSD"),
        pytest.param([ON, SERVED, "HSD*VS*12***29"], ACTIVE, id="twelve are left, by HSD"),
        pytest.param([ON, SERVED, "HSD*VS*0***23"], ACTIVE, id="HSD of a year"),
        pytest.param(["EB*6**30", "EB*F**98***29*0"], INACTIVE, id="ended, and nothing is left"),
        pytest.param([ON, "EB*N**98"], UNCLEAR, id="with one provider only"),
        pytest.param([ON, "EB*N**33"], ACTIVE, id="another service with one provider only"),
        pytest.param([ON, "EB*O**98"], UNCLEAR, id="not seen as necessary"),
        pytest.param(["EB*T**30"], UNCLEAR, id="the card was reported lost"),
        pytest.param([ON, "EB*T"], UNCLEAR, id="active, and the card was reported lost"),
        pytest.param(
            [ON, "EB*L**98", "EB*H**98", "EB*A**98****.2"], ACTIVE, id="terms of the plan"
        ),
        pytest.param([ON, "EB*D**30**EMERGENCY SERVICES ONLY"], UNCLEAR, id="described as limited"),
        pytest.param(
            [ON, "EB*D**30", "MSG*COVERAGE IS FAMILY PLANNING"], UNCLEAR, id="in a message"
        ),
        pytest.param([ON, "EB*D**35**DENTAL ONLY"], ACTIVE, id="another service is described"),
        pytest.param(
            [ON, "EB*D**30**EMERGENCY ROOM COPAY WAIVED"], ACTIVE, id="no limit of a plan"
        ),
        pytest.param(["EB*1**30*MA"], UNCLEAR, id="Medicare's hospital insurance only"),
        pytest.param(["EB*1**30*MA", "EB*1**30*MB"], ACTIVE, id="Medicare's both parts"),
        pytest.param(["EB*1**30*MA", "EB*6**30*MB"], UNCLEAR, id="Medicare's Part B ended"),
        pytest.param(["EB*1**30*MA", "EB*1**98*MA"], UNCLEAR, id="a service of hospital insurance"),
        pytest.param(["DTP*343*D8*20260131", ON], UNCLEAR, id="paid until a month ago"),
        pytest.param(["DTP*343*D8*20260302", ON], ACTIVE, id="paid until that day"),
        pytest.param(
            ["DTP*343*D8*20260131", "DTP*343*D8*20260331", ON], ACTIVE, id="paid once more"
        ),
        pytest.param(
            ["DTP*343*RD8*20260101-20260131", "EB*6**30"], INACTIVE, id="unpaid and ended"
        ),
        pytest.param(["DTP*342*D8*20200101", ON], ACTIVE, id="paid since"),
        pytest.param([ON, "DTP*193*D8*20250101", "DTP*194*D8*20251231"], ACTIVE, id="of counters"),
        pytest.param([ON, "DTP*304*D8*20200101"], ACTIVE, id="the latest visit"),
        pytest.param([ON, "EB*R**30", "LS*2120", "NM1*PR*2*OTHER", "LE*2120"], ACTIVE, id="LS"),
        pytest.param(["EB"], UNCLEAR, id="an empty line"),
        pytest.param(["EB*Z**30"], UNCLEAR, id="a status that nobody knows"),
        pytest.param([ON, "EB*1**98^^30"], ACTIVE, id="an empty service among others"),
    ],
)
def test_a_line_counts_for_whom_and_what_it_is_about(
    lines: list[str], verdict: EligibilityVerdict
) -> None:
    read = read_271(a_271(*lines), service_type="98", service_date=DAY)
    assert read.verdict is verdict


def of_dependent(*lines: str, above: tuple[str, ...] = (), trace: str = "") -> str:
    traced = (f"TRN*2*{trace}*9123456789",) if trace else ()
    below = ("HL*4*3*23*0", *traced, "NM1*03*1*RIVERA*LUZ", "DMG*D8*20150203*F")
    return a_271(*above, *below, *lines, trace="")


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["EB*1*EMP*30"], UNCLEAR),
        (["EB*1*DEP*30"], ACTIVE),
        (["EB*1*CHD*30"], ACTIVE),
        (["EB*1*ECH*30"], ACTIVE),
        (["EB*1*IND*30"], ACTIVE),
        (["EB*6*EMP*30", "EB*1*DEP*30"], ACTIVE),
    ],
)
def test_the_employees_own_coverage_is_not_the_dependents(
    lines: list[str], verdict: EligibilityVerdict
) -> None:
    assert read_271(of_dependent(*lines), service_date=DAY).verdict is verdict


def test_an_answer_about_the_subscriber_alone_is_none_about_the_dependent() -> None:
    read = read_271(of_dependent(above=(ON,)), service_date=DAY)
    assert (read.verdict, read.reject_reason) == (UNCLEAR, "of-subscriber-only")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((ON, "EB*F**98***29*0"), "benefit-used-up"),
        (("DTP*343*D8*20260131", ON), "premium-unpaid"),
        ((ON, "EB*D**30**FAMILY PLANNING"), "limited-benefit"),
        (("DTP*442*D8*20260101", ON), "reported-dead"),
        (("DTP*442*D8*20260101", "EB*6**30"), "reported-dead"),
        (("AAA*N**75*C", "DTP*442*D8*20260101"), "75"),
        ((ON,), None),
        (("EB*6**30", "EB*F**98***29*0"), None),
    ],
)
def test_a_person_reads_why_an_active_line_is_not_clear(
    rows: tuple[str, ...], reason: str | None
) -> None:
    assert read_271(a_271(*rows), service_type="98", service_date=DAY).reject_reason == reason


@pytest.mark.parametrize(
    ("before", "patient", "reason"),
    [
        (("AAA*Y**T4*N",), (ON,), "T4"),
        (("AAA*N**79*C",), (), "79"),
        ((), ("AAA*N**58*C",), "58"),
        ((), ("AAA*N**71*C", "AAA*N**73*C"), "71"),
        (("AAA*Y**42*R",), ("AAA*N**75*C",), "75"),
    ],
)
def test_a_reject_at_any_level_is_told_with_its_reason(
    before: tuple[str, ...], patient: tuple[str, ...], reason: str
) -> None:
    read = read_271(a_271(*patient, before=before), service_date=DAY)
    assert (read.verdict, read.reject_reason) == (UNCLEAR, reason)


@pytest.mark.parametrize(
    "reason",
    [
        *(reading.REPORTED_DEAD, reading.OF_SUBSCRIBER_ONLY, reading.USED_UP),
        *(reading.UNPAID, reading.LIMITED),
    ],
)
def test_each_reason_of_ours_is_told_in_words(reason: str) -> None:
    said = why_unclear(reason)
    assert said is not None
    assert "AAA" not in said


def test_a_payers_own_reason_is_told_by_its_code() -> None:
    assert why_unclear("75") == "The payer rejected the inquiry (AAA 75)."
    assert why_unclear(None) is None

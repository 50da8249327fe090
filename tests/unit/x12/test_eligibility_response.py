"""The 271: what is said counts; what is not said is never a no."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain.errors import Retryable
from referral_core.domain.orders.patient_identity import PatientIdentity
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.payers.requests import EligibilityResponse
from referral_core.x12.eligibility_response import read_271
from referral_core.x12.interchange import Envelope, Segment, X12Error, write_interchange
from tests.unit.payer_requests import REAL_DATA, SENT_AT

ACTIVE, INACTIVE, UNCLEAR = (
    EligibilityVerdict.ACTIVE,
    EligibilityVerdict.INACTIVE,
    EligibilityVerdict.UNCLEAR,
)
ENVELOPE = Envelope("VALLEY", "1234567893", SENT_AT, 7, "HB", "005010X279A1")


def _traced(trace: str) -> tuple[str, ...]:
    return (f"TRN*2*{trace}*9123456789",) if trace else ()


def a_271(*patient: str, before: tuple[str, ...] = (), trace: str = "r1-e2") -> str:
    """Write a 271 whose subscriber loop holds the given segments."""
    rows = (
        "BHT*0022*11*r1-e2*20260302*1504",
        *("HL*1**20*1", *before, "NM1*PR*2*VALLEY*****PI*VALLEY"),
        *("HL*2*1*21*1", "NM1*1P*2*LAKESIDE*****XX*1234567893"),
        *("HL*3*2*22*0", *_traced(trace), "NM1*IL*1*RIVERA*ANA****MI*W1"),
        *patient,
    )
    body: list[Segment] = [tuple(row.split("*")) for row in rows]
    return write_interchange(ENVELOPE, "271", body)


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        pytest.param(["EB*1**30"], ACTIVE, id="the plan is active"),
        pytest.param(["EB*1"], ACTIVE, id="a line without service type speaks of the plan"),
        pytest.param(["EB*3**30"], ACTIVE, id="active, capitated"),
        pytest.param(["EB*6**30"], INACTIVE, id="the plan is inactive"),
        pytest.param(["EB*6**30", "EB*1**98"], INACTIVE, id="an ended plan covers no service"),
        pytest.param(["EB*1**30", "EB*I**98"], INACTIVE, id="the service is not covered"),
        pytest.param(["EB*1**30", "EB*I**35"], ACTIVE, id="another service is not covered"),
        pytest.param(["EB*1**30", "EB*1**1^33^98^MH"], ACTIVE, id="repeated service types"),
        pytest.param(["EB*1**33^98"], ACTIVE, id="the service alone is named"),
        pytest.param(["EB*1**33"], UNCLEAR, id="only another service is named"),
        pytest.param(["EB*1**30", "EB*6**30"], UNCLEAR, id="two plans that contradict"),
        pytest.param(["EB*5**30"], UNCLEAR, id="active, under investigation"),
        pytest.param(["EB*7**30"], UNCLEAR, id="inactive, to be updated"),
        pytest.param(["EB*V**30"], UNCLEAR, id="cannot process"),
        pytest.param(["EB*U**30"], UNCLEAR, id="contact somebody else"),
        pytest.param(["EB*1**30", "EB*U**30"], ACTIVE, id="active, details from somebody else"),
        pytest.param(["EB*1**30", "EB*U**98"], UNCLEAR, id="the service is handled elsewhere"),
        pytest.param(["EB*C**30**GOLD*23*500"], UNCLEAR, id="only a deductible"),
        pytest.param(["EB*1************HC:99213"], UNCLEAR, id="only one procedure is named"),
        pytest.param([], UNCLEAR, id="nothing is said"),
        pytest.param(
            ["EB*1**30", "MSG*EMERGENCY SERVICES ONLY"], UNCLEAR, id="limited by a message"
        ),
        pytest.param(
            ["EB*1**30", "MSG*BENEFITS ARE LIMITED TO 20 VISITS A YEAR"], ACTIVE, id="a condition"
        ),
        pytest.param(
            ["EB*1**30", "EB*1**35", "MSG*RESTRICTED TO PREGNANCY RELATED SERVICES"],
            ACTIVE,
            id="the message is of another line",
        ),
        pytest.param(["EB*1**30*QM*QMB"], UNCLEAR, id="pays another plan's shares"),
        pytest.param(["EB*1**30*QM", "EB*1**30*MC*FULL"], ACTIVE, id="and a whole plan beside it"),
    ],
)
def test_verdict(lines: list[str], verdict: EligibilityVerdict) -> None:
    assert read_271(a_271(*lines), service_type="98").verdict is verdict


@pytest.mark.parametrize(
    ("lines", "required"),
    [
        pytest.param(["EB*1**98********Y"], True, id="Y"),
        pytest.param(["EB*1**98********N"], False, id="N"),
        pytest.param(["EB*1**98********U"], None, id="U never means N"),
        pytest.param(["EB*1**98"], None, id="nothing said"),
        pytest.param(["EB*1**98********N", "EB*B**98********Y"], True, id="one Y asks"),
        pytest.param(["EB*1**98********N", "EB*B**98********U"], None, id="N and U is not N"),
        pytest.param(["EB*1**30********N", "EB*1**98********U"], None, id="the service goes first"),
        pytest.param(["EB*1**30********N", "EB*1**98"], False, id="else the plan"),
        pytest.param(["EB*1**30", "EB*1**33********Y"], None, id="another service's Y"),
    ],
)
def test_whether_authorization_is_required(*, lines: list[str], required: bool | None) -> None:
    answer = read_271(a_271(*lines), service_type="98")

    assert answer.authorization_required is required


@pytest.mark.parametrize(
    ("lines", "in_network"),
    [
        pytest.param(["EB*1**98*********Y"], True, id="Y"),
        pytest.param(["EB*1**98*********N"], False, id="N"),
        pytest.param(["EB*1**98*********U"], None, id="U never means N"),
        pytest.param(["EB*1**98*********W"], None, id="it does not matter"),
        pytest.param(["EB*B**98*********Y", "EB*B**98*********N"], None, id="both are listed"),
        pytest.param(["EB*1**30*********Y"], True, id="said of the plan"),
    ],
)
def test_whether_it_is_in_network(*, lines: list[str], in_network: bool | None) -> None:
    assert read_271(a_271(*lines), service_type="98").in_network is in_network


@pytest.mark.parametrize("reason", ["42", "80"])
@pytest.mark.parametrize("place", ["payer", "patient"])
def test_a_payer_that_cannot_answer_now_is_asked_again(reason: str, place: str) -> None:
    reject = f"AAA*Y**{reason}*R"
    text = a_271(before=(reject,)) if place == "payer" else a_271(reject)

    with pytest.raises(Retryable):
        read_271(text)


@pytest.mark.parametrize("reason", ["72", "73", "75", "50"])
def test_any_other_reject_is_for_a_person(reason: str) -> None:
    answer = read_271(a_271(f"AAA*N**{reason}*C"))

    assert answer.but(patient=PatientIdentity()) == EligibilityResponse(
        verdict=UNCLEAR, authorization_required=None, in_network=None, reject_reason=reason
    )


def test_a_reject_beside_an_active_line_is_still_for_a_person() -> None:
    answer = read_271(a_271("AAA*N**71*C", "EB*1**30"))

    assert (answer.verdict, answer.reject_reason) == (UNCLEAR, "71")


def test_a_reject_without_reason_is_named_as_such() -> None:
    assert read_271(a_271("AAA*N")).reject_reason == "not-stated"


def test_asking_again_is_no_use_while_another_reason_stands() -> None:
    assert read_271(a_271("AAA*Y**42*R", "AAA*N**75*C")).reject_reason == "75"


def test_an_answer_to_another_request_is_refused() -> None:
    text = a_271("EB*1**30", trace="r2-e9")

    with pytest.raises(X12Error):
        read_271(text, trace="r1-e2")


def test_whom_an_answer_is_about_is_read() -> None:
    named = read_271(a_271("DMG*D8*19610417*F", "EB*1**30")).patient
    assert (named.family, named.given, named.identifiers) == ("RIVERA", "ANA", ("|W1",))
    assert named.birth_date == date(1961, 4, 17)
    for unreadable in ("DMG*D8*19610230", "DMG*RD8*19610417", "DMG"):
        assert read_271(a_271(unreadable, "EB*1**30")).patient.birth_date is None


def test_a_payers_own_trace_disturbs_nobody() -> None:
    text = a_271("TRN*1*PAYER-77*9999999999", "EB*1**30")

    assert read_271(text, trace="r1-e2").verdict is ACTIVE


def test_of_several_people_the_one_that_was_asked_for_counts() -> None:
    dependent = ("HL*4*3*23*0", "TRN*2*r9-e9*9123456789", "NM1*03*1*RIVERA*LEO", "EB*6**30")
    text = a_271("EB*1**30", *dependent)

    assert read_271(text, trace="r1-e2").verdict is ACTIVE
    assert read_271(text, trace="r9-e9").verdict is INACTIVE
    with pytest.raises(X12Error):
        read_271(text)


@pytest.mark.parametrize("kind", ["270", "999", "TA1"])
def test_another_transaction_is_refused(kind: str) -> None:
    with pytest.raises(X12Error):
        read_271(write_interchange(ENVELOPE, kind, []))


@given(st.text())
def test_any_text_is_an_answer_or_a_clear_error(text: str) -> None:
    _answer_or_error(text)


@given(data=st.data())
def test_a_damaged_271_is_an_answer_or_a_clear_error(data: st.DataObject) -> None:
    text = a_271("EB*1**30", "EB*1**1^98********Y*N", "AAA*N**75*C")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    damage = data.draw(st.text(max_size=8) | st.sampled_from(["~", "*", "^", "HL*", "EB*", "~SE*"]))

    _answer_or_error(text[:start] + damage + text[end:])


REAL_ANSWERS = {
    "dirty-271-Example_3_1_2.edi": (ACTIVE, None),
    "dirty-271-Example_3_1_3.edi": (UNCLEAR, "50"),
    "dirty-271-Example_3_2_2.edi": (ACTIVE, None),
    "lfh-dependent-health-benefit-check.271": (ACTIVE, None),
    "lfh-subscriber-health-benefit-check-error.271": (UNCLEAR, "50"),
    "lfh-subscriber-health-benefit-check.271": (ACTIVE, None),
}


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real X12 files are not on this machine")
@pytest.mark.parametrize("name", REAL_ANSWERS)
def test_real_answers(name: str) -> None:
    text = (REAL_DATA / "x12" / name).read_text(encoding="utf-8")

    answer = read_271(text, service_type="98")

    assert (answer.verdict, answer.reject_reason) == REAL_ANSWERS[name]
    assert answer.authorization_required is None
    # These list co-payments for both networks: which one applies is not said.
    assert answer.in_network is None


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real X12 files are not on this machine")
def test_a_real_answer_echoes_its_request() -> None:
    text = (REAL_DATA / "x12/lfh-subscriber-health-benefit-check.271").read_text()

    assert read_271(text, trace="93175-012547").verdict is ACTIVE
    with pytest.raises(X12Error):
        read_271(text, trace="r1-e2")


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real X12 files are not on this machine")
def test_real_files_that_are_no_271_are_refused() -> None:
    for path in (REAL_DATA / "x12").iterdir():
        if path.name not in REAL_ANSWERS:
            with pytest.raises(X12Error):
                read_271(path.read_text(encoding="utf-8"))


def _answer_or_error(text: str) -> None:
    try:
        answer = read_271(text, service_type="98", trace="r1-e2")
    except (X12Error, Retryable):
        return
    assert isinstance(answer, EligibilityResponse)


DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        pytest.param(
            ["EB*1**30", "DTP*346*D8*20200101", "EB*6**30", "DTP*307*RD8*20070901-20070930"],
            ACTIVE,
            id="inactive in another year says nothing",
        ),
        pytest.param(
            ["EB*1**30", "DTP*307*RD8*20240101-20251231"], INACTIVE, id="the plan has ended"
        ),
        pytest.param(["DTP*347*D8*20251231", "EB*1**30"], INACTIVE, id="it ended for the person"),
        pytest.param(["EB*1**30", "DTP*346*D8*20260401"], INACTIVE, id="it begins in the future"),
        pytest.param(["EB*1**30", "DTP*291*RD8*20260302-20260302"], ACTIVE, id="on its only day"),
        pytest.param(
            ["EB*1**30", "DTP*347*D8*20251231", "EB*1**30", "DTP*346*D8*20260101"],
            ACTIVE,
            id="one plan after another",
        ),
        pytest.param(["EB*6**30", "DTP*346*D8*20250101"], INACTIVE, id="inactive since"),
        pytest.param(["EB*6**30", "DTP*357*D8*20251231"], INACTIVE, id="inactive once it ended"),
        pytest.param(["EB*1**30", "DTP*346*D8*unknown"], ACTIVE, id="a date that is none"),
        pytest.param(["EB*1**30", "DTP*292*RD8*20240101-20251231"], INACTIVE, id="a benefit ended"),
        pytest.param(["EB*1**30", "DTP*346*RD8*20250101-20251231"], INACTIVE, id="a range begins"),
        pytest.param(["EB*1**30", "DTP*357*RD8*20250101-20261231"], ACTIVE, id="a range ends"),
        pytest.param(["EB*1**30", "DTP*291*D8*20250101-20251231"], INACTIVE, id="a range as a day"),
        pytest.param(["EB*1**30", "DTP*291*RD8*20260101"], ACTIVE, id="a day as a range"),
        pytest.param(["EB*1**30", "DTP*291*RD8*20260101-"], ACTIVE, id="a range without its end"),
        pytest.param(["EB*1**30", "DTP*291*RD8*20261231-20260101"], ACTIVE, id="a range reversed"),
        pytest.param(["EB*1**30", "DTP*291*RD8*20251231-20250101"], INACTIVE, id="reversed, over"),
        pytest.param(["EB*1**30", "DTP*347*DT*202512312359"], INACTIVE, id="an end with its hour"),
        pytest.param(["EB*1**30", "DTP*341*D8*20251231"], INACTIVE, id="COBRA ended"),
        pytest.param(["EB*1**30", "DTP*340*D8*20260401"], INACTIVE, id="COBRA begins"),
        pytest.param(["EB*1**30", "DTP*540*D8*20251231"], INACTIVE, id="the policy expired"),
        pytest.param(["EB*1**30", "DTP*472*D8*20260302"], ACTIVE, id="of the day asked about"),
        pytest.param(["EB*1**30", "DTP*472*RD8*20260301-20260331"], ACTIVE, id="of its month"),
        pytest.param(["EB*1**30", "DTP*472*D8*20250302"], UNCLEAR, id="of another day"),
        pytest.param(["DTP*472*D8*20250302", "EB*6**30"], UNCLEAR, id="all of another day"),
        pytest.param(
            ["EB*6**30", "DTP*472*D8*20250302", "EB*1**30", "DTP*472*D8*20260302"],
            ACTIVE,
            id="of two days",
        ),
        pytest.param(["DTP*442*D8*20260101", "EB*1**30"], UNCLEAR, id="the payer knows of a death"),
        pytest.param(["EB*1**30", "DTP*636*D8*20250101"], ACTIVE, id="of the record only"),
        pytest.param(
            ["EB*1**30*MA", "EB*1**30*MB", "EB*R**30*HN", "DTP*290*D8*20260101"],
            ACTIVE,
            id="an HMO",
        ),
        pytest.param(["EB*1**82**FAMILY PLANNING"], UNCLEAR, id="for one service only"),
        pytest.param(["EB*1**30**EMERGENCY MEDICAID"], UNCLEAR, id="for emergencies only"),
        pytest.param(["EB*1**86"], UNCLEAR, id="emergency services only"),
        pytest.param(["EB*1**30**MEDICAID", "EB*Y**30***23*500"], UNCLEAR, id="spend-down"),
        pytest.param(["EB*1**30", "EB*E**98"], UNCLEAR, id="the service is excluded"),
        pytest.param(
            ["EB*1**30", "EB*1**98*********Y", "EB*I**98*********N"], ACTIVE, id="in network only"
        ),
    ],
)
def test_benefits_are_read_with_what_qualifies_them(
    lines: list[str], verdict: EligibilityVerdict
) -> None:
    read = read_271(a_271(*lines), service_type="98", service_date=DAY)
    assert read.verdict is verdict


def test_another_payer_is_told() -> None:
    assert read_271(a_271("EB*1**30", "EB*R**30*HN"), service_date=DAY).other_payer
    assert not read_271(a_271("EB*1**30"), service_date=DAY).other_payer


@given(
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    st.integers(0, 2_000),
    st.dates(date(2000, 1, 1), date(2050, 1, 1)),
)
def test_a_plan_is_active_on_the_days_that_it_states_and_on_no_other(
    first: date, length: int, day: date
) -> None:
    last = first + timedelta(days=length)
    lines = ["EB*1**30", f"DTP*307*RD8*{first:%Y%m%d}-{last:%Y%m%d}"]
    is_active = read_271(a_271(*lines), service_date=day).verdict is ACTIVE
    assert is_active is (first <= day <= last)


@pytest.mark.parametrize("of_subscriber", ["subscribers-own", ""])
def test_of_subscriber_and_dependent_the_one_who_was_asked_about_answers(
    of_subscriber: str,
) -> None:
    text = a_271(
        "EB*1**30",
        *("HL*4*3*23*0", "TRN*2*r1-e2*9123456789", "NM1*03*1*RIVERA*LUZ", "EB*6**30"),
        trace=of_subscriber,
    )
    assert read_271(text, trace="r1-e2").verdict is INACTIVE

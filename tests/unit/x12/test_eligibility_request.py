"""The 270: judged by the simulated payer's strict reader, written apart, and by a real one."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.partners.payer.x12 import read_270, write_271
from referral_core.domain.orders.clinical_content import Subscriber
from referral_core.domain.payers.eligibility import EligibilityVerdict
from referral_core.domain.payers.requests import EligibilityRequest
from referral_core.x12.eligibility_request import write_270
from referral_core.x12.eligibility_response import read_271
from referral_core.x12.interchange import Segment, X12Error, read_transactions, words
from referral_core.x12.trace import originator
from tests.unit.payer_requests import REAL_DATA, SENT_AT, a_payer, an_inquiry

_IDENTIFIERS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=40)


def test_it_asks_what_the_guide_wants_asked() -> None:
    text = write_270(an_inquiry(), a_payer(), SENT_AT)

    (transaction,) = read_transactions(text)
    assert transaction.segments[1:-1] == (
        ("BHT", "0022", "13", "r1-e2", "20260302", "1504"),
        ("HL", "1", "", "20", "1"),
        ("NM1", "PR", "2", "Valley Health Plan", "", "", "", "", "PI", "valley-plan"),
        ("HL", "2", "1", "21", "1"),
        ("NM1", "1P", "2", "Lakeside Health", "", "", "", "", "XX", "1234567893"),
        ("HL", "3", "2", "22", "0"),
        ("TRN", "1", "r1-e2", "9123456789"),
        ("NM1", "IL", "1", "Rivera", "Ana", "", "", "", "MI", "W123456789"),
        ("DMG", "D8", "19610409", "F"),
        ("DTP", "291", "D8", "20260302"),
        ("EQ", "98"),
    )


def test_the_payers_own_x12_id_replaces_ours() -> None:
    text = write_270(an_inquiry(), a_payer(x12_id="00431"), SENT_AT)

    assert "*PI*00431~" in text
    assert "*ZZ*00431          *" in text


@pytest.mark.parametrize(("gender", "code"), [("male", "*M~"), ("other", "~"), (None, "~")])
def test_a_gender_that_x12_lacks_is_left_out(gender: str | None, code: str) -> None:
    assert f"DMG*D8*19610409{code}" in write_270(an_inquiry(gender=gender), a_payer(), SENT_AT)


def test_sending_again_later_takes_a_new_control_number() -> None:
    first = write_270(an_inquiry(), a_payer(), SENT_AT)
    again = write_270(an_inquiry(), a_payer(), SENT_AT.replace(minute=30))

    assert first == write_270(an_inquiry(), a_payer(), SENT_AT)
    assert first[90:99] != again[90:99]


@pytest.mark.parametrize("field", ["trace", "provider_npi", "service_type"])
def test_an_identifier_that_x12_cannot_carry_is_refused(field: str) -> None:
    with pytest.raises(X12Error):
        write_270(an_inquiry(**{field: "1~EB*1"}), a_payer(), SENT_AT)


def test_a_trace_is_never_cut() -> None:
    with pytest.raises(X12Error):
        write_270(an_inquiry(trace="r" * 51), a_payer(), SENT_AT)


_INQUIRIES = st.builds(
    an_inquiry,
    trace=_IDENTIFIERS,
    member_id=_IDENTIFIERS,
    family=st.text(max_size=80),
    given=st.text(max_size=80),
    provider_name=st.text(max_size=80),
    birth_date=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    gender=st.sampled_from(["male", "female", "other", "unknown", None]),
)


@given(_INQUIRIES)
def test_a_strict_payer_reads_whatever_is_asked(inquiry: EligibilityRequest) -> None:
    try:
        written = write_270(inquiry, a_payer(), SENT_AT)
    except X12Error:
        return  # a name of which nothing is left: a person asks
    asked = read_270(written)

    assert (asked.trace, asked.member_id) == (inquiry.trace, inquiry.member_id)
    assert asked.service_type == inquiry.service_type
    assert asked.demographics.startswith(f"DMG*D8*{inquiry.birth_date:%Y%m%d}")
    assert asked.originator == originator(inquiry.provider_npi)


CHILD = Subscriber(family="Parent", given="Pat", birth_date=date(1985, 1, 1), relationship="child")


def test_a_dependent_is_asked_about_below_the_subscriber() -> None:
    text = write_270(an_inquiry(subscriber=CHILD), a_payer(), SENT_AT)

    (transaction,) = read_transactions(text)
    assert transaction.segments[6:-3] == (
        ("HL", "3", "2", "22", "1"),
        ("NM1", "IL", "1", "Parent", "Pat", "", "", "", "MI", "W123456789"),
        ("DMG", "D8", "19850101"),
        ("HL", "4", "3", "23", "0"),
        ("TRN", "1", "r1-e2", "9123456789"),
        ("NM1", "03", "1", "Rivera", "Ana"),
        ("DMG", "D8", "19610409", "F"),
        ("INS", "N", "19"),
    )


@pytest.mark.parametrize(
    ("subscriber", "first", "insured"),
    [
        (Subscriber(relationship="spouse"), "NM1*IL*1******MI*W123456789", "01"),
        (Subscriber(family="Roe", relationship="parent"), "NM1*IL*1*Roe*****MI*W123456789", "34"),
        (Subscriber(), "NM1*IL*1******MI*W123456789", "34"),
    ],
)
def test_a_strict_payer_reads_a_dependent_of_anybody(
    subscriber: Subscriber, first: str, insured: str
) -> None:
    asked = read_270(write_270(an_inquiry(subscriber=subscriber), a_payer(), SENT_AT))

    assert (asked.subscriber, asked.relationship) == (first, insured)
    assert (asked.dependent, asked.member_id) == ("NM1*03*1*Rivera*Ana", "W123456789")


@pytest.mark.parametrize("who", [None, CHILD])
def test_the_answer_about_either_is_read(who: Subscriber | None) -> None:
    asked = read_270(write_270(an_inquiry(subscriber=who), a_payer(), SENT_AT))
    answer = write_271(asked, "active", SENT_AT, authorization="Y")

    read = read_271(answer, service_type="98", trace="r1-e2", service_date=date(2026, 3, 2))
    assert (read.verdict, read.authorization_required) == (EligibilityVerdict.ACTIVE, True)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Łukasik", "Lukasik"),
        ("Bjørn", "Bjorn"),
        ("Groß", "Gross"),
        ("Đorđević", "Dordevic"),
        ("Æðelþryð", "AEdelthryd"),
        ("O\u2019Brien", "O'Brien"),
        ("O\u02bcBrien", "O'Brien"),
        ("Núñez\u2013Peña", "Nunez-Pena"),
        ("Œuvrard", "OEuvrard"),
        ("Ƙasimu Ɗanjuma Ɓello", "Kasimu Danjuma Bello"),
        ("Aƒi Ɖogbe Ƴar'Adua", "Afi Dogbe Yar'Adua"),
        ("Ȼe\u0301ɨan Ǥuttorm", "Ceian Guttorm"),
    ],
)
def test_names_are_written_in_the_letters_of_x12(name: str, written: str) -> None:
    assert f"NM1*IL*1*{written}*Ana*" in write_270(an_inquiry(family=name), a_payer(), SENT_AT)


@pytest.mark.parametrize(
    "fields", [{"family": "\u674e"}, {"given": "\u0411\u043e\u0440\u0438\u0441"}]
)
def test_a_name_of_which_nothing_is_left_is_for_a_person(fields: dict[str, str]) -> None:
    with pytest.raises(X12Error):
        write_270(an_inquiry(**fields), a_payer(), SENT_AT)


@given(st.text("ŁłØøßĐđÆæÞþÅéñüÇŒœ'\u2019- abcdef", min_size=1, max_size=30))
def test_latin_names_lose_no_letter(name: str) -> None:
    letters = sum(sign.isalpha() for sign in name)
    assert sum(sign.isalpha() for sign in words(name, 90)) >= letters


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real X12 files are not on this machine")
def test_it_has_the_shape_of_a_real_270() -> None:
    real = (REAL_DATA / "x12/lfh-subscriber-health-benefit-check.270").read_text()
    ours = write_270(an_inquiry(), a_payer(), SENT_AT)

    assert _shape(ours) == _shape(real)


def _shape(text: str) -> list[Segment]:
    """Keep each segment's id and those of its elements that the guide fixes."""
    (transaction,) = read_transactions(text)
    fixed = {"ST": (1, 3), "BHT": (1, 2), "HL": (1, 2, 3, 4), "TRN": (1,), "DTP": (1, 2)}
    fixed |= {"NM1": (1,), "DMG": (1,), "SE": (1,)}
    return [
        (segment[0], *(segment[number] for number in fixed.get(segment[0], ())))
        for segment in transaction.segments
    ]


def test_a_suffix_tells_the_patient_from_a_parent_of_the_same_name() -> None:
    assert "NM1*IL*1*Rivera*Ana***Jr*MI*W123456789" in write_270(
        an_inquiry(suffix="Jr"), a_payer(), SENT_AT
    )
    owner = Subscriber(family="Rivera", given="Ana", suffix="Sr", relationship="child")
    written = write_270(an_inquiry(suffix="Jr", subscriber=owner), a_payer(), SENT_AT)
    assert "NM1*IL*1*Rivera*Ana***Sr*MI*W123456789" in written
    assert "NM1*03*1*Rivera*Ana***Jr~" in written


@pytest.mark.parametrize("name", ["Məmmədov", "Ɛkua", "N\u01c3xau", "Иvan", "Ka\u0294ok"])
def test_a_name_that_would_lose_letters_is_asked_about_by_a_person(name: str) -> None:
    for fields in ({"family": name}, {"given": name}):
        with pytest.raises(X12Error):
            write_270(an_inquiry(**fields), a_payer(), SENT_AT)


@pytest.mark.parametrize(
    ("family", "sent"),
    [("Wang 王", "Wang"), ("Łukasz-Øster", "Lukasz-Oster"), ("O\u2019Brien Jr.", "O'Brien Jr.")],
)
def test_what_stands_beside_a_latin_name_is_left_out_whole(family: str, sent: str) -> None:
    assert f"NM1*IL*1*{sent}*" in write_270(an_inquiry(family=family), a_payer(), SENT_AT)

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.fhir.r4.datatypes import ContactPoint, Period
from referral_core.fhir.telecom import e164, email, fax, phone, region_of
from tests.unit.builders import NOW


def a_point(value: str, system: str = "phone", **fields: object) -> ContactPoint:
    return ContactPoint.model_validate({"system": system, "value": value, **fields})


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("(508) 555-0131", "+15085550131"),
        ("508.555.0131", "+15085550131"),
        ("508 555 0131", "+15085550131"),
        ("5085550131", "+15085550131"),
        ("1-508-555-0131", "+15085550131"),
        ("+1 508 555 0131", "+15085550131"),
        ("tel:+1-508-555-0131", "+15085550131"),
        ("508-555-0131 x204", "+15085550131"),
        ("508-555-0131 ext. 204", "+15085550131"),
        ("+44 (0113) 123 4567", "+441131234567"),
        ("+44 (0)113 123 4567", "+441131234567"),
        ("+52 55 1234 5678", "+525512345678"),
        ("011-52-55-1234-5678", "+525512345678"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+1 876 555 0131", "+18765550131"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+52155 12345678", "+525512345678"),
        ("sms:+15085550131", "+15085550131"),
        ("508-555-0131 ext.", "+15085550131"),
        ("508-555-0131 x", "+15085550131"),
        ("Cell: 508-555-0131", "+15085550131"),
        ("Home phone 508-555-0131", "+15085550131"),
        ("(508) 555-0131 (home)", "+15085550131"),
        ("5085550131c", "+15085550131"),
        ("508-555-0131, extn 5", "+15085550131"),
        ("508-555-0131 ex. 4", "+15085550131"),
        ("Ph# 508-555-0131", "+15085550131"),
        ("508 555 0131 cell phone", "+15085550131"),
        ("(508)5550131 wk", "+15085550131"),
        ("Mob. 508-555-0131", "+15085550131"),
        ("\uff15\uff10\uff18-\uff15\uff15\uff15-\uff10\uff11\uff13\uff11", "+15085550131"),
        ("508\u2013555\u20130131", "+15085550131"),
        ("508\u00a0555\u00a00131", "+15085550131"),
    ],
)
def test_a_number_that_can_be_dialled_is_e164(written: str, number: str) -> None:
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "none",
        "555-0131",
        "108-555-0131",
        "+1 508",
        "n/a 5085550131",
        "999-999-9999",
        "222-222-2222",
        "911-555-0131",
        "211",
        "0115085550131",
        "508-555-0131 or 555-0199",
        "508-555-0131 or ask her sister",
        "508-555-0131, 508-555-0132, 508-555-0133, 508-555-0134",
        "call 508 555 0131 after 5pm",
        "1-800-FLOWERS",
        "+123",
        "508" + " " * 99 + "5550131",
    ],
)
def test_what_cannot_be_dialled_is_none(written: str) -> None:
    assert e164(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "508-555-0131 or 508-555-0199",
        "508-555-0131 ext 3 or 508-555-0199",
        "508-555-0199 / 508-555-0131 (cell)",
        "home 508-555-0199, cell 508-555-0131",
        "H: 508-555-0199; C: 508-555-0131",
        "5085550199h, 5085550198w and 5085550131c",
        "(508) 555-0131 & (508) 555-0199",
        "508-555-0131,508-555-0199",
    ],
)
def test_of_two_numbers_in_one_field_the_mobile_or_the_first_is_taken(written: str) -> None:
    assert e164(written) == "+15085550131"


@given(st.text())
def test_any_text_is_a_number_or_none(written: str) -> None:
    number = e164(written)
    assert number is None or re.fullmatch(r"\+[1-9]\d{6,14}", number, re.ASCII)


def test_a_mobile_number_comes_before_others_and_rank_before_that() -> None:
    home, mobile = a_point("508-555-0131", use="home"), a_point("508-555-0132", use="mobile")
    assert phone([home, mobile], NOW) == "+15085550132"
    assert phone([home.model_copy(update={"rank": 1}), mobile], NOW) == "+15085550131"


def test_old_and_ended_numbers_and_other_media_do_not_count() -> None:
    ended = a_point("508-555-0133").model_copy(update={"period": Period(end="2020")})
    points = [a_point("508-555-0131", use="old"), ended, a_point("508-555-0134", "fax")]
    assert phone(points, NOW) is None
    assert fax(points, NOW) == "+15085550134"


@pytest.mark.parametrize(
    ("period", "taken"),
    [
        ({"end": "2099-12-31"}, True),
        ({"start": "2020", "end": "2026"}, True),
        ({"end": "2026-03"}, True),
        ({"end": "2026-03-02"}, True),
        ({"end": "2026-03-01"}, False),
        ({"end": "2026-03-02T14:59:59Z"}, False),
        ({"start": "2026-03-02"}, True),
        ({"start": "2026-03-03"}, False),
        ({"start": "2026-04", "end": "2099"}, False),
        ({"start": "2026-03-02T15:00:00Z"}, True),
    ],
)
def test_a_number_counts_while_its_period_holds_the_day(
    period: dict[str, str], *, taken: bool
) -> None:
    point = a_point("508-555-0131", period=period)
    assert (phone([point], NOW) is not None) is taken


def test_a_number_that_cannot_be_dialled_gives_way_to_one_that_can() -> None:
    assert phone([a_point("unknown", use="mobile"), a_point("508-555-0131")], NOW) == "+15085550131"


def test_an_email_address_is_taken_as_it_is() -> None:
    assert email([a_point("m@example.org", "email")], NOW) == "m@example.org"


@pytest.mark.parametrize(
    ("country", "region"),
    [
        (None, "US"),
        ("United States of America", "US"),
        ("usa", "US"),
        ("Mexico", "MX"),
        ("M\u00e9xico", "MX"),
        ("Deutschland", "DE"),
        ("Narnia", "ZZ"),
        ("12", "ZZ"),
    ],
)
def test_a_country_is_known_by_its_code_and_by_its_name(country: str | None, region: str) -> None:
    assert region_of(country) == region


def test_a_number_of_a_country_that_is_not_understood_is_nobodys_at_home() -> None:
    mexican = "55 1234 5678"  # as a number of the United States it would be somebody else's
    assert e164(mexican, region_of("Mexico")) == "+525512345678"
    assert e164(mexican, region_of("Narnia")) is None
    assert e164("+1 508 555 0131", region_of("Narnia")) == "+15085550131"


@given(st.integers(2, 9), st.integers(0, 8), st.integers(2, 9), st.integers(0, 99_999_999))
def test_a_number_of_north_america_is_the_same_however_it_is_parted(
    first: int, second: int, exchange: int, rest: int
) -> None:
    digits = f"{first}{second}{rest // 10_000_000}{exchange}{rest % 1_000_000:06d}"
    written = [digits, f"({digits[:3]}) {digits[3:6]}-{digits[6:]}", f"+1.{digits}", f"1 {digits}"]
    found = {e164(one) for one in written}
    assert len(found) == 1
    assert found <= {f"+1{digits}", None}

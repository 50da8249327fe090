from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError
from referral_core.fhir.parse import MAX_BYTES, MAX_DEPTH, MOST_BESIDE, read_resource
from tests.unit.fhir.orders import FHIR_JSON, sent


def tried(body: bytes) -> dict[str, Any] | FhirError:
    try:
        return read_resource(body, FHIR_JSON)
    except FhirError as error:
        return error


def refused(body: bytes, content_type: str | None = FHIR_JSON) -> tuple[int, str]:
    with pytest.raises(FhirError) as caught:
        read_resource(body, content_type)
    return caught.value.status, caught.value.issues[0].own_code


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json",
        "Application/FHIR+JSON; charset=UTF-8",
        'application/fhir+json; fhirVersion=4.0; charset="utf-8"',
    ],
)
def test_fhir_json_is_taken_under_its_labels(content_type: str) -> None:
    assert read_resource(b'{"resourceType": "Patient"}', content_type) == {
        "resourceType": "Patient"
    }


@pytest.mark.parametrize(
    ("content_type", "own_code"),
    [
        (None, "unsupported-media-type"),
        ("", "unsupported-media-type"),
        ("text/plain", "unsupported-media-type"),
        ("application/fhir+xml", "unsupported-media-type"),
        ("application/fhir+json; charset=iso-8859-1", "unsupported-charset"),
        ("application/fhir+json; fhirVersion=5.0", "unsupported-fhir-version"),
    ],
)
def test_what_is_labelled_otherwise_is_415(content_type: str | None, own_code: str) -> None:
    assert refused(b'{"resourceType": "Patient"}', content_type) == (415, own_code)


def test_a_body_over_the_limit_is_413_before_it_is_parsed() -> None:
    assert refused(b"[" * (MAX_BYTES + 1)) == (413, "body-too-large")


@pytest.mark.parametrize(
    "much",
    [
        '"' + "x" * 20_000 + '",',  # texts that are no documents
        "{},",
        " ",
        r'"\\",',
    ],
)
def test_what_is_beside_documents_has_a_bound_of_its_own(much: str) -> None:
    body = '{"resourceType": "Patient", "photo": [%s"a"]}'
    too_much = body % (much * (MOST_BESIDE // len(much) + 1))
    assert refused(too_much.encode()) == (413, "body-too-large")
    fits = body % (much * ((MOST_BESIDE - 200) // len(much)))
    assert read_resource(fits.encode(), FHIR_JSON)


@pytest.mark.parametrize("letter", ["QUJD" * 1_000_000, r"QU\/D" * 800_000, r"\u00e4" * 500_000])
def test_documents_are_read_however_their_text_is_escaped(letter: str) -> None:
    body = '{"resourceType": "Binary", "data": "%s"}' % letter  # noqa: UP031 - it has braces
    assert read_resource(body.encode(), FHIR_JSON)["data"] == json.loads(f'"{letter}"')


@pytest.mark.parametrize("end", ['"', "", "\\", '\\"'])
def test_a_string_without_end_is_looked_at_once(end: str) -> None:
    # Escaped quotes each of which might begin a string: quadratic, it would take hours.
    status, _ = refused(b'{"a": "' + b'\\"' * 2_500_000 + end.encode())
    assert status in {400, 413}


def test_a_body_at_the_limit_is_read() -> None:
    filler = "x" * (MAX_BYTES - len(sent({"resourceType": "Patient", "note": ""})))
    assert read_resource(sent({"resourceType": "Patient", "note": filler}), FHIR_JSON)


@pytest.mark.parametrize(
    ("body", "own_code"),
    [
        (b"", "malformed-json"),
        (b"{", "malformed-json"),
        (b'{"resourceType": "Patient",}', "malformed-json"),
        (b'{"a": NaN}', "malformed-json"),
        (b'{"a": 1e999}', "malformed-json"),
        (b'{"a": ' + b"1" * 5000 + b"}", "malformed-json"),
        (b"\xff\xfe{}", "invalid-unicode"),
        (b'{"resourceType": "Patient", "a": "\\ud800"}', "invalid-unicode"),
        (b"[" * 100_000, "nested-too-deeply"),
        (b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH, "nested-too-deeply"),
        (b"[]", "not-a-resource"),
        (b'"Patient"', "not-a-resource"),
        (b"null", "not-a-resource"),
        (b"{}", "missing-resource-type"),
        (b'{"resourceType": 1}', "missing-resource-type"),
    ],
)
def test_what_is_not_one_json_resource_is_400(body: bytes, own_code: str) -> None:
    assert refused(body) == (400, own_code)


def test_malformed_json_is_told_by_its_place_and_not_by_its_content() -> None:
    with pytest.raises(FhirError) as caught:
        read_resource(b'{\n  "family": "Whitlock" "x"}', FHIR_JSON)
    told = caught.value.issues[0].diagnostics
    assert "line 2 column 24" in told
    assert "Whitlock" not in told


def test_a_byte_order_mark_and_whole_surrogate_pairs_are_tolerated() -> None:
    body = b'\xef\xbb\xbf{"resourceType": "Patient", "a": "\\ud83d\\ude00"}'
    assert read_resource(body, FHIR_JSON)["a"] == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"resourceType": "Patient", "resourceType": "Coverage"}', "resourceType"),
        (b'{"resourceType": "Patient", "birthDate": "1", "birthDate": "1"}', "birthDate"),
        (b'{"resourceType": "Patient", "name": [{"_given": [], "_given": []}]}', "_given"),
        (b'{"resourceType": "Patient", "Ann Testcase": 1, "Ann Testcase": 2}', "an element"),
    ],
)
def test_an_element_that_is_there_twice_is_refused(body: bytes, named: str) -> None:
    with pytest.raises(FhirError) as refused:
        read_resource(body, FHIR_JSON)
    (issue,) = refused.value.issues
    assert (refused.value.status, issue.own_code) == (400, "duplicate-key")
    assert f"; {named} is there twice" in issue.diagnostics


def test_two_elements_of_a_list_may_have_the_same_names() -> None:
    body = b'{"resourceType": "Patient", "name": [{"text": "a"}, {"text": "b"}]}'
    assert len(read_resource(body, FHIR_JSON)["name"]) == 2


def test_empty_elements_are_left_out_and_everything_else_is_kept() -> None:
    resource = {
        "resourceType": "Patient",
        "a": None,
        "b": "",
        "c": " \n",
        "d": [],
        "e": {},
        "f": [{}, {"g": [""]}],
        "kept": [0, False, {"x": 0.0}],
    }
    assert read_resource(sent(resource), FHIR_JSON) == {
        "resourceType": "Patient",
        "kept": [0, False, {"x": 0.0}],
    }


def test_a_null_that_holds_the_place_of_an_extension_stays() -> None:
    name = {"given": [None, "Ann"], "_given": [{"extension": [{"url": "u"}]}, None]}
    assert read_resource(sent({"resourceType": "Patient", "name": name}), FHIR_JSON)["name"] == name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_give_a_resource_or_a_fhir_error(body: bytes) -> None:
    outcome = tried(body)
    if isinstance(outcome, FhirError):
        assert outcome.status in {400, 413, 415}
    else:
        assert isinstance(outcome["resourceType"], str)


@given(json_values)
def test_leaving_out_empties_twice_is_leaving_them_out_once(value: Any) -> None:
    once = tried(sent({"resourceType": "Patient", "x": value}))
    if not isinstance(once, FhirError):
        assert tried(exact_json.dumps(once).encode()) == once

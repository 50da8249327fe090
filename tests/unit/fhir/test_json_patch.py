"""JSON Patch as RFC 6902 has it: some of its own examples, and what an operation may not be."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.domain import exact_json
from referral_core.fhir.errors import FhirError
from referral_core.fhir.json_patch import (
    MEDIA_TYPE,
    MERGE,
    MOST_COPIES,
    MOST_OPERATIONS,
    changed,
    patched,
)
from tests.unit.fhir.orders import Json

EXAMPLES: list[tuple[str, Json, list[Json], Json]] = [
    (
        "A.1",
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "q"}],
        {"foo": "bar", "baz": "q"},
    ),
    ("A.2", {"foo": [1, 2]}, [{"op": "add", "path": "/foo/1", "value": 3}], {"foo": [1, 3, 2]}),
    ("A.3", {"baz": 1, "foo": 2}, [{"op": "remove", "path": "/baz"}], {"foo": 2}),
    ("A.4", {"foo": [1, 2, 3]}, [{"op": "remove", "path": "/foo/1"}], {"foo": [1, 3]}),
    ("A.5", {"baz": 1}, [{"op": "replace", "path": "/baz", "value": 2}], {"baz": 2}),
    (
        "A.6",
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        "A.7",
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        "A.8",
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [
            {"op": "test", "path": "/baz", "value": "qux"},
            {"op": "test", "path": "/foo/1", "value": 2},
        ],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    ("A.14", {"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    (
        "A.16",
        {"foo": ["bar"]},
        [{"op": "add", "path": "/foo/-", "value": [1]}],
        {"foo": ["bar", [1]]},
    ),
    ("copied", {"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
]


@pytest.mark.parametrize(("name", "before", "patch", "after"), EXAMPLES)
def test_the_examples_of_the_rfc(name: str, before: Json, patch: list[Json], after: Json) -> None:
    kept = deepcopy(before)
    assert patched(before, patch) == after, name
    assert before == kept


@pytest.mark.parametrize(
    ("before", "operation", "status"),
    [
        ({"foo": "bar"}, {"op": "add", "path": "/baz/bat", "value": 1}, 422),
        ({"foo": [1]}, {"op": "add", "path": "/foo/2", "value": 1}, 422),
        ({"foo": [1]}, {"op": "add", "path": "/foo/01", "value": 1}, 422),
        ({"foo": 1}, {"op": "remove", "path": "/bar"}, 422),
        ({"foo": 1}, {"op": "replace", "path": "/bar", "value": 1}, 422),
        ({"foo": [1]}, {"op": "replace", "path": "/foo/-", "value": 1}, 422),
        ({"foo": 1}, {"op": "move", "from": "/bar", "path": "/baz"}, 422),
        ({"foo": {"a": 1}}, {"op": "move", "from": "/foo", "path": "/foo/a"}, 400),
        ({"foo": 1}, {"op": "test", "path": "/foo", "value": 2}, 409),
        ({"foo": 1}, {"op": "test", "path": "/foo"}, 400),
        ({"foo": 1}, {"op": "add", "path": "/bar"}, 400),
        ({"foo": 1}, {"op": "spam", "path": "/foo"}, 400),
        ({"foo": 1}, {"op": ["add"], "path": "/foo"}, 400),
        ({"foo": 1}, {"path": "/foo"}, 400),
        ({"foo": 1}, {"op": "remove", "path": "foo"}, 400),
        ({"foo": 1}, {"op": "remove", "path": 7}, 400),
        ({"foo": 1}, {"op": "remove", "path": ""}, 400),
        ({"foo": 1}, {"op": "replace", "path": "", "value": {}}, 400),
    ],
)
def test_what_cannot_be_done_is_refused(before: Json, operation: Json, status: int) -> None:
    with pytest.raises(FhirError) as refused:
        patched(before, [operation])
    assert refused.value.status == status


def test_all_operations_or_none() -> None:
    before = {"status": "requested"}
    operations = [
        {"op": "replace", "path": "/status", "value": "accepted"},
        {"op": "test", "path": "/status", "value": "requested"},
    ]
    with pytest.raises(FhirError):
        patched(before, operations)
    assert before == {"status": "requested"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"[]", MEDIA_TYPE, 400),
        (b"{}", MEDIA_TYPE, 400),
        (b"[1]", MEDIA_TYPE, 400),
        (b"[", MEDIA_TYPE, 400),
        (b"\xff", MEDIA_TYPE, 400),
        (b"[" * 100_000, MEDIA_TYPE, 400),
        (b" " * 1_000_001, MEDIA_TYPE, 413),
        (json.dumps([{"op": "add"}] * (MOST_OPERATIONS + 1)).encode(), MEDIA_TYPE, 400),
        (b'[{"op":"add"}]', "application/fhir+json", 415),
        (b'[{"op":"add"}]', MERGE, 400),
        (b'{"resourceType":"Parameters","parameter":[]}', "application/json", 400),
        (b"{}", MERGE, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, MERGE, 400),
        (b'[{"op":"add"}]', None, 415),
    ],
)
def test_only_a_bounded_list_of_operations_is_a_patch(
    body: bytes, content_type: str | None, status: int
) -> None:
    with pytest.raises(FhirError) as refused:
        changed({}, body, content_type)
    assert refused.value.status == status


def test_a_charset_beside_the_media_type_is_fine_and_decimals_keep_their_digits() -> None:
    body = b'[{"op": "add", "path": "/dose", "value": 1.50}]'
    made = changed({}, body, "Application/JSON-Patch+json; charset=utf-8")
    assert exact_json.dumps(made) == '{"dose":1.50}'


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
@pytest.mark.parametrize("content_type", [MERGE, "application/json"])
def test_a_merge_patch_is_that_of_its_rfc(
    before: Json, patch: Json, after: Json, content_type: str
) -> None:
    kept = deepcopy(before)
    assert changed(before, json.dumps(patch).encode(), content_type) == after
    assert before == kept


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(max_size=3), json_values, max_size=4),
    st.text(max_size=3),
    json_values,
)
def test_what_is_added_is_there_and_what_is_removed_is_not(
    resource: Json, name: str, value: Any
) -> None:
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    added = patched(resource, [{"op": "add", "path": pointer, "value": value}])
    assert added == {**resource, name: value}
    removed = patched(added, [{"op": "remove", "path": pointer}])
    assert removed == {k: v for k, v in resource.items() if k != name}


def test_a_patch_that_copies_again_and_again_is_refused() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * (MOST_COPIES + 1)
    with pytest.raises(FhirError) as refused:
        patched({"a": [1]}, doubling)
    assert refused.value.status == 400
    assert len(patched({"a": [1]}, doubling[:MOST_COPIES])["a"]) == 1 + MOST_COPIES


def test_a_value_of_more_levels_than_can_be_copied_is_refused() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(FhirError) as refused:
        patched({"a": deep, "b": 1}, [{"op": "copy", "from": "/a", "path": "/b"}])
    assert refused.value.status == 400

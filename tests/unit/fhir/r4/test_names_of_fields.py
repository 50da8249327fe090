"""Fields of FHIR's types have FHIR's names."""

from __future__ import annotations

from pydantic.alias_generators import to_camel

from referral_core.fhir.r4 import messaging, orders, parties
from referral_core.fhir.r4.datatypes import Element, Extension, _camel


def test_our_camel_case_is_pydantics() -> None:
    modules = (messaging, orders, parties)
    types = {t for m in modules for t in vars(m).values() if isinstance(t, type)}
    names = {n for t in types if issubclass(t, Element) for n in t.model_fields}
    names |= set(Extension.model_fields)
    assert len(names) > 150
    assert {name for name in names if _camel(name) != to_camel(name.rstrip("_"))} == set()


def test_an_extension_within_an_extension_is_found() -> None:
    inner = {"url": "v", "valueReference": {"identifier": {"assigner": {"display": "Lakeside"}}}}
    sent = {"url": "u", "extension": [inner]}
    order = orders.ServiceRequest.model_validate(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "#p"},
            "extension": [sent],
        }
    )
    outer = order.extended("u")
    assert outer is not None
    found = outer.extended("v")
    assert found is not None
    assert found.value_reference is not None
    assert found.value_reference.identifier is not None
    assert outer.extended("w") is None

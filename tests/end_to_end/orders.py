"""Builders: complete orders as an EHR sends them, with only what a test is about spelled out."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from tests.unit.fhir.orders import PLACER, a_coverage, a_patient, an_order, without_none

Json = dict[str, Any]
ORDERS: Final = "https://ehr.example.org/orders"
_numbers: Final[Iterator[int]] = itertools.count(1)
_RUN: Final = secrets.token_hex(3)
_FIRST_BORN: Final = date(1931, 1, 1)
_births: Final[dict[str, int]] = {}

_SERVICE: Final = {
    "coding": [{"system": "http://snomed.info/sct", "code": "103696004"}],
    "text": "Consultation: dermatology",
}
DERMATOLOGY: Final = {
    "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}]
}


def placer_of(value: str) -> Json:
    return {**PLACER, "system": ORDERS, "value": value}


def a_new_placer() -> str:
    """Return an order number that no other test has."""
    return f"E2E-{_RUN}-{next(_numbers):04d}"


def _born(placer: str) -> str:
    """Return the birth date of an order's patient: each order has a patient of its own.

    Two practices that want the same for one patient are a person's to look at.
    """
    day = _births.setdefault(placer, len(_births))
    return (_FIRST_BORN + timedelta(days=day)).isoformat()


def a_complete_order(placer: str | None, **fields: Any) -> Json:
    """Make an order that goes through to the end: everything the pathway requires is there."""
    number = next(_numbers)
    base = {
        "contained": [
            a_patient(
                telecom=[{"system": "phone", "value": f"(508) 557-{number:04d}"}],
                birthDate=_born(placer or f"#{number}"),
            ),
            a_coverage(subscriberId=f"M-{number:04d}"),
        ],
        "identifier": [placer_of(placer)] if placer else None,
        "code": _SERVICE,
        "performerType": DERMATOLOGY,
    }
    return an_order(**{**base, **fields})


def an_order_that_waits(placer: str | None = None, **fields: Any) -> Json:
    """Make an order without phone and member id: it is accepted and waits for its author."""
    number = next(_numbers)
    base = {
        "contained": [
            without_none(
                a_patient(telecom=None, id=f"pat{number}", birthDate=_born(placer or f"#{number}"))
            ),
            without_none(a_coverage(subscriberId=None, beneficiary={"reference": f"#pat{number}"})),
        ],
        "subject": {"reference": f"#pat{number}"},
        "identifier": [placer_of(placer)] if placer else None,
        "code": _SERVICE,
        "performerType": DERMATOLOGY,
    }
    return an_order(**{**base, **fields})

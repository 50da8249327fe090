"""Conditions by which a request names an order: one identifier, as the order has it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from referral_core.fhir.errors import FhirError


def condition_identifier(if_none_exist: str) -> str:
    """Return the `system|value` that an If-None-Exist condition asks for.

    Raises:
        FhirError: it is another condition than one identifier.
    """
    return identifier_asked(parse_qsl(if_none_exist.partition("?")[2] or if_none_exist))


def identifier_asked(condition: Sequence[tuple[str, str]]) -> str:
    """Return the `system|value` that the parameters of a condition ask for.

    Raises:
        FhirError: it is another condition than one identifier.
    """
    match condition:
        case [("identifier", token)] if token.count("|") == 1 and token.split("|")[1]:
            return token
    raise FhirError(
        "condition-not-supported",
        "Set the condition (If-None-Exist, or the parameters of a PUT) to identifier=system|value.",
        code="not-supported",
        status=400,
    )

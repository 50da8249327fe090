"""Which identifiers are NPIs: by HL7's URI, by the OID, by the type alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from referral_core.fhir.r4.datatypes import Identifier
from referral_core.fhir.systems import IDENTIFIER_TYPE, NPI

NPI_NAMES: Final = frozenset({NPI, NPI.replace("http:", "https:"), "urn:oid:2.16.840.1.113883.4.6"})
"""Under which URIs NPIs are sent; the OID is that of the NPI in HL7's registry."""
_TYPED: Final = (f"{IDENTIFIER_TYPE}|NPI", "NPI")


def npi_of(identifiers: Iterable[Identifier]) -> str | None:
    """Return the NPI among identifiers: by its system, else by its type where no system is."""
    return next((i.value.strip() for i in identifiers if i.value and is_npi(i)), None)


def is_npi(identifier: Identifier) -> bool:
    """Whether an identifier is an NPI: by its system, else by its type where no system is."""
    if identifier.system is None:
        return identifier.type is not None and identifier.type.has(*_TYPED)
    return identifier.system.strip() in NPI_NAMES

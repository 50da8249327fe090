"""What is common to asking a payer anything, in X12 or in FHIR."""

from __future__ import annotations


def originator(npi: str) -> str:
    """Return TRN03, who traces a request: 9 (assigned by the user), then the NPI less check digit.

    It is ten characters as X12 wants; PAS writes it as the identifier system `urn:trnorg:<TRN03>`.
    """
    return f"9{npi[:9]:0>9}"

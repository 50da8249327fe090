"""Small orders in plain words, for the tests of the terminology."""

from __future__ import annotations

from typing import Final

from referral_core.domain.terminology import Coding, Concept

SNOMED: Final = "http://snomed.info/sct"
NUCC: Final = "http://nucc.org/provider-taxonomy"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC: Final = "http://loinc.org"
CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
SDOHCC: Final = (
    "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
)
UNKNOWN: Final = "https://ehr.example.org/orderables"

CARDIOLOGY: Final = "207RC0000X"
DERMATOLOGY: Final = "207N00000X"
NEUROLOGY: Final = "2084N0400X"
RADIOLOGY: Final = "261QR0200X"
HOSPICE: Final = "251G00000X"
HOME_HEALTH: Final = "251E00000X"
SUBSTANCE_USE: Final = "261QR0405X"

DERMATOLOGIST: Final = (SNOMED, "308472003")
CARDIOLOGIST: Final = (SNOMED, "308471005")
NEUROLOGIST: Final = (SNOMED, "308474002")
LABORATORY: Final = (SNOMED, "108252007")
IMAGING: Final = (SNOMED, "363679005")


def coded(*codings: tuple[str | None, str] | tuple[str | None, str, str]) -> tuple[Concept, ...]:
    """Return one concept with these codings: system, code and, if given, display."""
    return (
        Concept(
            codings=tuple(
                Coding(system=c[0], code=c[1], display=c[2] if len(c) > 2 else None)
                for c in codings
            )
        ),
    )


def said(text: str) -> tuple[Concept, ...]:
    """Return one concept that has words only."""
    return (Concept(text=text),)

"""What an order wants an image to be taken with, read from its codes as the tables name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from referral_core.domain.modality import ImagingModality
from referral_core.domain.terminology.order import OrderedService
from referral_core.domain.terminology.systems import LOINC
from referral_core.domain.terminology.tables import Meaning, Terminology

_DIAGNOSTIC_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
_SERVICE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/service-type"
_CT, _MR, _US = ImagingModality.CT, ImagingModality.MR, ImagingModality.ULTRASOUND
_PET: Final = ImagingModality.PET

_BY_FIRST_WORD: Final[Mapping[str, frozenset[ImagingModality]]] = {
    **{one.value: frozenset({one}) for one in ImagingModality},
    "MRA": frozenset({_MR}),
    "SPECT": frozenset({ImagingModality.NUCLEAR}),
    "PET+CT": frozenset({_PET}),
}
"""A name of LOINC's radiology codes begins with the modality (LOINC/RSNA Radiology Playbook).

PET+CT is one image of one unit: who lists PET has the CT of it, and who lists CT alone has no PET.
"""
_BY_CODE: Final[Mapping[tuple[str, str], ImagingModality]] = {
    (_DIAGNOSTIC_SERVICE, "CT"): _CT,
    (_DIAGNOSTIC_SERVICE, "NMR"): _MR,
    (_DIAGNOSTIC_SERVICE, "NMS"): ImagingModality.NUCLEAR,
    (_DIAGNOSTIC_SERVICE, "OUS"): _US,
    (_DIAGNOSTIC_SERVICE, "RUS"): _US,
    (_DIAGNOSTIC_SERVICE, "VUS"): _US,
    (_DIAGNOSTIC_SERVICE, "RX"): ImagingModality.X_RAY,
    (_SERVICE_TYPE, "210"): _US,
    (_SERVICE_TYPE, "211"): _MR,
    (_SERVICE_TYPE, "213"): _US,
}
"""Codes whose own words in the tables name one modality and no other."""


def imaging_wanted(ordered: OrderedService, tables: Terminology) -> frozenset[ImagingModality]:
    """Return what the images that an order asks for are taken with; empty where no code says so.

    Args:
        ordered: what the order says.
        tables: in which its codes are looked up: a code that they do not hold says nothing.
    """
    concepts = chain(ordered.code, ordered.order_detail, ordered.category)
    codings = (coding for concept in concepts for coding in concept.codings)
    found = (tables.find(coding.system, coding.code) for coding in codings)
    return frozenset(one for meaning in found if meaning for one in _taken_with(meaning))


def _taken_with(meaning: Meaning) -> Iterator[ImagingModality]:
    known = _BY_CODE.get((meaning.system, meaning.code))
    if known is not None:
        yield known
    if meaning.system == LOINC and meaning.display:
        yield from _BY_FIRST_WORD.get(meaning.display.split()[0], ())

"""Real codes of all systems: nobody is offered an order whose specialty it does not name.

The codes are those of published lists and of published examples under ../shared/data.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import (
    Coding,
    Concept,
    OrderedService,
    Understanding,
    terminology,
    understand,
)
from referral_core.domain.terminology.systems import canonical_system
from referral_core.domain.work_items import Reason
from tests.unit.lifecycle.orders_wanted import NUCC, SNOMED, a_desk, coding, post, stored

DATA: Final = Path(__file__).resolve().parents[4] / "shared/data"
FIELDS: Final = ("performer_type", "code", "category")
GUIDES: Final = ("us-core-7.0.0", "davinci-pas-2.0.1", "davinci-crd-2.0.1", "sdohcc-gravity")
MOST: Final = 60
"""Files of a guide, and codes of a system: enough to meet every kind."""
INTERNAL: Final = "207R00000X"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data is not there: real codes are not part of the project"
)


def listed(name: str) -> list[str]:
    with (DATA / f"reference/{name}.csv").open(encoding="utf-8") as table:
        return list(dict.fromkeys(row["code"] for row in csv.DictReader(table)))


def codings_within(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for inner in value:
            yield from codings_within(inner)
    elif isinstance(value, dict):
        if isinstance(value.get("system"), str) and isinstance(value.get("code"), str):
            yield value["system"], value["code"]
        for inner in value.values():
            yield from codings_within(inner)


def real_codes() -> dict[str, set[str]]:
    """Return every coding of the published examples, by system."""
    found: dict[str, set[str]] = defaultdict(set)
    guides = (sorted((DATA / "fhir" / guide).rglob("*.json")) for guide in GUIDES)
    for path in (path for files in guides for path in files[:MOST]):
        try:
            resource = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, UnicodeDecodeError):
            continue
        for system, code in codings_within(resource):
            found[system].add(code)
    found[SNOMED] |= set(listed("snomed_practice_codes"))
    found[NUCC] |= set(listed("nucc_specialties"))
    return found


def names(system: str, code: str) -> str | None:
    """Return the specialty that a table gives a code."""
    meaning = terminology().find(system, code)
    return meaning.specialty if meaning else None


def test_a_code_of_any_system_in_any_field_leads_to_its_own_specialty_or_to_a_person() -> None:
    codes = real_codes()
    assert len({canonical_system(s) for s in codes}) >= 20
    specialties = set()
    for system, several in codes.items():
        for code in sorted(several)[:: 1 + len(several) // (2 * MOST)]:
            concept = (Concept(codings=(Coding(system=system, code=code),)),)
            for field in FIELDS:
                reading = understand(OrderedService.model_validate({field: concept}))
                wanted = WantedService.of(reading)
                specialties.add(wanted.specialty)
                own = names(system, code)
                assert wanted.specialty in {None, own}, (system, code, field)
                if isinstance(reading, Understanding):
                    assert wanted.accepts == terminology().accepts(own or "")
    assert len(specialties) >= 40


@pytest.mark.parametrize("system", [NUCC, SNOMED])
def test_an_order_is_offered_to_who_it_names_among_everybody(system: str) -> None:
    # Given a directory with somebody of every specialty, internal medicine first
    table = {NUCC: "nucc_specialties", SNOMED: "snomed_practice_codes"}[system]
    known = terminology()
    everybody = sorted({m.specialty for m in known.meanings if m.specialty})
    api = a_desk(INTERNAL, *(s for s in everybody if s != INTERNAL))
    offered = set()
    codes = listed(table)
    mapped = [code for code in codes if names(system, code)]
    others = [code for code in codes if not names(system, code)]
    some = (*mapped[:: max(1, len(mapped) // 50)], *others[:10])
    for number, code in enumerate(some):
        reply = post(api, f"A-{number}", performerType=coding(system, code))
        if reply.status == 422:
            assert reply.code == "not-a-referral"
            continue
        referral = stored(api, reply)
        own = names(system, code)
        for offer in referral.offers:
            assert own is not None
            assert offer.specialty in known.accepts(own), code
            offered.add(own)
        if own is None:
            assert referral.work_item is not None
            assert referral.work_item.reason is Reason.SERVICE_UNCLEAR
    assert len(offered) >= 40


def test_orders_of_every_code_system_are_offered_to_nobody_whom_they_do_not_name() -> None:
    # Given the same directory, and an order of one code of each system, two of the larger ones
    known = terminology()
    everybody = sorted({m.specialty for m in known.meanings if m.specialty})
    api = a_desk(INTERNAL, *(s for s in everybody if s != INTERNAL))
    systems, unclear = set(), 0
    for system, several in sorted(real_codes().items()):
        for number, code in enumerate(sorted(several)[:2]):
            own = names(system, code)
            reply = post(api, f"{system}#{number}", code=coding(system, code))
            if reply.status == 422:
                assert reply.code == "not-a-referral"
                continue
            systems.add(canonical_system(system))
            referral = stored(api, reply)
            accepts = known.accepts(own) if own else ()
            assert all(offer.specialty in accepts for offer in referral.offers), (system, code)
            if own is None:
                assert referral.work_item is not None
                assert referral.work_item.reason is Reason.SERVICE_UNCLEAR
                unclear += 1
    assert len(systems) >= 20
    assert unclear >= 20

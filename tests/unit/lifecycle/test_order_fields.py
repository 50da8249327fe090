"""Each field of an order, changed by its author's PUT: which part it is, and so what follows where.

With `test_order_changes.py`, which plays each part in each step, it says of every field in every
step what a change leads to.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import pytest

from referral_core.domain.errors import NotLegal
from referral_core.domain.events import EventKind
from referral_core.domain.lifecycle import Status, Step
from referral_core.domain.orders.order_change import changed_parts
from referral_core.domain.updates import ChangedPart, DecisionMade, InformationSupplied, Role
from referral_core.domain.work_items import KEEP_WAITING, TO_BE_READ, Reason
from referral_core.entrypoints.http.orders.stored import payload_of
from referral_core.fhir.errors import FhirError
from referral_core.fhir.r4.orders import ServiceRequest
from referral_core.lifecycle.draft import Draft
from referral_core.lifecycle.engine.apply_update import Receipt, apply_update
from referral_core.lifecycle.reactions.order_change import CONSEQUENCES, Consequence
from tests.in_memory import REFERRAL, TENANT, World
from tests.unit.fhir.orders import Json, a_coverage, a_patient, an_order, read_one
from tests.unit.lifecycle.test_order_changes import WAITS
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

_P = ChangedPart
_SNOMED = "http://snomed.info/sct"
NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1999900032"}


def coded(code: str, system: str = _SNOMED) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def inside(resource: Json) -> Json:
    """Return the contained resources of an order with one more."""
    return {"contained": [a_patient(), a_coverage(), resource]}


def encounter(code: str) -> Json:
    where = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}
    return {
        "encounter": {"reference": "#enc"},
        **inside({"resourceType": "Encounter", "id": "enc", "class": where}),
    }


def consent(status: str) -> Json:
    given = {
        "resourceType": "Consent",
        "id": "c",
        "status": status,
        "patient": {"reference": "#pat"},
    }
    return {"supportingInfo": [{"reference": "#c"}], **inside(given)}


def condition(code: str) -> Json:
    told = {
        "resourceType": "Condition",
        "id": "d",
        "code": coded(code, "http://hl7.org/fhir/sid/icd-10-cm"),
        "subject": {"reference": "#pat"},
    }
    return {"reasonReference": [{"reference": "#d"}], **inside(told)}


def patient(**fields: Any) -> Json:
    return {"contained": [a_patient(**fields), a_coverage()]}


def coverage(**fields: Any) -> Json:
    return {"contained": [a_patient(), a_coverage(**fields)]}


Change = tuple[Json, Json, frozenset[ChangedPart]]


def _to(part: ChangedPart, before: Json, after: Json) -> Change:
    return before, after, frozenset({part})


def _also_read(part: ChangedPart, before: Json, after: Json) -> Change:
    """Return a change of what the service is read with, too."""
    return before, after, frozenset({part, _P.SERVICE})


FIELDS: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "identifier": _to(_P.CONTENT, {}, {"identifier": [{"system": "urn:n", "value": "2"}]}),
        "instantiates_canonical": _to(_P.CONTENT, {}, {"instantiatesCanonical": ["urn:a"]}),
        "instantiates_uri": _to(_P.CONTENT, {}, {"instantiatesUri": ["urn:a"]}),
        "based_on": _to(_P.CONTENT, {}, {"basedOn": [{"display": "plan"}]}),
        "replaces": _to(_P.CONTENT, {}, {"replaces": [{"display": "older"}]}),
        "requisition": _to(_P.CONTENT, {}, {"requisition": {"system": "urn:r", "value": "1"}}),
        "status": _to(_P.STATUS, {}, {"status": "on-hold"}),
        "intent": _to(_P.STATUS, {}, {"intent": "proposal"}),
        "category": _to(_P.SERVICE, {}, {"category": [coded("3457005")]}),
        "priority": _also_read(_P.URGENCY, {}, {"priority": "urgent"}),
        "code": _to(_P.SERVICE, {"code": coded("183519002")}, {"code": coded("183518005")}),
        "order_detail": _to(_P.SERVICE, {}, {"orderDetail": [coded("394579002")]}),
        "subject": _to(_P.PATIENT, {}, patient(name=[{"family": "Other", "given": ["Ann"]}])),
        "encounter": _to(_P.SERVICE, encounter("AMB"), encounter("EMER")),
        "occurrence_date_time": _also_read(_P.URGENCY, {}, {"occurrenceDateTime": "2026-04-01"}),
        "occurrence_period": _also_read(
            _P.URGENCY, {}, {"occurrencePeriod": {"end": "2026-04-01"}}
        ),
        "occurrence_timing": _also_read(
            _P.URGENCY, {}, {"occurrenceTiming": {"event": ["2026-04-01"]}}
        ),
        "as_needed_boolean": _to(_P.CONTENT, {}, {"asNeededBoolean": True}),
        "as_needed_codeable_concept": _to(
            _P.CONTENT, {}, {"asNeededCodeableConcept": {"text": "pain"}}
        ),
        "authored_on": _to(_P.CONTENT, {}, {"authoredOn": "2026-02-27"}),
        "requester": _to(_P.CONTENT, {}, {"requester": {"display": "Dr. Another"}}),
        "performer_type": _to(_P.SERVICE, {}, {"performerType": coded("394582007")}),
        "performer": _to(_P.PERFORMER, {}, {"performer": [{"identifier": NPI}]}),
        "location_code": _to(_P.SERVICE, {}, {"locationCode": [{"text": "home"}]}),
        "location_reference": _to(_P.CONTENT, {}, {"locationReference": [{"display": "home"}]}),
        "reason_code": _to(_P.SERVICE, {}, {"reasonCode": [{"text": "rash"}]}),
        "reason_reference": _to(_P.SERVICE, condition("R07.9"), condition("I20.0")),
        "insurance": _to(_P.COVERAGE, {}, coverage(subscriberId="M-2")),
        "supporting_info": _to(
            _P.CONTENT, {}, {"supportingInfo": [{"display": "ECG of last week"}]}
        ),
        "specimen": _to(_P.CONTENT, {}, {"specimen": [{"display": "skin"}]}),
        "body_site": _to(_P.CONTENT, {}, {"bodySite": [{"text": "left arm"}]}),
        "note": _to(_P.CONTENT, {}, {"note": [{"text": "please hurry"}]}),
        "patient_instruction": _to(_P.CONTENT, {}, {"patientInstruction": "no food"}),
        "relevant_history": _to(_P.CONTENT, {}, {"relevantHistory": [{"display": "before"}]}),
    }
)
"""A field of the order → how it changes, and which part of the order that is."""
CARRIED: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "birth date": _to(_P.PATIENT, {}, patient(birthDate="1961-04-18")),
        "gender": _to(_P.PATIENT, {}, patient(gender="male")),
        "interpreter": _to(
            _P.PATIENT,
            {},
            patient(
                extension=[
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
                        "valueBoolean": True,
                    }
                ]
            ),
        ),
        "phone": _to(_P.REACH, {}, patient(telecom=[{"system": "phone", "value": "508-555-0199"}])),
        "language": _to(
            _P.REACH, {}, patient(communication=[{"language": {"coding": [{"code": "es"}]}}])
        ),
        "address": _to(_P.REACH, {}, patient(address=[{"line": ["1 Elm"], "postalCode": "01605"}])),
        "a contact": _to(
            _P.REACH,
            {},
            patient(contact=[{"telecom": [{"system": "phone", "value": "508-555-0177"}]}]),
        ),
        "payor": _to(_P.COVERAGE, {}, coverage(payor=[{"display": "Pioneer"}])),
        "end of coverage": _to(_P.COVERAGE, {}, coverage(period={"end": "2026-12-31"})),
        "consent given": _to(_P.SERVICE, {}, consent("active")),
        "consent withdrawn": _to(_P.SERVICE, consent("active"), consent("inactive")),
        "remarked urgency": _to(_P.URGENCY, {}, {"note": [{"text": "STAT, please"}]}),
        "nothing": _to(_P.CONTENT, {}, {}),
    }
)
"""What the order carries, or is read from it, and which part of the order that is."""


def parts(before: Json, after: Json) -> frozenset[ChangedPart]:
    first, second = (payload_of(read_one(an_order(**o)), "0" * 64) for o in (before, after))
    return frozenset(changed_parts(first, second))


def test_every_field_of_an_order_is_in_the_table() -> None:
    inherited = {"id", "meta", "extension", "contained", "text", "implicit_rules", "language"}
    own = set(ServiceRequest.model_fields) - inherited - {"modifier_extension", "resource_type"}
    # What is not to be done is refused, whatever it was before.
    assert set(FIELDS) == own - {"do_not_perform"}


@pytest.mark.parametrize("name", [*FIELDS, *CARRIED])
def test_a_field_that_changes_is_its_part_of_the_order(name: str) -> None:
    before, after, wanted = {**FIELDS, **CARRIED}[name]
    assert parts(before, after) == wanted


def test_an_order_not_to_do_something_is_refused() -> None:
    with pytest.raises(FhirError):
        read_one(an_order(doNotPerform=True))


@pytest.mark.parametrize("step", CONSEQUENCES)
@pytest.mark.parametrize("name", [*FIELDS, *CARRIED])
def test_what_decides_who_and_what_and_whether_is_never_only_passed_on_before_the_visit(
    name: str, step: str
) -> None:
    changed = {**FIELDS, **CARRIED}[name][2]
    decides = changed - {_P.REACH, _P.CONTENT}
    follows = max(CONSEQUENCES[step][part] for part in changed)  # type: ignore[index]
    if decides and step != "VerifyClosure":
        assert follows in {Consequence.CHECKED_AGAIN, Consequence.DECIDED}
    if step == "VerifyClosure":
        assert follows is (Consequence.DECIDED if _P.STATUS in changed else Consequence.TO_CLINIC)


def test_ids_and_references_that_are_given_anew_change_nothing() -> None:
    renamed = {
        "contained": [a_patient(id="p2"), a_coverage(id="c2", beneficiary={"reference": "#p2"})],
        "subject": {"reference": "#p2"},
        "insurance": [{"reference": "#c2"}],
    }
    assert parts({}, renamed) == {_P.CONTENT}


@cache
def standing(step: Step) -> World:
    """A referral where a step waits; reactions are pure, so every field may ask this one."""
    return WAITS[step]()


def drafted(step: Step, changed: frozenset[ChangedPart]) -> Draft:
    """Return what another version that differs in some parts leads to where a step waits."""
    world = standing(step)
    update = world.update(InformationSupplied, role=Role.EHR, changed=tuple(sorted(changed)))
    return world.engine.react(step, world.engine.case(world.referral), update)


@pytest.mark.parametrize("step", WAITS)
def test_each_field_is_acted_on_at_each_step_that_waits(step: Step) -> None:
    for name, (_, _, changed) in {**FIELDS, **CARRIED}.items():
        draft = drafted(step, changed)
        item = draft.after.work_item
        then = {
            Consequence.USED_NEXT: draft.next is None and item is None,
            Consequence.TO_CLINIC: draft.next is Step.OFFER_REFERRAL and item is None,
            Consequence.CHECKED_AGAIN: draft.next is Step.CHECK_READINESS and item is None,
            Consequence.DECIDED: item is not None and item.reason is Reason.ORDER_CHANGED,
        }
        assert then[max(CONSEQUENCES[step][part] for part in changed)], name
        assert draft.change.event.kind is not EventKind.UPDATE_RECORDED, name


@pytest.mark.parametrize("reason", STANDS_AT)
def test_each_field_is_acted_on_while_a_person_looks(reason: Reason) -> None:
    world = STANDS_AT[reason]()
    case = world.engine.case(world.referral)
    wait = world.referrals.load(TENANT, REFERRAL).mailbox.open_wait
    assert wait is not None
    for name, (_, _, changed) in {**FIELDS, **CARRIED}.items():
        update = world.update(InformationSupplied, role=Role.EHR, changed=tuple(sorted(changed)))
        if world.referral.is_ending:
            with pytest.raises(NotLegal, match="being ended"):
                world.engine.react(wait.step, case, update)
            continue
        draft = world.engine.react(wait.step, case, update)
        item = draft.after.work_item
        asked = item is not None and item.reason is Reason.ORDER_CHANGED
        # The clinic has it, the order is checked again, a person decides, or the next asks with it.
        known = draft.change.event.kind is EventKind.INFORMATION_SUPPLIED
        assert draft.next is not None or asked or known, name
        held = changed & {_P.STATUS, _P.COVERAGE, _P.SERVICE, _P.PATIENT, _P.URGENCY}
        to_be_read = wait.step is Step.VERIFY_CLOSURE or reason in TO_BE_READ
        if held and not to_be_read and not after_visit(world):
            assert asked or draft.next is Step.CHECK_READINESS, name


def after_visit(world: World) -> bool:
    return world.referral.status in {Status.SEEN_AWAITING_REPORT, Status.REPORT_RECEIVED}


@pytest.mark.parametrize("part", list(ChangedPart))
def test_what_changes_while_eligibility_is_checked_is_used_by_the_wait_that_follows(
    part: ChangedPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, asked = World(), []
    check = world.payer.check

    def checked(*args: Any) -> Any:
        if not asked:
            update = world.update(InformationSupplied, role=Role.EHR, changed=(part,))
            asked.append(apply_update(world.engine, TENANT, REFERRAL, update))
        return check(*args)

    monkeypatch.setattr(world.payer, "check", checked)
    world.accept("happy-path")
    world.settle()
    assert asked == [Receipt.PENDING]
    assert not world.referrals.load(TENANT, REFERRAL).mailbox.pending
    events = [event.kind for event in world.referrals.events(TENANT, REFERRAL)]
    assert {EventKind.INFORMATION_SUPPLIED, EventKind.OFFER_TAKEN_BACK} & set(events)


def test_every_step_is_one_that_waits_or_one_of_those_that_do_not() -> None:
    assert set(Step) - set(WAITS) == {
        *(Step.CHECK_ELIGIBILITY, Step.OPEN_WORK_ITEM),  # above
        Step.CLOSE_REFERRAL,  # it closes at once; what crosses it: test_crossing_the_end.py
    }


def test_a_person_who_keeps_to_the_plan_after_a_missed_visit_has_the_patient_contacted() -> None:
    world = STANDS_AT[Reason.REBOOKINGS_EXHAUSTED]()
    world.report(InformationSupplied, role=Role.EHR, changed=(_P.SERVICE,))
    item = world.referral.work_item
    assert item is not None
    assert item.reason is Reason.ORDER_CHANGED
    world.report(DecisionMade, role=Role.STAFF, action=KEEP_WAITING)
    assert world.referral.current_step is Step.CONTACT_PATIENT
    assert not world.referral.is_closed

"""From the order and what belongs to it, to all that says which service is wanted, and how soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from referral_core.domain.terminology import Coding, Concept, OrderedService, Priority
from referral_core.fhir.dates import end_of, first_day
from referral_core.fhir.intake.also_sent import also_sent, remarks
from referral_core.fhir.intake.npis import npis_of
from referral_core.fhir.intake.references import Graph, Node
from referral_core.fhir.r4.datatypes import CodeableConcept, Identifier, Period, Timing
from referral_core.fhir.r4.kinds import (
    CARE_TEAM,
    DEFINITION,
    HEALTHCARE_SERVICE,
    REQUEST_GROUP,
    TASK,
)
from referral_core.fhir.r4.orders import Coded, ServiceRequest
from referral_core.fhir.r4.parties import Organization, Practitioner, PractitionerRole

if TYPE_CHECKING:
    from referral_core.fhir.r4.requesting import RequestGroup, Task

_SOONER: Final = timedelta(weeks=4)
"""How long before the day that an order names a visit is as good as on it."""
_NEVER: Final = date(2999, 12, 31)
"""Later than anybody looks ahead, and early enough to reckon with."""
_UNIQUE: Final = ("urn:uuid:", "urn:oid:")
_URI: Final = "urn:ietf:rfc:3986"


def ordered_service(
    graph: Graph,
    request: Node,
    order: ServiceRequest,
    along: Sequence[Node] = (),
    diagnoses: Sequence[CodeableConcept] = (),
    *,
    zone: tzinfo = UTC,
) -> OrderedService:
    """Return everything of an order that says which service is wanted.

    Args:
        graph: the body.
        request: the order.
        order: its model.
        along: what goes along with it.
        diagnoses: of the claim that carries it.
        zone: the practice's: its days end there.
    """
    tasks = [task for _, task in _tasks(graph, request)]
    groups = [group for _, group in _groups(graph, request)]
    placed = [*(task.priority for task in tasks), *(group.priority for group in groups)]
    reasons = [*order.reason_code, *_referenced(graph, request, order), *diagnoses]
    periods = [order.occurrence_period, *(t.restriction.period for t in tasks if t.restriction)]
    bounds = order.occurrence_timing.repeat if order.occurrence_timing else None
    begun = [*periods, bounds.bounds_period if bounds else None]
    ends = [
        order.occurrence_date_time,
        *(period.end for period in periods if period),
        *_ends_of(order.occurrence_timing),
    ]
    return OrderedService(
        performer_type=_concepts([order.performer_type]),
        code=_concepts([order.code]),
        order_detail=(*_concepts(order.order_detail), *_defined(graph, request, order)),
        location=_concepts(order.location_code),
        category=_concepts(order.category),
        performer=tuple(_performer_concepts(graph, request, order)),
        reason=_concepts(reasons),
        also_sent=also_sent(graph, request, order, along),
        notes=remarks(graph, request, order),
        priority=Priority(order.priority) if order.priority else None,
        task_priorities=tuple(Priority(said) for said in placed if said),
        occurrence_start=_start(begun, order.occurrence_date_time),
        occurrence_end=_earliest(ends, zone),
    )


def requisition_of(graph: Graph, request: Node, order: ServiceRequest) -> str | None:
    """Return the number that the order shares with others placed together with it."""
    numbers = [order.requisition, *(task.group_identifier for _, task in _tasks(graph, request))]
    for node, group in _groups(graph, request):
        numbers += [group.group_identifier, *group.identifier]
        if node.url and node.url.startswith(_UNIQUE):
            numbers.append(Identifier(system=_URI, value=node.url))
    return next((number.token for number in numbers if number and number.token), None)


def named_npis(graph: Graph, request: Node, order: ServiceRequest) -> tuple[str, ...]:
    """Return the NPIs of who the order names, in its order."""
    found = (npi for reference in order.performer for npi in npis_of(graph, reference, request))
    return tuple(dict.fromkeys(found))


def _performer_concepts(graph: Graph, request: Node, order: ServiceRequest) -> Iterator[Concept]:
    for reference in order.performer:
        node = graph.resolve(reference, request)
        model = node.model if node else None
        if isinstance(model, PractitionerRole):
            yield from _concepts(model.specialty)
        elif isinstance(model, Practitioner):
            yield from _concepts(each.code for each in model.qualification)
        elif (service := HEALTHCARE_SERVICE.of(model)) is not None:
            yield from _concepts([*service.specialty, *service.type, *service.category])
            yield from _words(service.name)
        elif isinstance(model, Organization):
            yield from _concepts(model.type)
            yield from _words(model.name)
        elif (team := CARE_TEAM.of(model)) is not None:
            yield from _concepts(role for member in team.participant for role in member.role)
            yield from _words(team.name)
        yield from _words(reference.display)


def _defined(graph: Graph, request: Node, order: ServiceRequest) -> Iterator[Concept]:
    """Iterate over what the definitions of an order say that were sent along with it."""
    for named in filter(None, (*order.instantiates_canonical, *order.instantiates_uri)):
        plain = named.partition("|")[0]
        led_to = graph.follow(plain, request)
        for node, model in graph.of_type(DEFINITION):
            if node is led_to or model.url == plain:
                yield from _concepts([model.code])
                yield from _words(model.title or model.name)


def _words(text: str | None) -> tuple[Concept, ...]:
    return (Concept(text=text),) if text else ()


def _tasks(graph: Graph, request: Node) -> Iterator[tuple[Node, Task]]:
    """Iterate over the Tasks that carry the order."""
    for node, task in graph.of_type(TASK):
        pointers = (task.focus, *task.based_on)
        if any(graph.resolve(pointer, node) is request for pointer in pointers):
            yield node, task


def _groups(graph: Graph, request: Node) -> Iterator[tuple[Node, RequestGroup]]:
    """Iterate over the groups that the order was placed in."""
    for node, group in graph.of_type(REQUEST_GROUP):
        if any(graph.resolve(pointer, node) is request for pointer in group.orders()):
            yield node, group


def _ends_of(timing: Timing | None) -> Iterator[str | None]:
    """Iterate over when a Timing ends, and when it wants the service for the first time."""
    if timing is None:
        return
    yield from timing.event
    if timing.repeat is not None and timing.repeat.bounds_period is not None:
        yield timing.repeat.bounds_period.end


def _referenced(
    graph: Graph, request: Node, order: ServiceRequest
) -> Iterator[CodeableConcept | None]:
    for reference in order.reason_reference:
        problem = graph.find(reference, request, Coded)
        if problem is not None and problem.code is not None:
            yield problem.code
        elif reference.display:
            yield CodeableConcept(text=reference.display)


def _concepts(concepts: Iterable[CodeableConcept | None]) -> tuple[Concept, ...]:
    return tuple(
        Concept(
            codings=tuple(
                Coding(system=c.system, code=c.code, display=c.display)
                for c in concept.coding
                if c.code or c.display
            ),
            text=concept.text,
        )
        for concept in concepts
        if concept is not None
    )


def _start(periods: Iterable[Period | None], on: str | None) -> date | None:
    """Return the day before which a service is not wanted: the last day that begins a period.

    A service wanted on one day is not wanted long before it either.
    """
    days = [first_day(period.start) for period in periods if period and period.start]
    wanted = first_day(on) if on else None
    if wanted is not None and wanted - date.min > _SOONER:
        days.append(wanted - _SOONER)
    return min(max(days), _NEVER) if days else None


def _earliest(ends: Iterable[str | None], zone: tzinfo) -> datetime | None:
    return min((end_of(text, zone) for text in ends if text), default=None)

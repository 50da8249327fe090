"""Which pathway an order takes: the one that most of what it says fits."""

from collections.abc import Callable, Iterable, Sequence

from referral_core.domain.model import Model
from referral_core.domain.orders.clinical_content import ClinicalContent
from referral_core.domain.pathway import Pathway, Selector
from referral_core.domain.referral import WantedService
from referral_core.domain.terminology import Concept
from referral_core.domain.terminology.systems import canonical_system


class Order(Model):
    """What of an order selects its pathway.

    Attributes:
        categories, codes, diagnoses: codings as `system|code`.
        specialty: NUCC code, once the service is understood.
        pathway: id of the one that the terminology names for the service.
    """

    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    specialty: str | None = None
    pathway: str | None = None
    priority: str = "routine"
    setting: str | None = None


SelectPathway = Callable[[Order], Pathway]
"""Returns the pathway that an order selects."""


def order_of(content: ClinicalContent, service: WantedService) -> Order:
    """Return what of an order selects its pathway, now that its service is understood or not."""
    wanted = content.service.wanted
    return Order(
        categories=_tokens(wanted.category),
        codes=_tokens((*wanted.code, *wanted.order_detail)),
        diagnoses=_tokens(wanted.reason),
        specialty=service.specialty,
        pathway=service.pathway,
        priority=service.urgency.level,
        setting=content.setting,
    )


def select(pathways: Sequence[Pathway], order: Order) -> Pathway:
    """Return the pathway that matches most of the order.

    Being named by the terminology counts like one list of a selector that matches.

    Raises:
        LookupError: no pathway matches; a set of pathways needs one with an empty selector.
    """
    scored = [
        (score, p.id, p)
        for p in pathways
        for selector in (*p.selectors, *([Selector()] if p.id == order.pathway else []))
        if (score := _score(selector, order)) is not None
    ]
    if not scored:
        raise LookupError("no pathway matches and none has an empty selector")
    return max(
        ((score + (p.id == order.pathway), pathway_id, p) for score, pathway_id, p in scored),
        key=lambda item: item[:2],
    )[2]


def names_code(wanted: Sequence[str], present: Iterable[str]) -> bool:
    """Whether one of the codings present is wanted, by `system|code` or by its bare code."""
    codings = {c for coding in present for c in (coding, coding.rpartition("|")[2])}
    return any(w in codings for w in wanted)


def _score(selector: Selector, order: Order) -> int | None:
    matched = 0
    for wanted, present in (
        (selector.categories, order.categories),
        (selector.codes, order.codes),
        (selector.specialties, (order.specialty,) if order.specialty else ()),
        (selector.priorities, (order.priority,)),
        (selector.settings, (order.setting,) if order.setting else ()),
    ):
        if not wanted:
            continue
        if not names_code(wanted, present):
            return None
        matched += 1
    if selector.diagnoses:
        if not any(d.startswith(prefix) for d in order.diagnoses for prefix in selector.diagnoses):
            return None
        matched += 1
    return matched


def _tokens(concepts: Iterable[Concept]) -> tuple[str, ...]:
    """List codings as `system|code`, each under the name of its system that the tables use."""
    return tuple(
        f"{canonical_system(c.system) or ''}|{c.code.strip()}"
        for concept in concepts
        for c in concept.codings
        if c.code
    )

"""Models of resources by name, where few orders have one: each is loaded when the first comes.

A class of a model costs every start half a millisecond, whether anything is read by it or not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from referral_core.fhir.r4.datatypes import Resource

if TYPE_CHECKING:
    from referral_core.fhir.r4.context import (
        CareTeam,
        Consent,
        Definition,
        Encounter,
        HealthcareService,
        RelatedPerson,
    )
    from referral_core.fhir.r4.requesting import Claim, RequestGroup, Task

R = TypeVar("R", bound=Resource)


class Kind(Generic[R]):
    """A model that is loaded when it is asked for.

    Attributes:
        module: in `fhir/r4/`.
        name: of the model, which no other model in `fhir/r4/` has.
    """

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    def model(self) -> type[R]:
        """Return the model."""
        loaded = import_module(f"referral_core.fhir.r4.{self.module}")
        return cast("type[R]", getattr(loaded, self.name))

    def of(self, resource: Resource | None) -> R | None:
        """Return a resource if it was read by this model; that loads nothing."""
        return cast("R", resource) if type(resource).__name__ == self.name else None


def read_by(model: type[R] | Kind[R], resource: Resource) -> R | None:
    """Return a resource if it was read by a model."""
    if isinstance(model, Kind):
        return model.of(resource)
    return resource if isinstance(resource, model) else None


CARE_TEAM: Final[Kind[CareTeam]] = Kind("context", "CareTeam")
CLAIM: Final[Kind[Claim]] = Kind("requesting", "Claim")
CONSENT: Final[Kind[Consent]] = Kind("context", "Consent")
DEFINITION: Final[Kind[Definition]] = Kind("context", "Definition")
ENCOUNTER: Final[Kind[Encounter]] = Kind("context", "Encounter")
HEALTHCARE_SERVICE: Final[Kind[HealthcareService]] = Kind("context", "HealthcareService")
RELATED_PERSON: Final[Kind[RelatedPerson]] = Kind("context", "RelatedPerson")
REQUEST_GROUP: Final[Kind[RequestGroup]] = Kind("requesting", "RequestGroup")
TASK: Final[Kind[Task]] = Kind("requesting", "Task")

"""What few orders come with: encounters, teams, consents and more; read when the first comes."""

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Address,
    Boolean,
    CodeableConcept,
    Coding,
    ContactPoint,
    Date,
    Element,
    HumanName,
    Identifier,
    Period,
    Reference,
    Resource,
    ShortWords,
    Uri,
    Words,
)
from referral_core.fhir.r4.orders import Coded
from referral_core.fhir.r4.parties import Gender


class EncounterLocation(Element):
    """A place of an encounter."""

    location: Reference | None = None


class EncounterParticipant(Element):
    """Who took part in an encounter."""

    individual: Reference | None = None


class Encounter(Resource):
    """Where the patient was seen, and by whom. Attributes: class_: ActEncounterCode."""

    status: ShortWords | None = None
    class_: Coding | None = Field(default=None, alias="class")
    participant: tuple[EncounterParticipant, ...] = ()
    location: tuple[EncounterLocation, ...] = ()


class Definition(Coded):
    """What an order was made from: an ActivityDefinition, or a PlanDefinition, which has no code.

    Attributes:
        url: its canonical URL, by which an order names it.
    """

    url: Uri | None = None
    title: Words | None = None
    name: Words | None = None


class CareTeamParticipant(Element):
    """A member of a care team."""

    role: tuple[CodeableConcept, ...] = ()
    member: Reference | None = None


class CareTeam(Resource):
    """Who cares for the patient, or a team that an order may name as its performer."""

    status: ShortWords | None = None
    name: Words | None = None
    participant: tuple[CareTeamParticipant, ...] = ()


class ConsentProvision(Element):
    """What a consent says by default. Attributes: type: `permit` or `deny`."""

    type: ShortWords | None = None


class Consent(Resource):
    """What the patient allows to be disclosed."""

    status: ShortWords | None = None
    patient: Reference | None = None
    provision: ConsentProvision | None = None

    @property
    def allows(self) -> bool:
        """Whether the patient agrees, and does not say so only to forbid it."""
        return self.status == "active" and (self.provision is None or self.provision.type != "deny")


class HealthcareService(Resource):
    """A service that an order may name as its performer."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    provided_by: Reference | None = None
    category: tuple[CodeableConcept, ...] = ()
    type: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    name: Words | None = None
    telecom: tuple[ContactPoint, ...] = ()


class RelatedPerson(Resource):
    """Somebody around the patient: a parent, a subscriber."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    patient: Reference | None = None
    relationship: tuple[CodeableConcept, ...] = ()
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: Gender | None = None
    birth_date: Date | None = None
    address: tuple[Address, ...] = ()
    period: Period | None = None

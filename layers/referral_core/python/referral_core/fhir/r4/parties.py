"""Who takes part in a referral: patient, coverage, practitioners, organizations."""

from typing import Literal

from pydantic import Field

from referral_core.fhir.r4.datatypes import (
    Address,
    Boolean,
    CodeableConcept,
    ContactPoint,
    Date,
    DateTime,
    Element,
    HumanName,
    Identifier,
    Integer,
    Period,
    Reference,
    Resource,
    ShortWords,
    Words,
)

Gender = Literal["male", "female", "other", "unknown"]


class PatientCommunication(Element):
    """A language that the patient can use."""

    language: CodeableConcept | None = None
    preferred: Boolean | None = None


class PatientContact(Element):
    """Somebody to contact about the patient."""

    relationship: tuple[CodeableConcept, ...] = ()
    name: HumanName | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None
    gender: Gender | None = None
    organization: Reference | None = None
    period: Period | None = None


class PatientLink(Element):
    """Another record of the same person."""

    other: Reference | None = None
    type: Literal["replaced-by", "replaces", "refer", "seealso"] | None = None


class Patient(Resource):
    """The patient."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: Gender | None = None
    birth_date: Date | None = None
    deceased_boolean: Boolean | None = None
    deceased_date_time: DateTime | None = None
    address: tuple[Address, ...] = ()
    marital_status: CodeableConcept | None = None
    multiple_birth_boolean: Boolean | None = None
    multiple_birth_integer: Integer | None = None
    contact: tuple[PatientContact, ...] = ()
    communication: tuple[PatientCommunication, ...] = ()
    general_practitioner: tuple[Reference, ...] = ()
    link: tuple[PatientLink, ...] = ()
    managing_organization: Reference | None = None


class CoverageClass(Element):
    """A group, plan or other class of a coverage."""

    type: CodeableConcept | None = None
    value: Words | None = None
    name: Words | None = None


class Coverage(Resource):
    """What pays."""

    identifier: tuple[Identifier, ...] = ()
    status: Literal["active", "cancelled", "draft", "entered-in-error"] | None = None
    type: CodeableConcept | None = None
    policy_holder: Reference | None = None
    subscriber: Reference | None = None
    subscriber_id: ShortWords | None = None
    beneficiary: Reference | None = None
    dependent: ShortWords | None = None
    relationship: CodeableConcept | None = None
    period: Period | None = None
    payor: tuple[Reference, ...] = ()
    class_: tuple[CoverageClass, ...] = Field(default=(), alias="class")
    order: Integer | None = None
    network: Words | None = None
    subrogation: Boolean | None = None
    contract: tuple[Reference, ...] = ()


class Qualification(Element):
    """What a clinician is certified for."""

    code: CodeableConcept | None = None


class Practitioner(Resource):
    """A clinician."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    gender: Gender | None = None
    birth_date: Date | None = None
    communication: tuple[CodeableConcept, ...] = ()
    qualification: tuple[Qualification, ...] = ()


class PractitionerRole(Resource):
    """A clinician at an organization."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    period: Period | None = None
    practitioner: Reference | None = None
    organization: Reference | None = None
    code: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    location: tuple[Reference, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()


class Organization(Resource):
    """A practice, clinic or payer."""

    identifier: tuple[Identifier, ...] = ()
    active: Boolean | None = None
    type: tuple[CodeableConcept, ...] = ()
    name: Words | None = None
    alias: tuple[Words | None, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    part_of: Reference | None = None

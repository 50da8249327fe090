"""What of an order says which service is wanted, in the words that came."""

from datetime import date, datetime
from enum import StrEnum

from referral_core.domain.model import Model
from referral_core.domain.terminology.urgency import Priority


class Field(StrEnum):
    """Where in the order something stood; the value is used in the precedence and in evidence.

    PERFORMER is the named performer's own specialty (PractitionerRole, HealthcareService, or the
    directory's entry for the NPI). ALSO_SENT is what goes along with the order: it discloses,
    and names no service.
    """

    PERFORMER_TYPE = "performer-type"
    CODE = "code"
    ORDER_DETAIL = "order-detail"
    LOCATION = "location"
    CATEGORY = "category"
    PERFORMER = "performer"
    REASON = "reason"
    ALSO_SENT = "also-sent"


class Coding(Model):
    """A code of a system, as sent. Attributes: system: its URI, `urn:oid:` or None."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(Model):
    """Codings that mean one thing, and its words."""

    codings: tuple[Coding, ...] = ()
    text: str | None = None

    @property
    def spoken(self) -> tuple[str, ...]:
        """Its words: of its text, and of a coding that has words and no code."""
        displays = (c.display for c in self.codings if not (c.code or "").strip())
        return tuple(dict.fromkeys(filter(None, (self.text, *displays))))


class OrderedService(Model):
    """All that an order says of the service wanted.

    Attributes:
        performer_type, code, order_detail, location, category, performer: as FHIR names them;
            `location` is locationCode, `performer` holds the specialties of who is named.
        reason: reasonCode and the conditions that the order points at.
        also_sent: what other resources of the same patient say.
        notes: what its author remarks: it may say how soon, and names no service.
        priority: of the order itself.
        task_priorities: of the Tasks that carry it.
        occurrence_start: the day before which the service is not wanted.
        occurrence_end: when the service must have been done by.
        received_at: with which `occurrence_end` is compared; None compares nothing.
    """

    performer_type: tuple[Concept, ...] = ()
    code: tuple[Concept, ...] = ()
    order_detail: tuple[Concept, ...] = ()
    location: tuple[Concept, ...] = ()
    category: tuple[Concept, ...] = ()
    performer: tuple[Concept, ...] = ()
    reason: tuple[Concept, ...] = ()
    also_sent: tuple[Concept, ...] = ()
    notes: tuple[str, ...] = ()
    priority: Priority | None = None
    task_priorities: tuple[Priority, ...] = ()
    occurrence_start: date | None = None
    occurrence_end: datetime | None = None
    received_at: datetime | None = None

    def concepts(self, field: Field) -> tuple[Concept, ...]:
        """Return what stood in a field."""
        match field:
            case Field.PERFORMER_TYPE:
                return self.performer_type
            case Field.CODE:
                return self.code
            case Field.ORDER_DETAIL:
                return self.order_detail
            case Field.LOCATION:
                return self.location
            case Field.CATEGORY:
                return self.category
            case Field.PERFORMER:
                return self.performer
            case Field.REASON:
                return self.reason
            case Field.ALSO_SENT:
                return self.also_sent

    def words(self) -> tuple[str, ...]:
        """Return the words and, where a coding has none, its code: what a person is shown. PHI."""
        found: dict[str, None] = {}
        for field in Field:
            for concept in self.concepts(field) if field is not Field.ALSO_SENT else ():
                if concept.text:
                    found[concept.text] = None
                for coding in concept.codings:
                    shown = coding.display or coding.code
                    if shown:
                        found[shown] = None
        return tuple(found)

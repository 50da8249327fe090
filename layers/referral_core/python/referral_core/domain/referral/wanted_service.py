"""Which service a referral is for: as its order was understood, or as a person said it."""

from referral_core.domain.model import Model
from referral_core.domain.terminology import (
    ConsentClass,
    Evidence,
    OrderedService,
    Reading,
    Unclear,
    Understanding,
    Urgency,
    fingerprint,
    terminology,
)
from referral_core.domain.terminology.disclosure import classes_of


class WantedService(Model):
    """The service wanted: codes only, so that it may stand on the projection.

    Attributes:
        specialty: NUCC taxonomy code; None while nobody knows.
        name: of the specialty, for people.
        accepts: NUCC codes of who may serve it.
        pathway: id of the pathway that it takes; None takes none by itself.
        evidence: what decided.
        unclear: why a person must say it.
        named_by: client id of the person who said it.
        named_for: fingerprint of the order that the person was asked about.
        consent: what the order discloses that needs the patient's consent.
        urgency: how soon it is wanted, and what says so.
        later_accepted: a person took it that the time asked for cannot be met.
    """

    specialty: str | None = None
    name: str | None = None
    accepts: tuple[str, ...] = ()
    pathway: str | None = None
    evidence: Evidence | None = None
    unclear: Unclear | None = None
    named_by: str | None = None
    named_for: str | None = None
    consent: ConsentClass = ConsentClass.NONE
    urgency: Urgency = Urgency.blank()
    later_accepted: bool = False

    @classmethod
    def of(cls, reading: Reading) -> "WantedService":
        """Return what a reading understood."""
        if not isinstance(reading, Understanding):
            return cls(
                unclear=getattr(reading, "reason", Unclear.CONTRADICTION),
                consent=reading.consent,
                urgency=reading.urgency,
            )
        return cls(
            specialty=reading.specialty,
            name=reading.name,
            accepts=reading.accepts,
            pathway=reading.pathway,
            evidence=reading.evidence,
            consent=reading.consent,
            urgency=reading.urgency,
        )

    def named(self, specialty: str, *, by: str, order: OrderedService) -> "WantedService":
        """Return the service as a person said it; what the order discloses stays disclosed."""
        known = terminology()
        row = known.specialty(specialty)
        consent = max(self.consent, row.consent if row else self.consent, key=lambda c: c.rank)
        return self.but(
            specialty=specialty,
            name=(row.display if row else None) or specialty,
            accepts=known.accepts(specialty),
            pathway=row.pathway if row else None,
            evidence=None,
            unclear=None,
            named_by=by,
            named_for=fingerprint(order),
            consent=consent,
        )

    def read_again(self, reading: Reading, order: OrderedService) -> "WantedService":
        """Return the service by a new reading; what a person said of the same words stays said."""
        read = WantedService.of(reading)
        if read.specialty is None and self.named_for == fingerprint(order):
            consent = max(self.consent, read.consent, key=lambda c: c.rank)
            return self.but(consent=consent, urgency=read.urgency)
        agreed = self.later_accepted and read.urgency == self.urgency
        return read.but(later_accepted=agreed)

    def discloses_all(self, order: OrderedService) -> frozenset[ConsentClass]:
        """Return each class of what was read and of what the order, as it is now, discloses."""
        return classes_of(order, terminology()) | ({self.consent} - {ConsentClass.NONE})

    def discloses(self, order: OrderedService) -> ConsentClass:
        """Return the strictest of what was read and what the order, as it is now, discloses."""
        found = self.discloses_all(order)
        return max(found, key=lambda c: c.rank, default=ConsentClass.NONE)

    @property
    def is_read(self) -> bool:
        """Whether the order was read at all."""
        return self.specialty is not None or self.unclear is not None

"""The parties a tenant works with, as configuration items: tenant, payers, EHRs, specialists.

How a partner is spoken to is data: its protocol names the adapter, its address and its secret.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Final, NamedTuple

from pydantic import Field

from referral_core.domain.directory_facts import (
    FRESH_FOR_DAYS,
    AgeLimits,
    CapacityStatus,
    Closure,
    Dispute,
    Fact,
    FactSource,
    Location,
    NetworkMembership,
    ServiceKind,
)
from referral_core.domain.ids import Tenant
from referral_core.domain.modality import ImagingModality, Modality
from referral_core.domain.model import Model
from referral_core.domain.payers.vocabulary import PayerClass
from referral_core.domain.slots import Slot, SlotWeek

_OUTSIDE: Final = 3
"""The tier of who is out of a payer's network."""


class TenantProfile(Model):
    """A health system, provider group or FQHC.

    Attributes:
        time_zone: IANA name; quiet hours and business days are read in it.
        holidays: ISO 3166-2 code for the `holidays` calendar, for example `US-MA`.
        sender_name: how messages name the sender: of ASCII, so that it fits one SMS part with the
            rest; and it says of no specialty what it is, for it is read on every patient's phone.
        call_back: number that patients can call.
        sliding_fee: whether patients who pay themselves have a class of a sliding fee scale.
        phone_identity: the number or pool that its texts and calls come from; None: the cell's.
    """

    tenant: Tenant
    name: str
    npi: str
    time_zone: str
    holidays: str
    sender_name: str = Field(max_length=24, pattern=r"^[A-Za-z0-9 .,&'()/+-]+$")
    call_back: str = Field(max_length=16, pattern=r"^\+?[0-9 ().-]+$")
    sliding_fee: bool = False
    phone_identity: str | None = Field(default=None, max_length=256, pattern=r"^[A-Za-z0-9:/+_-]+$")


class Payer(Model):
    """A payer and how it is spoken to.

    Attributes:
        aliases: names and identifiers under which coverages name it (lower case).
        eligibility_url: takes an X12 270 by HTTP POST, answers a 271.
        authorization_url: base URL of the FHIR server that offers PAS `Claim/$submit`.
        eligibility_protocol, authorization_protocol: the adapters that speak to it.
        secret: name of the secret that holds its bearer token.
        decision_hours: the payer's own clock for a standard decision.
        appeal_days: its clock for an appeal.
        x12_id: what its companion guide assigns it as receiver of X12, at most 15 characters
            (ISA08, NM109); its id when None.
    """

    tenant: Tenant
    id: str
    name: str
    payer_class: PayerClass = PayerClass.OTHER
    aliases: tuple[str, ...] = ()
    eligibility_url: str
    authorization_url: str
    secret: str
    decision_hours: int = 168
    expedited_hours: int = 72
    appeal_days: int = 30
    x12_id: str | None = None
    eligibility_protocol: str = "x12-271"
    authorization_protocol: str = "davinci-pas"


class EhrSystem(Model):
    """The referring provider's EHR, which receives notices.

    Attributes:
        protocol: the adapter that speaks to it.
    """

    tenant: Tenant
    id: str
    name: str
    notices_url: str
    secret: str
    protocol: str = "fhir-communication"


class Practitioner(Model):
    """A service of the tenant's directory: who gives it, for which organization, where.

    A specialist with two specialties is two of them, with the places of one.

    Attributes:
        npi: National Provider Identifier; of a community resource the id of its source.
        specialty: NUCC taxonomy code.
        main_specialty: NUCC code of what they are first, where that is another; None: this one.
        networks: ids of the payers whose network the practitioner is in; `*` for all.
        memberships: the same by plan and date; of a payer that they name they alone count.
        tier: 1 preferred, 2 in network, 3 out of network.
        accepting: whether new patients are taken.
        ages, sex: whom the service sees; None: everybody.
        imaging: what images are taken with there; empty: not known.
        licence_states: USPS codes; empty: not known.
        weekly_capacity: new referrals a week.
        weeks: ISO week → places, where they are not as in every week: closures, leave, slots.
        publishes_slots: whether its clinic publishes slots: its places are those, and no number.
        schedule_active: whether those slots may be reserved; until its clinic says so, none is.
        closures: days on which nobody is seen, those of booked visits among them.
        capacity_status: of a community resource that publishes no places.
        time_zone: IANA name of the clinic's own zone; None: as it writes its times, else the
            tenant's.
        clinic_url: base URL of the clinic's FHIR endpoint that receives Task B.
        protocol: the adapter that speaks to the clinic.
        phone: the clinic's own number, for people who verify.
        sources: where each fact is from; one that is missing nobody vouches for.
        disputes: what somebody who should know says is wrong.
        revision: counts what was written of it: nobody overwrites what they have not read.
    """

    tenant: Tenant
    npi: str
    name: str
    specialty: str
    main_specialty: str | None = None
    kind: ServiceKind = ServiceKind.CLINICIAN
    modalities: tuple[Modality, ...] = (Modality.IN_PERSON,)
    imaging: tuple[ImagingModality, ...] = ()
    organization: str
    networks: tuple[str, ...]
    memberships: tuple[NetworkMembership, ...] = ()
    tier: int
    latitude: float
    longitude: float
    location: Location = Location.blank()
    languages: tuple[str, ...] = ("en",)
    accepting: bool = True
    ages: AgeLimits = AgeLimits.blank()
    sex: str | None = None
    licence_states: tuple[str, ...] = ()
    weekly_capacity: int
    weeks: Mapping[str, int] = {}
    publishes_slots: bool = False
    schedule_active: bool = True
    closures: tuple[Closure, ...] = ()
    capacity_status: CapacityStatus | None = None
    time_zone: str | None = None
    clinic_url: str
    secret: str
    protocol: str = "fhir-task"
    phone: str | None = None
    sources: Mapping[Fact, FactSource] = {}
    disputes: tuple[Dispute, ...] = ()
    revision: int = 0

    @property
    def is_second_choice(self) -> bool:
        """Whether it is another specialty first, and this one beside it."""
        return self.main_specialty not in {None, self.specialty}

    def places_in(self, week: str) -> int:
        """Return the places that an ISO week has, taken or not."""
        return self.weeks.get(week, self.weekly_capacity)

    def sees_on(self, day: date) -> bool:
        """Whether anybody is seen on a day."""
        return not any(closure.includes(day) for closure in self.closures)

    def is_open_on(self, day: date, after: time = time.min) -> bool:
        """Whether somebody can be seen on a day after a time of it; hours not stated are all."""
        hours = self.location.hours
        return self.sees_on(day) and (not hours or any(h.include(day, after) for h in hours))

    def tier_for(self, payer: str | None, plan: str | None, day: date) -> int:
        """Return the tier for a payer's plan on a day; 3 is out of network."""
        named = [m for m in self.memberships if m.payer == payer]
        if payer is not None and named:
            return min((m.tier for m in named if m.covers(payer, plan, day)), default=_OUTSIDE)
        is_inside = payer is None or "*" in self.networks or payer in self.networks
        return self.tier if is_inside else _OUTSIDE

    def stale_facts(self, today: date) -> tuple[Fact, ...]:
        """Return the facts that nobody vouches for any more, or never did."""
        return tuple(
            fact
            for fact, days in FRESH_FOR_DAYS.items()
            if fact not in self.sources or (today - self.sources[fact].as_of).days > days
        )

    def with_dispute(self, dispute: Dispute) -> "Practitioner":
        """Return the entry once somebody contradicted a fact; who said it first stays."""
        if any(known.fact is dispute.fact for known in self.disputes):
            return self
        return self.but(disputes=(*self.disputes, dispute))

    def verified(self, facts: Collection[Fact], source: FactSource) -> "Practitioner":
        """Return the entry once a person verified some facts: they are disputed no longer."""
        disputes = tuple(d for d in self.disputes if d.fact not in facts)
        return self.but(disputes=disputes, sources={**self.sources, **dict.fromkeys(facts, source)})


def one_each(entries: Iterable[Practitioner]) -> Mapping[str, Practitioner]:
    """Return NPI → entry; of several the first one that is what its clinician is first."""
    found: dict[str, Practitioner] = {}
    for entry in entries:
        known = found.setdefault(entry.npi, entry)
        if known.is_second_choice and not entry.is_second_choice:
            found[entry.npi] = entry
    return found


class Listed(NamedTuple):
    """An entry of the directory with its capacity beside it.

    Attributes:
        reserved: ISO week → holds.
        slots: ISO week → what was published of it, by any of the clinician's clinics.
    """

    practitioner: Practitioner
    reserved: Mapping[str, int]
    slots: Mapping[str, SlotWeek] = {}

    def free_slots(
        self, week: str, earliest: datetime, latest: datetime | None = None
    ) -> tuple[Slot, ...]:
        """Return the slots of a week that may be reserved, soonest first.

        Args:
            week: ISO week.
            earliest: no slot starts before it.
            latest: no slot starts after it.
        """
        entry = self.practitioner
        if not entry.schedule_active:
            return ()
        return tuple(
            slot
            for slot in self.slots.get(week, SlotWeek()).left_to(
                entry.organization, entry.specialty
            )
            if slot.start >= earliest
            and (latest is None or slot.start <= latest)
            and entry.sees_on(slot.start.date())
        )

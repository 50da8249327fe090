"""A Case: what one entry needs to know of a referral, each thing read at most once.

Policy (pathways) is handed in, so that a simulation or a what-if can hand in another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from referral_core.domain.calendar import BusinessCalendar, MessagingHours, Span
from referral_core.domain.directory import Payer, Practitioner, TenantProfile
from referral_core.domain.effects import ClaimDailyMessage
from referral_core.domain.errors import Permanent
from referral_core.domain.haste import hastened
from referral_core.domain.ids import ReferralId
from referral_core.domain.lifecycle import Status
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.outreach.plan import contact_hash
from referral_core.domain.outreach.time_zones import zones_of
from referral_core.domain.pathway import Pathway
from referral_core.domain.pause import Pause
from referral_core.domain.referral import Appointment, Offer, Referral
from referral_core.domain.terminology import Overrides, Priority, keys_of
from referral_core.ports.lifecycle import Directory, Referrals

Pathways = Callable[[str, int], Pathway]
"""Returns a pathway version by id and version."""

_LOOKED_BACK: timedelta = timedelta(days=8)
"""The caps on messages look back a week; a day more for zones."""

_BOOKED: frozenset[Status] = frozenset(
    {
        Status.SCHEDULED,
        Status.SEEN_AWAITING_REPORT,
        Status.REPORT_RECEIVED,
        Status.CANCEL_REQUESTED,
        Status.CLOSED,
    }
)

T = TypeVar("T")


class Reach(NamedTuple):
    """What the table knows of the patient's number or address.

    Attributes:
        contact_hash: of the phone number, else of the email address; None without either.
        opted_out: whether it is on the opt-out list.
        messaged: the patient's days on which a message went there → its reference.
    """

    contact_hash: str | None
    opted_out: bool
    messaged: Mapping[date, str]


@dataclass(frozen=True)
class Sources:
    """Where a case is read from."""

    referrals: Referrals
    directory: Directory
    pathways: Pathways


@dataclass(frozen=True)
class Case:
    """One referral at one moment, with what belongs to it.

    Attributes:
        referral: the projection.
        now: the business instant.
        soon: until when a running step may be silent.
    """

    referral: Referral
    now: datetime
    soon: datetime
    sources: Sources
    _read: dict[object, Any] = field(default_factory=dict)

    def at(self, referral: Referral, now: datetime, soon: datetime) -> Case:
        """Return the case of the referral as it is now; what was read stays read."""
        return replace(self, referral=referral, now=now, soon=soon)

    def of(self, referral: Referral) -> Case:
        """Return the case of the referral with something settled already."""
        return replace(self, referral=referral)

    def of_another(self, referral_id: ReferralId) -> Case:
        """Open the case of another referral of the tenant at the same moment. Raises: NotFound."""
        referral = self.sources.referrals.load(self.referral.tenant, referral_id).referral
        return Case(referral, self.now, self.soon, self.sources)

    def forget_reach(self) -> None:
        """Read anew what the table knows of the patient's number: somebody else wrote to it."""
        for name in [n for n in self._read if isinstance(n, tuple) and n[0] == "reach"]:
            del self._read[name]

    def claimed(self, claim: ClaimDailyMessage) -> None:
        """Know that a day's message was claimed: what was read of the number is older."""
        for name, read in self._read.items():
            if isinstance(read, Reach) and read.contact_hash == claim.contact_hash:
                known = {**read.messaged, claim.day: claim.reference}
                self._read[name] = read._replace(messaged=known)

    def _once(self, name: object, read: Callable[[], T]) -> T:
        if name not in self._read:
            self._read[name] = read()
        found: T = self._read[name]
        return found

    # --- policy and calendar -----------------------------------------------------------------

    @property
    def rules(self) -> Pathway:
        """The pathway version that the referral is pinned to, with the clocks of its urgency."""
        referral = self.referral
        pinned = (referral.pathway, referral.pathway_version)
        level = referral.service.urgency.level
        return self._once(
            ("rules", *pinned, level), lambda: hastened(self.sources.pathways(*pinned), level)
        )

    @property
    def profile(self) -> TenantProfile:
        """The tenant's profile."""
        tenant = self.referral.tenant
        return self._once("profile", lambda: self.sources.directory.tenant(tenant))

    @property
    def calendar(self) -> BusinessCalendar:
        """The business calendar of the tenant."""
        profile = self.profile
        return self._once("calendar", lambda: BusinessCalendar(profile.time_zone, profile.holidays))

    @property
    def pauses(self) -> Sequence[Pause]:
        """What operations hold back of the tenant's work."""
        tenant = self.referral.tenant
        return self._once("pauses", lambda: self.sources.directory.pauses(tenant))

    @property
    def today(self) -> date:
        """The tenant's date at this moment."""
        return self.now.astimezone(ZoneInfo(self.profile.time_zone)).date()

    def due_after(self, span: Span, *, since: datetime | None = None) -> datetime:
        """Return when a span of the tenant's business time ends: from now, or since another time.

        Until a visit is booked nothing may take longer than the order leaves time for.
        """
        due, limit = self.calendar.after(since or self.now, span), self.wanted_by
        if limit is None or self.referral.status in _BOOKED or limit <= self.now:
            return due
        return min(due, limit)

    @property
    def wanted_by(self) -> datetime | None:
        """When the patient must have been seen; None for what is routine and names no end."""
        referral = self.referral
        if referral.service.later_accepted:
            return None
        urgency = referral.service.urgency
        bounds = [urgency.ends_at] if urgency.ends_at else []
        if urgency.level is not Priority.ROUTINE:
            since = referral.reopenings[-1].at if referral.reopenings else referral.received_at
            bounds.append(self.calendar.after(self.from_then(since), self.rules.visit.seen_within))
        return min(bounds, default=None)

    @property
    def not_before(self) -> date | None:
        """The day before which the patient is not to be seen; None where it has come."""
        starts_on = self.referral.service.urgency.starts_on
        return starts_on if starts_on is not None and starts_on > self.today else None

    def from_then(self, since: datetime) -> datetime:
        """Return an instant, or the beginning of the day from which on the service is wanted."""
        starts_on = self.referral.service.urgency.starts_on
        if starts_on is None:
            return since
        begins = datetime.combine(starts_on, time(), ZoneInfo(self.profile.time_zone))
        return max(since, begins)

    @property
    def payers(self) -> Sequence[Payer]:
        """The tenant's payers."""
        tenant = self.referral.tenant
        return self._once("payers", lambda: self.sources.directory.payers(tenant))

    @property
    def overrides(self) -> Overrides:
        """What the tenant kept of what this order's codes and words mean."""
        keys = keys_of(self.content.service.wanted)
        return self.sources.directory.overrides(self.referral.tenant, keys) if keys else Overrides()

    def payer(self, payer_id: str) -> Payer:
        """Return one payer. Raises: NotFound."""
        return self.sources.directory.payer(self.referral.tenant, payer_id)

    # --- the patient ---------------------------------------------------------------------------

    @property
    def payload(self) -> ClinicalPayload:
        """The clinical payload of the present version."""
        referral = self.referral
        return self._once(
            ("payload", referral.payload_version),
            lambda: ClinicalPayload.load(self.sources.referrals.payload(referral)),
        )

    @property
    def content(self) -> ClinicalContent:
        """The normalised content of the present version, as it is of the patient's age now."""
        return self.payload.content.as_of(self.now)

    @property
    def reach(self) -> Reach:
        """What the table knows of the patient's number or address."""
        patient = self.content.patient
        address = patient.phone or patient.email
        if address is None:
            return Reach(None, opted_out=False, messaged={})
        return self._once(("reach", address), lambda: self._reach(address))

    def _reach(self, address: str) -> Reach:
        referrals, tenant = self.sources.referrals, self.referral.tenant
        hashed, since = contact_hash(address), (self.now - _LOOKED_BACK).date()
        return Reach(
            hashed,
            opted_out=referrals.opted_out(tenant, hashed),
            messaged=referrals.messaged(tenant, hashed, since),
        )

    @property
    def zones(self) -> tuple[str, ...]:
        """The IANA zones that the patient may be in."""
        if self.referral.time_zones:
            return self.referral.time_zones
        patient = self.content.patient
        return zones_of(
            self.profile.time_zone,
            state=patient.state,
            postal_code=patient.postal_code,
            phone=patient.phone,
        )

    @property
    def hours(self) -> MessagingHours:
        """The hours in which the patient may be reached."""
        return MessagingHours(self.zones)

    # --- the performer --------------------------------------------------------------------------

    def performer(self, offer: Offer | None = None) -> Practitioner:
        """Return the directory's entry of an offer's performer; of the one in hand by default.

        Raises:
            Permanent: there is none, or the directory no longer lists it.
        """
        wanted = offer or self.referral.offer
        if wanted is not None:
            found = self._once(
                ("performer", wanted.npi),
                lambda: self.sources.directory.practitioner(
                    self.referral.tenant, wanted.specialty, wanted.npi
                ),
            )
            if found is not None:
                return found
        raise Permanent("The directory does not list the performer.")

    def task_id(self, offer: Offer | None = None) -> str:
        """Return the id of an offer's Task; of the last offer by default."""
        number = (offer or self.referral.offers[-1]).number
        return f"{self.referral.id}.b{number}"


def clinic_zone(case: Case, appointment: Appointment) -> tzinfo:
    """Return the zone of the clinic where a visit is: configured, as it writes, or the tenant's."""
    try:
        named = case.performer().time_zone
    except Permanent:
        named = None
    if named is not None:
        return ZoneInfo(named)
    offset, here = appointment.utc_offset, ZoneInfo(case.profile.time_zone)
    if offset is None:
        return here
    written = timezone(timedelta(minutes=offset))
    local = appointment.start.astimezone(here)
    return here if local.utcoffset() == timedelta(minutes=offset) else written

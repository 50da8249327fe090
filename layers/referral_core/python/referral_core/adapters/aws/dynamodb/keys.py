"""The table's key grammar: the only place where a key is composed or taken apart."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from referral_core.domain.ids import ReferralId, Tenant

if TYPE_CHECKING:
    from referral_core.domain.new_referral import KeyKind

DUE_SHARDS: Final = 8
"""How many partitions the due index is spread over."""
TENANTS: Final = "TENANTS"
"""The partition of `by_team` in which every tenant's profile stands: the list of tenants."""
MARKETS: Final = "MARKETS"
"""The partition of all tenants' markets that are published; internal, as the due index is."""


class Sort(StrEnum):
    """Sort keys, or their prefixes, of a referral's items; `@` sorts first and reads as one."""

    REFERRAL = "@REFERRAL"
    MAILBOX = "@MAILBOX"
    EVENT = "EVENT#"
    PAYLOAD = "PAYLOAD#"
    DECISION = "DECISION#"
    EVIDENCE = "EVIDENCE#"
    UPDATE = "UPDATE#"
    KEY_OF = "KEY#"
    PRINCIPAL = "@PRINCIPAL"
    REGISTRATION = "@REGISTRATION"
    ASSERTION = "ASSERTION#"
    TENANT = "TENANT"
    PAYER = "PAYER#"
    EHR = "EHR#"
    MAPPING = "@MAPPING"
    PERSON = "PERSON#"
    FILTER = "FILTER#"
    PAUSE = "PAUSE#"
    PRACTITIONER = "PRACTITIONER#"
    ORGANIZATION = "ORGANIZATION#"
    PRICES = "PRICES#"
    REVENUE = "REVENUE#"
    ENTRY = "ENTRY#"
    IMPORT = "IMPORT#"
    WEEK = "WEEK#"
    DEMAND = "DEMAND#"
    SHEET = "SHEET#"
    PLACE = "PLACE#"
    REFERRAL_OF = "R#"
    MESSAGE_DAY = "DAY#"
    OPT_OUT = "@OPTOUT"
    UNMATCHED = "@UNMATCHED"
    REFUSED = "@REFUSED"


PUBLISHED: Final = (Sort.REFERRAL.value, Sort.WEEK.value, Sort.PRACTITIONER.value)
"""Prefixes of the items whose changes may ask for something: see the outbox."""


def referral(tenant: Tenant, referral_id: ReferralId) -> str:
    """Return the partition of a referral and everything about it."""
    return f"T#{tenant}#R#{referral_id}"


def referral_of(partition: str) -> tuple[Tenant, ReferralId]:
    """Take a referral's partition apart."""
    _, tenant, _, referral_id = partition.split("#", 3)
    return Tenant(tenant), ReferralId(referral_id)


def lock(tenant: Tenant, kind: KeyKind, hashed: str) -> str:
    """Return the partition of a lock's (hashed) value; `HashedKeys` hashes."""
    return f"T#{tenant}#KEY#{kind}#{hashed}"


def config(tenant: Tenant) -> str:
    """Return the partition of a tenant's profile, payers and EHR systems."""
    return f"T#{tenant}#CONFIG"


def tenant_of(partition: str) -> Tenant:
    """Return the tenant whose items a partition holds."""
    return Tenant(partition.split("#", 2)[1])


def directory(tenant: Tenant, specialty: str) -> str:
    """Return the partition of a specialty's practitioners."""
    return f"T#{tenant}#DIRECTORY#{specialty}"


def mapping(tenant: Tenant, hashed: str) -> str:
    """Return the partition of what a code or words (hashed) mean."""
    return f"T#{tenant}#MAPPING#{hashed}"


def market(tenant: Tenant, specialty: str) -> str:
    """Return the partition of what was published of a market, in as many items as it takes."""
    return f"T#{tenant}#MARKET#{specialty}"


def demand(tenant: Tenant, specialty: str) -> str:
    """Return the partition of what referrals asked of a market, in the order of time."""
    return f"T#{tenant}#DEMAND#{specialty}"


def capacity(tenant: Tenant, npi: str) -> str:
    """Return the partition of a practitioner's weeks."""
    return f"T#{tenant}#CAPACITY#{npi}"


def capacity_of(partition: str) -> tuple[Tenant, str]:
    """Take the partition of a practitioner's weeks apart."""
    _, tenant, _, npi = partition.split("#", 3)
    return Tenant(tenant), npi


def npi(tenant: Tenant, number: str) -> str:
    """Return the partition that says under which specialties the directory lists an NPI."""
    return f"T#{tenant}#NPI#{number}"


def organizations(tenant: Tenant) -> str:
    """Return the partition of the organizations that the directory has entries of."""
    return f"T#{tenant}#ORGANIZATIONS"


def to_verify(tenant: Tenant) -> str:
    """Return the partition of the directory's entries that a person is to verify."""
    return f"T#{tenant}#VERIFY"


def waitlist(tenant: Tenant, specialty: str) -> str:
    """Return the partition of the referrals that wait for somebody of a specialty."""
    return f"T#{tenant}#WAITLIST#{specialty}"


def phone(tenant: Tenant, hashed: str) -> str:
    """Return the partition of a (hashed) number: its referrals, its messages, its opt-out."""
    return f"T#{tenant}#PHONE#{hashed}"


def identifier(tenant: Tenant, hashed: str) -> str:
    """Return the partition of a (hashed) identifier that several orders may have."""
    return f"T#{tenant}#IDENTIFIER#{hashed}"


def under(referral_id: ReferralId) -> str:
    """Return the sort key of a referral under an identifier or a number."""
    return f"{Sort.REFERRAL_OF}{referral_id}"


def referral_under(sort: str) -> ReferralId:
    """Return the referral in such a sort key."""
    return ReferralId(sort.removeprefix(Sort.REFERRAL_OF))


def unmatched(tenant: Tenant, item_id: str) -> str:
    """Return the partition of something that belongs to no referral yet."""
    return f"T#{tenant}#UNMATCHED#{item_id}"


def unmatched_of(partition: str) -> str:
    """Return the id in such a partition."""
    return partition.rpartition("#")[2]


def refused(tenant: Tenant, client_id: str, code: str, day: str) -> str:
    """Return the partition of how many orders of a client were refused for a reason on a day."""
    return f"T#{tenant}#REFUSED#{client_id}#{code}#{day}"


def principal(client_id: str) -> str:
    """Return the partition of a principal."""
    return f"PRINCIPAL#{client_id}"


def assertions(client_id: str) -> str:
    """Return the partition of a client's used assertions: beside its principal, not with it."""
    return f"ASSERTIONS#{client_id}"


def event(version: int) -> str:
    """Return the sort key of an event; versions sort as numbers up to a million."""
    return f"{Sort.EVENT}{version:06d}"


def payload(version: int) -> str:
    """Return the sort key of a payload version."""
    return f"{Sort.PAYLOAD}{version:03d}"


def decision(number: int) -> str:
    """Return the sort key of a routing decision."""
    return f"{Sort.DECISION}{number:06d}"


def evidence(sha256_hex: str) -> str:
    """Return the sort key of a piece of evidence."""
    return f"{Sort.EVIDENCE}{sha256_hex}"


def update(update_id: str) -> str:
    """Return the sort key of an update."""
    return f"{Sort.UPDATE}{update_id}"


def places_at(organization: str) -> str:
    """Return the attribute of a week in which an organization states its places."""
    return f"places {organization}"


def week_of(tenant: Tenant, npi: str, week: str) -> dict[str, str]:
    """Return the key of a practitioner's week."""
    return {"pk": capacity(tenant, npi), "sk": f"{Sort.WEEK}{week}"}


def minute(moment: datetime) -> str:
    """Write an instant so that strings sort as time: UTC, the minute that it lies in."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def instant(written: str) -> datetime:
    """Read what `minute` wrote."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def second(moment: datetime) -> str:
    """Write an instant so that strings sort as time: UTC, the second that it lies in."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millisecond(moment: datetime) -> str:
    """Write an instant so that strings sort as time: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def referrer(tenant: Tenant, organization: str) -> str:
    """Return the referrer index's partition."""
    return f"T#{tenant}#E#{organization}"


def due_shard(referral_id: ReferralId) -> str:
    """Return the due index's partition of a referral, spread by its id."""
    return f"DUE#{int(sha256(referral_id.encode()).hexdigest()[:8], 16) % DUE_SHARDS}"


def due_shards() -> tuple[str, ...]:
    """Return every partition of the due index."""
    return tuple(f"DUE#{n}" for n in range(DUE_SHARDS))


def queue(tenant: Tenant, name: str) -> str:
    """Return the queue index's partition; `closed` holds what is closed."""
    return f"T#{tenant}#Q#{name}"


def team(tenant: Tenant, name: str) -> str:
    """Return the partition of a team's open work items."""
    return f"T#{tenant}#TEAM#{name}"


def owner(tenant: Tenant, client_id: str) -> str:
    """Return the partition of the open work items that somebody has claimed."""
    return f"T#{tenant}#OWNER#{client_id}"


def unassigned(tenant: Tenant, name: str) -> str:
    """Return the partition of a team's open work items that nobody has claimed."""
    return f"T#{tenant}#UNASSIGNED#{name}"


def closed(tenant: Tenant) -> str:
    """Return the partition of a tenant's closed referrals, the last closed first."""
    return f"T#{tenant}#CLOSED"


def number(tenant: Tenant, hashed: str) -> str:
    """Return the partition of the referrals that bear a placer's (hashed) number."""
    return f"T#{tenant}#NUMBER#{hashed}"


def number_place(received_at: datetime, referral_id: ReferralId) -> str:
    """Return where a referral stands among those of its number, in the order of receipt."""
    return f"{second(received_at)}#{referral_id}"


def referral_at(place: str) -> ReferralId:
    """Return the referral that stands at such a place."""
    return ReferralId(place.partition("#")[2])


def performer(tenant: Tenant, organization: str) -> str:
    """Return the performer index's partition."""
    return f"T#{tenant}#PERFORMER#{organization}"

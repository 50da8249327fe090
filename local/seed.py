"""What operations would load for one tenant: profile, payers, EHR, specialists, clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from local.clients import Cell, onboard_pool_client
from local.deploy import Deployment
from local.emulator import Emulator
from local.partners.carrier.endpoint import NUMBER
from local.partners.world import Client
from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.directory import config_items
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.ids import Tenant
from referral_core.domain.npi import check_digit
from referral_core.domain.referral import Reservation
from referral_core.domain.routing.capacity import weeks_from
from referral_core.domain.updates import Role

TENANT: Final = Tenant("lakeside")
EHR: Final = "lakeside-ehr"
SECRET: Final = "referral-router/partners"  # noqa: S105 - the secret's name
PAYERS: Final = (
    ("harbor-health-plan", "Harbor Health Plan", "99101"),
    ("pioneer-valley", "Pioneer Valley Medicare Advantage", "99102"),
)
"""Id, name and identifier in X12."""
CLINICS: Final = ("northside-clinic", "harborview-clinic", "elm-street-clinic")
OUTSIDE: Final = "riverside-associates"
"""A clinic in no payer's network: only a pathway that may leave the network comes to it."""
SPECIALTIES: Final[Mapping[str, str]] = {
    "207N00000X": "Dermatology",
    "207RG0100X": "Gastroenterology",
    "207Y00000X": "Otolaryngology",
    "207R00000X": "Internal medicine",
    "207RC0000X": "Cardiology",
    "2084N0400X": "Neurology",
    "207X00000X": "Orthopaedic surgery",
    "2084P0800X": "Psychiatry",
    "103T00000X": "Psychology",
    "101YM0800X": "Mental health counselling",
    "261QR0200X": "Radiology",
    "251E00000X": "Home health",
    "251B00000X": "Case management of social needs",
}
"""NUCC codes: in each, every clinic of CLINICS has somebody; a pathway's own is among them."""
OUTSIDE_SPECIALTIES: Final = ("207R00000X", "207RI0200X")
"""The second, infectious disease, nobody in the network has."""
SCARCE: Final = "207RR0500X"
"""Rheumatology: one specialist with one place a week, taken for the weeks that routing looks ahead.

So an order for it is waitlisted until the next week comes into sight.
"""
_SCARCE_NPI: Final = "199998001"
_WEEKS_TAKEN: Final = 8
WEEKLY: Final = 40
"""Places a week of everybody else: a day of six hundred referrals finds room."""


@dataclass(frozen=True)
class Seeded:
    """The clients by name: `ehr`, `payer`, `staff`, `clinic:<organization>`."""

    clients: Mapping[str, Client]


def onboard(emulator: Emulator, deployment: Deployment, role: Role, organization: str) -> Client:
    """Register one client of the user pool, with a secret."""
    principal = Principal(client_id="", tenant=TENANT, role=role, organization=organization)
    cell = Cell(emulator.client, deployment.outputs)
    return Client(*onboard_pool_client(cell, principal))


def seed(emulator: Emulator, deployment: Deployment, partners_url: str, today: date) -> Seeded:
    """Load the tenant, as it stands on a day."""
    emulator.client("secretsmanager").create_secret(Name=SECRET, SecretString="partners-token")
    for record in records(partners_url):
        for entry in config_items(record):
            put(emulator, deployment, entry)
    for reservation in reservations(today):
        key = {
            "pk": {"S": keys.capacity(TENANT, reservation.npi)},
            "sk": {"S": f"{keys.Sort.WEEK}{reservation.week}"},
        }
        put(emulator, deployment, {**key, "held": {"N": "1"}})
    wanted = {
        "ehr": (Role.EHR, EHR),
        "staff": (Role.STAFF, "lakeside"),
        "finance": (Role.FINANCE, "lakeside"),
        **{f"payer:{payer}": (Role.PAYER, payer) for payer, _, _ in PAYERS},
        **{f"clinic:{name}": (Role.CLINIC, name) for name in (*CLINICS, OUTSIDE)},
    }
    return Seeded({name: onboard(emulator, deployment, *who) for name, who in wanted.items()})


def records(
    partners: str,
) -> Iterator[TenantProfile | Payer | EhrSystem | Practitioner | Principal]:
    """Yield the tenant's configuration; partners' endpoints begin with an address."""
    yield TenantProfile(
        tenant=TENANT,
        name="Lakeside Family Medicine",
        npi="1999900107",
        time_zone="America/New_York",
        holidays="US-MA",
        sender_name="Lakeside Care",
        call_back="508-555-0101",
        sliding_fee=True,
    )
    for payer_id, name, identifier in PAYERS:
        yield Payer(
            tenant=TENANT,
            id=payer_id,
            name=name,
            x12_id=identifier,
            aliases=(identifier,),
            eligibility_url=f"{partners}/payer/eligibility",
            authorization_url=f"{partners}/payer/fhir",
            secret=SECRET,
        )
    yield EhrSystem(
        tenant=TENANT, id=EHR, name="Lakeside EHR", notices_url=f"{partners}/ehr", secret=SECRET
    )
    yield Principal(
        client_id=NUMBER, tenant=TENANT, role=Role.PATIENT_CHANNEL, organization="carrier"
    )
    yield from _specialists(partners)


def reservations(today: date) -> Iterator[Reservation]:
    """Yield the capacity that is reserved for the tenant's other patients already."""
    # A week more, since a slow machine deploys on the day before.
    for week in weeks_from(today - timedelta(weeks=1), _WEEKS_TAKEN + 1):
        yield Reservation(npi=_npi(_SCARCE_NPI), week=week)


def _specialists(partners: str) -> Iterator[Practitioner]:
    for s, specialty in enumerate(SPECIALTIES):
        for c, clinic in enumerate(CLINICS):
            yield _specialist(
                partners,
                nine_digits=f"19999{s:02d}{c:02d}",
                name=f"Dr. Specialist {s + 1}-{c + 1}",
                specialty=specialty,
                organization=clinic,
                tier=1 + c % 2,
                latitude=42.26 + c / 50,
                languages=("en", "es") if c else ("en",),
            )
    yield _specialist(
        partners,
        nine_digits=_SCARCE_NPI,
        name="Dr. Sought-After",
        specialty=SCARCE,
        organization=CLINICS[-1],
        weekly_capacity=1,
    )
    for number, specialty in enumerate(OUTSIDE_SPECIALTIES, start=1):
        yield _specialist(
            partners,
            nine_digits=f"19999900{number}",
            name=f"Dr. Outside {number}",
            specialty=specialty,
            organization=OUTSIDE,
            networks=(),
            tier=3,
        )


def _specialist(partners: str, *, nine_digits: str, **fields: Any) -> Practitioner:
    usual = {"networks": ("*",), "tier": 1, "latitude": 42.30, "longitude": -71.80}
    return Practitioner.model_validate(
        {
            **usual,
            "weekly_capacity": WEEKLY,
            "tenant": TENANT,
            "npi": _npi(nine_digits),
            "clinic_url": f"{partners}/clinic/{fields['organization']}",
            "secret": SECRET,
            **fields,
        }
    )


def _npi(nine_digits: str) -> str:
    """Append the check digit: synthetic, but well formed."""
    return f"{nine_digits}{check_digit(nine_digits)}"


def put(emulator: Emulator, deployment: Deployment, item: Mapping[str, Any]) -> None:
    """Write one configuration item."""
    emulator.client("dynamodb").put_item(TableName=deployment["TableName"], Item=item)

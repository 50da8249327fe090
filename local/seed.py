"""What operations would load for one tenant: profile, payers, EHR, specialists, clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.deploy import Deployment
from local.emulator import Emulator
from local.partners.carrier import NUMBER
from local.partners.world import Client
from referral_core.adapters.directory import config_item
from referral_core.domain.model import Tenant
from referral_core.domain.network import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.principal import Principal
from referral_core.domain.updates import Role

TENANT: Final = Tenant("lakeside")
EHR: Final = "lakeside-ehr"
SECRET: Final = "referral-router/partners"  # noqa: S105 - the secret's name
CLINICS: Final = ("northside-clinic", "harborview-clinic", "elm-street-clinic")
# Dermatology, gastroenterology, otolaryngology, internal medicine, cardiology, neurology, …
SPECIALTIES: Final = (
    "207N00000X",
    "207RG0100X",
    "207Y00000X",
    "207R00000X",
    "207RC0000X",
    "2084N0400X",
    "207X00000X",
)
SCOPES: Final = ("referrals/read", "referrals/write")


@dataclass(frozen=True)
class Seeded:
    """The clients by name: `ehr`, `payer`, `staff`, `clinic:<organization>`."""

    clients: Mapping[str, Client]


def onboard(emulator: Emulator, deployment: Deployment, role: Role, organization: str) -> Client:
    """Register one client: an app client of the user pool, an audience of the API, a principal."""
    cognito = emulator.client("cognito-idp")
    made = cognito.create_user_pool_client(
        UserPoolId=deployment["UserPoolId"],
        ClientName=f"{role}-{organization}",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=list(SCOPES),
    )["UserPoolClient"]
    client = Client(made["ClientId"], made["ClientSecret"])
    principal = Principal(
        client_id=client.client_id, tenant=TENANT, role=role, organization=organization
    )
    put(emulator, deployment, config_item(principal))
    _admit(emulator, deployment, client.client_id)
    return client


def seed(emulator: Emulator, deployment: Deployment, partners_url: str) -> Seeded:
    """Load the tenant."""
    emulator.client("secretsmanager").create_secret(Name=SECRET, SecretString="partners-token")
    for record in _records(partners_url):
        put(emulator, deployment, config_item(record))
    wanted = {
        "ehr": (Role.EHR, EHR),
        "payer": (Role.PAYER, "harbor-health-plan"),
        "staff": (Role.STAFF, "lakeside"),
        **{f"clinic:{name}": (Role.CLINIC, name) for name in CLINICS},
    }
    return Seeded({name: onboard(emulator, deployment, *who) for name, who in wanted.items()})


def _records(
    partners: str,
) -> Iterator[TenantProfile | Payer | EhrSystem | Practitioner | Principal]:
    yield TenantProfile(
        tenant=TENANT,
        name="Lakeside Family Medicine",
        npi="1999900107",
        time_zone="America/New_York",
        holidays="US-MA",
        sender_name="Lakeside Care",
        call_back="508-555-0101",
    )
    for payer_id, name, identifier in (
        ("harbor-health-plan", "Harbor Health Plan", "99101"),
        ("pioneer-valley", "Pioneer Valley Medicare Advantage", "99102"),
    ):
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


def _specialists(partners: str) -> Iterator[Practitioner]:
    for s, specialty in enumerate(SPECIALTIES):
        for c, clinic in enumerate(CLINICS):
            yield Practitioner(
                tenant=TENANT,
                npi=_npi(f"19999{s:02d}{c:02d}"),
                name=f"Dr. Specialist {s + 1}-{c + 1}",
                specialty=specialty,
                organization=clinic,
                networks=("*",),
                tier=1 + c % 2,
                latitude=42.26 + c / 50,
                longitude=-71.80,
                languages=("en", "es") if c else ("en",),
                weekly_capacity=8,
                clinic_url=f"{partners}/clinic/{clinic}",
                secret=SECRET,
            )


def _npi(nine_digits: str) -> str:
    """Append the check digit (Luhn over 80840 and the number): synthetic, but well formed."""
    total = 0
    for position, digit in enumerate(reversed(f"80840{nine_digits}")):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - Luhn
    return f"{nine_digits}{-total % 10}"


def put(emulator: Emulator, deployment: Deployment, item: Mapping[str, Any]) -> None:
    """Write one configuration item."""
    emulator.client("dynamodb").put_item(TableName=deployment["TableName"], Item=item)


def _admit(emulator: Emulator, deployment: Deployment, client_id: str) -> None:
    """Add the client to the authorizer's audiences; on AWS the stack's parameter ClientIds."""
    gateway = emulator.client("apigatewayv2")
    (authorizer,) = gateway.get_authorizers(ApiId=deployment["ApiId"])["Items"]
    jwt = authorizer["JwtConfiguration"]
    gateway.update_authorizer(
        ApiId=deployment["ApiId"],
        AuthorizerId=authorizer["AuthorizerId"],
        JwtConfiguration={**jwt, "Audience": [*jwt.get("Audience", []), client_id]},
    )

"""The tenants of the simulation: the one that `make demo` loads, and one for Synthea's patients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from local.seed import EHR, SECRET, TENANT, _npi
from local.seed import records as of_the_demo
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.updates import Role

PARTNERS: Final = "https://partners"
"""Where the simulated partners' endpoints begin; the host is nowhere looked up."""

Configured = TenantProfile | Payer | EhrSystem | Practitioner | Principal

INSURERS: Final = ("private", "medicare", "medicaid", "dual_eligible")
"""The kinds of insurance that Synthea names; each is one synthetic payer here."""
_PLACES: Final = (
    ("boston-clinic", 42.36, -71.06),
    ("lowell-clinic", 42.63, -71.32),
    ("worcester-clinic", 42.26, -71.80),
    ("fall-river-clinic", 41.70, -71.16),
    ("springfield-clinic", 42.10, -72.59),
    ("pittsfield-clinic", 42.45, -73.25),
    ("quincy-clinic", 42.25, -71.00),
    ("salem-clinic", 42.52, -70.90),
    ("framingham-clinic", 42.28, -71.42),
    ("plymouth-clinic", 41.96, -70.67),
    ("fitchburg-clinic", 42.58, -71.80),
    ("cambridge-clinic", 42.37, -71.11),
)
_ROOM: Final = {
    "207N00000X": 4,
    "207RG0100X": 4,
    "207Y00000X": 4,
    "207X00000X": 4,
    "2084N0400X": 3,
    "207R00000X": 4,
    "207RC0000X": 8,
    "2084P0800X": 3,
    "103T00000X": 4,
    "261QR0200X": 8,
    "251B00000X": 6,
    "251E00000X": 5,
}
"""NUCC taxonomy code → places a week of one practitioner: enough on most weeks, not on all."""
_SPEAKS: Final = (("en",), ("en", "es"), ("en", "pt"), ("en", "es", "pt"), ("en", "es"), ("en",))


def records() -> list[Configured]:
    """Return what operations would load for the tenant of the demo."""
    loaded: list[Configured] = list(of_the_demo(PARTNERS))
    return [*loaded, *clients(loaded)]


def massachusetts() -> list[Configured]:
    """Return the demo's tenant as an FQHC with a network over the state, for Synthea's patients."""
    loaded: list[Configured] = []
    for record in of_the_demo(PARTNERS):
        if isinstance(record, TenantProfile):
            loaded.append(record.model_copy(update={"sliding_fee": True}))
        elif not isinstance(record, Practitioner):
            loaded.append(record)
    loaded += [_insurer(name) for name in INSURERS]
    loaded += _network()
    return [*loaded, *clients(loaded)]


def clients(loaded: Sequence[Configured]) -> Iterator[Principal]:
    """Return the principals of the partners' clients; a client's id is its name."""
    yield _client("ehr", Role.EHR, EHR)
    yield _client("staff", Role.STAFF, "lakeside")
    yield _client("finance", Role.FINANCE, "lakeside")
    for payer in loaded:
        if isinstance(payer, Payer):
            yield _client(f"payer:{payer.id}", Role.PAYER, payer.id)
    organizations = {r.organization: None for r in loaded if isinstance(r, Practitioner)}
    for organization in organizations:
        yield _client(f"clinic:{organization}", Role.CLINIC, organization)


def _client(name: str, role: Role, organization: str) -> Principal:
    return Principal(client_id=name, tenant=TENANT, role=role, organization=organization)


def _insurer(name: str) -> Payer:
    return Payer(
        tenant=TENANT,
        id=name,
        name=f"Synthetic {name}",
        x12_id=name.upper(),
        aliases=(name,),
        eligibility_url=f"{PARTNERS}/payer/eligibility",
        authorization_url=f"{PARTNERS}/payer/fhir",
        secret=SECRET,
    )


def _network() -> Iterator[Practitioner]:
    for s, (specialty, room) in enumerate(_ROOM.items()):
        for c, (clinic, latitude, longitude) in enumerate(_PLACES):
            yield Practitioner(
                tenant=TENANT,
                npi=_npi(f"19998{s:02d}{c:02d}"),
                name=f"Dr. Simulated {s + 1}-{c + 1}",
                specialty=specialty,
                organization=clinic,
                networks=("*",),
                tier=1 + (s + c) % 2,
                latitude=latitude,
                longitude=longitude,
                languages=_SPEAKS[c % len(_SPEAKS)],
                weekly_capacity=room,
                clinic_url=f"{PARTNERS}/clinic/{clinic}",
                secret=SECRET,
            )

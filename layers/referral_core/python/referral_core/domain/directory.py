"""The parties a tenant works with, as configuration items: tenant, payers, EHRs, specialists.

How a partner is spoken to is data: its protocol names the adapter, its address and its secret.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from referral_core.domain.ids import Tenant
from referral_core.domain.model import Model


class TenantProfile(Model):
    """A health system, provider group or FQHC.

    Attributes:
        time_zone: IANA name; quiet hours and business days are read in it.
        holidays: ISO 3166-2 code for the `holidays` calendar, for example `US-MA`.
        sender_name: how messages name the sender: of ASCII, so that it fits one SMS part with the
            rest; and it says of no specialty what it is, for it is read on every patient's phone.
        call_back: number that patients can call.
        sliding_fee: whether patients who pay themselves have a class of a sliding fee scale.
    """

    tenant: Tenant
    name: str
    npi: str
    time_zone: str
    holidays: str
    sender_name: str = Field(max_length=24, pattern=r"^[A-Za-z0-9 .,&'()/+-]+$")
    call_back: str = Field(max_length=16, pattern=r"^\+?[0-9 ().-]+$")
    sliding_fee: bool = False


class PayerClass(StrEnum):
    """The class of a payer: a cut of every figure, and what clocks the law sets it."""

    COMMERCIAL = "commercial"
    MEDICARE = "medicare"
    MEDICARE_ADVANTAGE = "medicare-advantage"
    MEDICAID = "medicaid"
    SELF_PAY = "self-pay"
    OTHER = "other"


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
    """A specialist in the tenant's directory.

    Attributes:
        specialty: NUCC taxonomy code.
        networks: ids of the payers whose network the practitioner is in; `*` for all.
        tier: 1 preferred, 2 in network, 3 out of network.
        weekly_capacity: new referrals a week.
        time_zone: IANA name of the clinic's own zone; None: as it writes its times, else the
            tenant's.
        clinic_url: base URL of the clinic's FHIR endpoint that receives Task B.
        protocol: the adapter that speaks to the clinic.
    """

    tenant: Tenant
    npi: str
    name: str
    specialty: str
    organization: str
    networks: tuple[str, ...]
    tier: int
    latitude: float
    longitude: float
    languages: tuple[str, ...] = ("en",)
    accepting: bool = True
    weekly_capacity: int
    time_zone: str | None = None
    clinic_url: str
    secret: str
    protocol: str = "fhir-task"

"""Which adapter speaks to a partner is data: its protocol; an unknown one says what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from referral_core.adapters.memory.partners import MemoryClinics, MemoryEhr
from referral_core.adapters.memory.payer import MemoryPayer
from referral_core.adapters.protocols import (
    ClinicsByProtocol,
    EhrByProtocol,
    EligibilityByProtocol,
    PriorAuthByProtocol,
)
from referral_core.domain.directory import EhrSystem, Practitioner
from referral_core.domain.errors import Permanent
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.messages import OfferedReferral
from referral_core.domain.orders.clinical_content import ClinicalContent, ClinicalPayload
from referral_core.domain.referral import Notice
from tests.adapters.messages import a_message
from tests.unit.builders import NOW, TENANT, a_referral
from tests.unit.fhir.partners import a_performer, an_offered_referral
from tests.unit.payer_requests import a_payer, an_authorization_request, an_inquiry

NOTICE = Notice(number=1, outcome=Outcome.SUPERSEDED, queued_at=NOW)


def an_ehr(**fields: Any) -> EhrSystem:
    base = {"tenant": TENANT, "id": "e1", "name": "EHR", "notices_url": "https://e", "secret": "s"}
    return EhrSystem.model_validate({**base, **fields})


def an_offer(performer: Practitioner) -> OfferedReferral:
    payload = ClinicalPayload(
        service_request={},
        resources={},
        content=ClinicalContent(),
        source_sha256="0",
        content_hash="0",
    )
    return OfferedReferral(
        referral=an_offered_referral(), task_id="r1.b1", performer=performer, payload=payload
    )


@dataclass
class Hl7V2Clinics(MemoryClinics):
    """Stands for a clinic that takes messages instead of FHIR."""


@dataclass
class Hl7V2Ehr(MemoryEhr):
    """Stands for an EHR that takes messages instead of FHIR."""


@dataclass
class Partners:
    fhir_clinics: MemoryClinics = field(default_factory=MemoryClinics)
    v2_clinics: MemoryClinics = field(default_factory=Hl7V2Clinics)
    fhir_ehr: MemoryEhr = field(default_factory=MemoryEhr)
    v2_ehr: MemoryEhr = field(default_factory=Hl7V2Ehr)

    def __post_init__(self) -> None:
        self.clinics = ClinicsByProtocol(
            {"fhir-task": self.fhir_clinics, "hl7v2-ref": self.v2_clinics}
        )
        self.ehr = EhrByProtocol({"fhir-communication": self.fhir_ehr, "hl7v2-rri": self.v2_ehr})


def test_a_partner_that_names_no_protocol_has_the_one_of_today() -> None:
    partners = Partners()
    payer = MemoryPayer()

    partners.clinics.offer(an_offer(a_performer()))
    partners.ehr.notify(an_ehr(), a_referral(), NOTICE)
    partners.ehr.show(an_ehr(), a_message(channel="portal"), NOW)
    checked = EligibilityByProtocol({"x12-271": payer}).check(a_payer(), an_inquiry())
    decided = PriorAuthByProtocol({"davinci-pas": payer}).submit(
        a_payer(), an_authorization_request()
    )

    assert list(partners.fhir_clinics.offers) == ["r1.b1"]
    assert (list(partners.fhir_ehr.notices), list(partners.fhir_ehr.shown)) == (
        ["r1.n1"],
        ["r1-c1"],
    )
    assert checked == payer.check(a_payer(), an_inquiry())
    assert decided == payer.submit(a_payer(), an_authorization_request())


def test_a_clinic_behind_another_protocol_is_spoken_to_by_it() -> None:
    partners, performer = Partners(), a_performer().but(protocol="hl7v2-ref")

    partners.clinics.offer(an_offer(performer))
    partners.clinics.remind(performer, "r1.b1", "answer")
    partners.clinics.withdraw(performer, "r1.b1", "no-answer")

    spoken = partners.v2_clinics
    assert (list(spoken.offers), spoken.reminded, spoken.withdrawn) == (
        ["r1.b1"],
        [("r1.b1", "answer")],
        {"r1.b1": "no-answer"},
    )
    silent = partners.fhir_clinics
    assert (silent.offers, silent.reminded, silent.withdrawn) == ({}, [], {})


def test_an_ehr_behind_another_protocol_is_spoken_to_by_it() -> None:
    partners, ehr = Partners(), an_ehr(protocol="hl7v2-rri")

    partners.ehr.notify(ehr, a_referral(), NOTICE)
    partners.ehr.show(ehr, a_message(channel="portal"), NOW)

    assert list(partners.v2_ehr.notices) == ["r1.n1"]
    assert list(partners.v2_ehr.shown) == ["r1-c1"]
    assert (partners.fhir_ehr.notices, partners.fhir_ehr.shown) == ({}, {})


def test_an_unknown_protocol_is_permanent_and_says_what_to_configure() -> None:
    partners, payer = Partners(), MemoryPayer()

    with pytest.raises(Permanent, match=r"protocol of practitioner 1999900032 is 'fax'.*fhir-task"):
        partners.clinics.offer(an_offer(a_performer().but(protocol="fax")))
    with pytest.raises(Permanent, match=r"protocol of EHR e1 is 'fax'.*fhir-communication"):
        partners.ehr.notify(an_ehr(protocol="fax"), a_referral(), NOTICE)
    with pytest.raises(Permanent, match=r"eligibility_protocol of payer valley-plan is 'fax'"):
        EligibilityByProtocol({"x12-271": payer}).check(
            a_payer(eligibility_protocol="fax"), an_inquiry()
        )
    with pytest.raises(Permanent, match=r"authorization_protocol of payer valley-plan is 'fax'"):
        PriorAuthByProtocol({"davinci-pas": payer}).submit(
            a_payer(authorization_protocol="fax"), an_authorization_request()
        )

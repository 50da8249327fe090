"""Real input, written by others: each file is understood, or refused for a reason we can name.

A file is posted as `make demo REFERRALS=…` posts it: a ServiceRequest to /fhir/ServiceRequest, a
message Bundle to /fhir/$process-message, everything else to /fhir.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from referral_core.fhir.errors import FhirError
from referral_core.fhir.intake.orders import Intake, read_referrals
from tests.contracts.fhir_oracles import ROOT
from tests.contracts.referral_samples import kind_of
from tests.unit.builders import NOW
from tests.unit.fhir.orders import FHIR_JSON

DATA: Final = ROOT.parent / "shared" / "data"
FHIR: Final = DATA / "fhir"

pytestmark = pytest.mark.skipif(
    not FHIR.is_dir(), reason="../shared/data is not there: real input is not part of the project"
)


class Refused(NamedTuple):
    """The own code of the first issue, and why it is right to refuse."""

    own_code: str
    because: str


class Understood(NamedTuple):
    """What must be understood of the referral; None: the file does not say it."""

    family: str | None = None
    member_id: str | None = None
    payor: str | None = None
    service: str | None = None
    reason: str | None = None
    requester: str | None = None


Expected = Refused | Understood

NO_REQUEST: Final = Refused("wrong-resource-type", "a resource that asks for no service")
NO_ORDER: Final = Refused("no-referral", "an authorization without an order: nobody is referred")
AN_ANSWER: Final = Refused("bundle-type-not-accepted", "the result of a search or a history")
DONE: Final = Refused("status-not-accepted", "a sub-referral that is completed already")
BASED_ON: Final = Refused("wrong-type", "basedOn is one object where R4 has a list")
A_BOOKING: Final = Refused("no-referral", "the focus of the message is an Appointment")
CONSULTATION: Final = "https://codesystem.x12.org/005010/1365|3"

# folder → resource type → what becomes of its files; `*`: all other types.
BY_TYPE: Final[Mapping[str, Mapping[str, Expected]]] = {
    "davinci-pas-2.2.1": {
        "*": NO_REQUEST,
        "Bundle": NO_ORDER,
        "ServiceRequest": Understood(service=CONSULTATION),
    },
    "davinci-pas-2.0.1": {
        "*": NO_REQUEST,
        "Bundle": NO_ORDER,
        "ServiceRequest": Understood(service=CONSULTATION),
    },
    "davinci-crd-2.0.1": {
        "*": NO_REQUEST,
        "ServiceRequest": Understood(
            service="http://snomed.info/sct|25267002",
            reason="Bradycardia",
            requester="Dr. Beverly Crusher",
        ),
    },
    "us-core-7.0.0": {
        "*": NO_REQUEST,
        "Bundle": AN_ANSWER,
        "ServiceRequest": Understood(service="http://snomed.info/sct|467771000124109"),
    },
    "sdohcc-gravity": {
        "*": NO_REQUEST,
        "ServiceRequest": DONE,
    },
    "nhs-bars-1.4.0": {
        "*": NO_REQUEST,
        "Bundle": AN_ANSWER,
        "ServiceRequest": BASED_ON,
        "no resource type": Refused("missing-resource-type", "a status page, not FHIR"),
        "not JSON": Refused("malformed-json", "published with a comma missing"),
    },
}
# The few that differ from their type.
BY_NAME: Final[Mapping[str, Expected]] = {
    "davinci-pas-2.2.1/Bundle-PASSubscriptionNotification.json": AN_ANSWER,
    "davinci-pas-2.2.1/Parameters-PASClaimInquiryOperationResponseExample.json": Refused(
        "not-a-message", "its one parameter is the answer to an inquiry, a collection Bundle"
    ),
    "davinci-pas-2.2.1/Parameters-SubscriptionNotificationParameters.json": Refused(
        "wrong-parameters", "the status of a Subscription: no parameter holds a resource"
    ),
    "davinci-pas-2.2.1/Bundle-ReferralAuthorizationBundleExample.json": Understood(
        family="SMITH",
        member_id="1122334455",
        payor="MARYLAND CAPITAL INSURANCE COMPANY",
        service=CONSULTATION,
        reason="http://hl7.org/fhir/sid/icd-10-cm|G89.4",
        requester="DR. JOE SMITH CORPORATION",
    ),
    "davinci-pas-2.0.1/Bundle-ReferralAuthorizationBundleExample.json": Understood(
        family="SMITH",
        payor="MARYLAND CAPITAL INSURANCE COMPANY",
        service=CONSULTATION,
        reason="http://hl7.org/fhir/sid/icd-10-cm|G89.4",
        requester="DR. JOE SMITH CORPORATION",
    ),
    "us-core-7.0.0/ServiceRequest-rehab.json": Understood(
        service="http://snomed.info/sct|24165007", reason="Alcohol use disorder (disorder)"
    ),
    "sdohcc-gravity/ServiceRequest-SDOHCC-ServiceRequestActiveFoodPantryApplicationAssistExample"
    ".json": Understood(service="http://snomed.info/sct|467771000124109"),
    "nhs-bars-1.4.0/process_message__POST-body.json": A_BOOKING,
    "nhs-bars-1.4.0/process_message__request__Booking__POST_.json": A_BOOKING,
    "nhs-bars-1.4.0/process_message__POST-success.json": A_BOOKING,
    "nhs-bars-1.4.0/process_message__response__Booking__HTTP_Response__.json": A_BOOKING,
    "nhs-bars-1.4.0/process_message__request__ValidationRequest__POST__.json": Understood(
        family="Jones",
        service="Consulting psychologists and/or psychology services",
        requester="Marcy BLAKE",
    ),
    # Published as a response, but its header has no `response`: it reads as a request.
    "nhs-bars-1.4.0/process_message__response__ValidationRequest__HTTP_Response__.json": Understood(
        family="Jones",
        reason="https://fhir.nhs.uk/CodeSystem/sd-codes|1122334455",
        requester="Marcy BLAKE",
    ),
    "nhs-bars-1.4.0/process_message__request__ValidationResponse__POST__.json": Refused(
        "message-is-a-response", "the answer to a request, for who asked"
    ),
    "nhs-bars-1.4.0/service_request__PATCH-body.json": Refused(
        "unknown-code", "R4 has no status `inactive`; and the subject is missing"
    ),
}


def files() -> Iterator[Path]:
    for folder in BY_TYPE:
        yield from sorted((FHIR / folder).glob("*.json"))


def type_of(path: Path) -> str:
    try:
        return str(json.loads(path.read_bytes()).get("resourceType", "no resource type"))
    except json.JSONDecodeError:
        return "not JSON"


def expected(path: Path) -> Expected:
    folder = BY_TYPE[path.parent.name]
    by_type = folder.get(type_of(path), folder["*"])
    return BY_NAME.get(f"{path.parent.name}/{path.name}", by_type)


def posted(path: Path) -> list[Intake]:
    return read_referrals(path.read_bytes(), FHIR_JSON, kind_of(path), NOW)


def understood(intake: Intake) -> Understood:
    content = intake.clinical
    service, reasons = content.service, content.reasons
    reason = reasons[0] if reasons else None
    return Understood(
        family=content.patient.family,
        member_id=content.coverage.member_id,
        payor=content.coverage.payor.name if content.coverage.payor else None,
        service=f"{service.system}|{service.code}" if service.code else service.display,
        reason=(f"{reason.system}|{reason.code}" if reason.code else reason.text)
        if reason
        else None,
        requester=content.requester.name or content.requester.organization,
    )


@pytest.mark.parametrize("path", list(files()), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_file_is_understood_or_refused_with_a_reason(path: Path) -> None:
    wanted = expected(path)
    if isinstance(wanted, Understood):
        (intake,) = posted(path)
        assert understood(intake) == wanted
        return
    with pytest.raises(FhirError) as caught:
        posted(path)
    assert caught.value.issues[0].own_code == wanted.own_code, wanted.because


def test_every_row_of_the_table_is_used() -> None:
    seen = {f"{path.parent.name}/{path.name}" for path in files()}
    assert set(BY_NAME) <= seen
    types = {(p.parent.name, type_of(p)) for p in files()}
    rows = {(folder, kind) for folder, of in BY_TYPE.items() for kind in of if kind != "*"}
    assert rows <= types


# --- Synthea: the referral and the coverage are contained in an ExplanationOfBenefit ------------

SYNTHEA: Final = DATA / "synthea-ma-2019-fhir"


def ndjson(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SYNTHEA / name).read_bytes().splitlines()]


def carriers(*, as_published: bool) -> Iterator[tuple[dict[str, Any], bytes]]:
    patients = {p["id"]: p for p in ndjson("Patient.ndjson")}
    for explanation in ndjson("ExplanationOfBenefit.ndjson"):
        patient = patients[explanation["patient"]["reference"].removeprefix("urn:uuid:")]
        if not as_published:
            for inner in explanation["contained"]:
                if inner["resourceType"] == "ServiceRequest":
                    inner["status"] = "active"
        entries = [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in (explanation, patient)
        ]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        yield patient, json.dumps(bundle).encode()


def test_synthea_referrals_were_completed_long_ago() -> None:
    for _, body in carriers(as_published=True):
        with pytest.raises(FhirError) as caught:
            read_referrals(body, FHIR_JSON, "bundle", NOW)
        (issue,) = caught.value.issues
        assert issue.own_code == "status-not-accepted"


def test_made_active_synthea_referrals_are_understood_with_patient_and_coverage() -> None:
    hashes = set()
    for patient, body in carriers(as_published=False):
        (intake,) = read_referrals(body, FHIR_JSON, "bundle", NOW)
        content = intake.clinical
        assert content.patient.family == patient["name"][0]["family"]
        assert content.patient.phone
        assert content.patient.phone.startswith("+1555")
        assert content.patient.latitude
        assert content.coverage.payor
        hashes.add(intake.canonical_hash)
    assert len(hashes) == 615, "615 patients, 615 referrals: none is taken for another"

"""The canonical URLs of the terminologies and identifiers that we read or write."""

from __future__ import annotations

from typing import Final

_OWN: Final = "https://referral-router.org/fhir"
REFERRAL: Final = f"{_OWN}/referral"
"""Our identifier of a referral."""
CORRELATION: Final = f"{_OWN}/StructureDefinition/correlation-id"
ERROR: Final = f"{_OWN}/CodeSystem/error"
OUTCOME: Final = f"{_OWN}/CodeSystem/outcome"
STATUS: Final = f"{_OWN}/CodeSystem/referral-status"
ACTION: Final = f"{_OWN}/CodeSystem/action"
NOTICE: Final = f"{_OWN}/CodeSystem/notice"
REASON: Final = f"{_OWN}/CodeSystem/reason"
"""Why a referral is no longer needed, in a Task's statusReason."""
TASK_INPUT: Final = f"{_OWN}/CodeSystem/task-input"
OPERATION: Final = f"{_OWN}/OperationDefinition"
TEAM: Final = f"{_OWN}/team"
"""Our identifier of a team, that is, of a work queue."""
ORGANIZATION: Final = f"{_OWN}/organization"
"""Our identifier of a tenant, an EHR system or a clinic."""
EVIDENCE: Final = f"{_OWN}/evidence"
"""Our identifier of a document: its SHA-256 in hex."""

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
NUCC: Final = "http://nucc.org/provider-taxonomy"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
COVERAGE_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
TASK_CODE: Final = "http://hl7.org/fhir/CodeSystem/task-code"

BSER_BUSINESS_STATUS: Final = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"
BSER_VERSION: Final = "2.0.0-ballot"
"""STU2: STU1 gave other codes under the same URL, so each coding names its version."""

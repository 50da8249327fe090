"""The specialist clinics, each by its protocol."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.http.clinic import HttpClinics
from referral_core.adapters.protocols import ClinicsByProtocol
from referral_core.ports.lifecycle import Clinics
from referral_core.wiring.parts.partners import http


@cache
def clinics() -> Clinics:
    """Return the clinics."""
    return ClinicsByProtocol({"fhir-task": HttpClinics(http("clinic"))})

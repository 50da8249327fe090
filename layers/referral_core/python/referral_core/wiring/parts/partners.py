"""How partners are spoken to: one HTTP client, whose bearer tokens come from Secrets Manager."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.http.client import HttpClient
from referral_core.adapters.http.observed import Exchange, Observe
from referral_core.observability import Measured, measure_all
from referral_core.wiring.parts.secrets import secrets


@cache
def http(partner: str) -> HttpClient:
    """Return the client for one kind of partner, whose exchanges are measured."""
    return HttpClient(secrets(), read_again=secrets().read_again, observe=observer(partner))


def observer(partner: str) -> Observe:
    """Return what measures the exchanges with one kind of partner."""

    def observe(came_of: Exchange, seconds: float) -> None:
        calls = {"PartnerCalls": Measured(1), "PartnerSeconds": Measured(seconds, "Seconds")}
        measure_all(calls, by_function=False, partner=partner, result=came_of.value)

    return observe

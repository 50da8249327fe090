"""The routes by which EHRs send orders, change them and end them."""

from __future__ import annotations

from typing import Final

from referral_core.domain.access.scopes import WRITE
from referral_core.domain.update_kinds import Role
from referral_core.entrypoints.http.route import RECEIVE_REFERRAL, Route

_EHR: Final = frozenset({Role.EHR})
_ORDERS: Final = "/fhir/ServiceRequest"


def _intake(method: str, path: str, operation: str, does: str) -> Route:
    return Route(method, path, RECEIVE_REFERRAL, operation, WRITE, _EHR, does)


ORDER_ROUTES: Final = (
    _intake("POST", _ORDERS, "create-order", "Send one referral."),
    _intake(
        "POST", "/fhir", "create-bundle", "Send up to twenty referrals: all, or none; change one."
    ),
    _intake("POST", "/fhir/$process-message", "process-message", "Send referrals as a message."),
    _intake("PUT", f"{_ORDERS}/{{id}}", "update-order", "Send the author's new version."),
    _intake(
        "PATCH",
        f"{_ORDERS}/{{id}}",
        "patch-order",
        "The same as an update, by a patch of the order as it is read.",
    ),
    _intake(
        "PUT",
        _ORDERS,
        "update-order-where",
        "Update the order with identifier=system|value, or create it where there is none.",
    ),
    _intake("PATCH", _ORDERS, "patch-order-where", "Patch the order with identifier=system|value."),
)

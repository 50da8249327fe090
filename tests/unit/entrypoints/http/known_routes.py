"""The routes that exist: those of the table, and those of the endpoints behind it."""

from __future__ import annotations

from referral_core.entrypoints.http.route_table import ROUTES
from tests.unit.entrypoints.http.api_client import ApiClient


def gateway_routes() -> frozenset[str]:
    """Return the routes of which the gateway is made, as it writes them."""
    return frozenset(route.key for route in ROUTES)


def app_routes(api: ApiClient) -> frozenset[str]:
    """Return every route that an endpoint serves, as the gateway writes it."""
    return frozenset(route.key for app in api.apps.values() for route in app.routes)

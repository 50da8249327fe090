"""Changes of an order by a patch, or under a condition: each is the PUT, or the POST, it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, NoReturn

from referral_core.domain import exact_json
from referral_core.domain.access.ownership import require_authority
from referral_core.domain.ids import ReferralId
from referral_core.domain.updates import UpdateKind
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request, Response, UseCase
from referral_core.entrypoints.http.orders.found import orders_with
from referral_core.entrypoints.http.orders.stored import read_order
from referral_core.entrypoints.http.preconditions import require_match
from referral_core.entrypoints.http.search_parameters import SHAPES
from referral_core.fhir.intake.bundled_changes import as_new, with_id
from referral_core.fhir.intake.conditions import identifier_asked
from referral_core.fhir.intake.identifiers import order_numbers
from referral_core.fhir.intake.orders import changed_order_in
from referral_core.fhir.intake.references import Graph
from referral_core.fhir.json_patch import changed
from referral_core.fhir.outbound.responses import as_its_author_has_it
from referral_core.fhir.parse import Json, read_resource
from referral_core.ports.documents import ReadableDocuments
from referral_core.ports.lifecycle import NewReferrals

_FHIR_JSON: Final = "application/fhir+json"


@dataclass(frozen=True)
class ChangeNamedOrders:
    """Patches orders, and puts or patches the one that a condition names.

    Attributes:
        create: takes a new order.
        create_bundle: takes a Bundle with one.
        update: takes the author's new version of one.
    """

    referrals: NewReferrals
    documents: ReadableDocuments
    create: UseCase
    create_bundle: UseCase
    update: Callable[[Request], Response]

    def patch(self, request: Request) -> Response:
        """Take a patch of an order as the new version that it makes."""
        referral_id = ReferralId(request.resource_id)
        principal = request.principal
        # Before anything is tested: who may not change an order finds none.
        referral = self.referrals.load(principal.tenant, referral_id).referral
        require_authority(principal, UpdateKind.INFORMATION_SUPPLIED, referral)
        stored = read_order(self.referrals, self.documents, principal.tenant, referral_id)
        require_match(request.headers, stored.etag)
        shown = stored.resource
        made = changed(shown, request.body, request.content_type)
        # What a clinic is given is what the author sent with this change, and nothing of ours.
        made = as_its_author_has_it(made, shown, stored.service_request)
        # What it was made of must still be stored when it is written.
        known = {**request.headers, "if-match": stored.etag}
        body = exact_json.dumps(made).encode()
        return self.update(request.made_into(body, _FHIR_JSON, headers=known))

    def update_where(self, request: Request) -> Response:
        """Update the order that has a number of its own; create it where none has."""
        identifier = _condition(request)
        sent = read_resource(request.body, request.content_type)
        item = changed_order_in(sent, Graph())
        if identifier not in order_numbers(item.order.identifier):
            _refuse_number()
        found, own = self._found(request, identifier), item.order.id
        if own is not None and own != found:
            _refuse_id()
        if found is None:
            if "if-match" in request.headers:
                _refuse_absent(HTTPStatus.PRECONDITION_FAILED)
            return self._created(request, sent)
        body = exact_json.dumps(with_id(sent, found)).encode()
        return self.update(request.made_into(body, request.content_type, resource_id=found))

    def _created(self, request: Request, sent: Json) -> Response:
        if sent["resourceType"] != "Bundle":
            return self.create(request)
        body = exact_json.dumps(as_new(sent)).encode()
        return self.create_bundle(request.made_into(body, request.content_type))

    def patch_where(self, request: Request) -> Response:
        """Patch the order that has an identifier."""
        found = self._found(request, _condition(request))
        if found is None:
            _refuse_absent(HTTPStatus.NOT_FOUND)
        return self.patch(replace(request, resource_id=found))

    def _found(self, request: Request, identifier: str) -> ReferralId | None:
        found = orders_with(self.referrals, request.principal, identifier)
        if len(found) > 1:
            refuse(
                "condition-not-selective",
                "Several orders have this identifier: name the order's own number.",
                code="multiple-matches",
                status=HTTPStatus.PRECONDITION_FAILED,
            )
        return next(iter(found), None)


def _condition(request: Request) -> str:
    """Return the identifier of a condition, `system|value`.

    Raises:
        FhirError: 400, it is another condition, or none.
    """
    return identifier_asked([one for one in request.parameters if one[0] not in SHAPES])


def _refuse_number() -> NoReturn:
    refuse(
        "condition-of-another-order",
        "Name in the condition a number of this order's own, with its system, as the body has it.",
        code="value",
        status=HTTPStatus.BAD_REQUEST,
        expression="ServiceRequest.identifier",
    )


def _refuse_id() -> NoReturn:
    refuse(
        "id-mismatch",
        "Leave the id out, or send the one that the router gave the referral.",
        code="value",
        status=HTTPStatus.BAD_REQUEST,
        expression="ServiceRequest.id",
    )


def _refuse_absent(status: HTTPStatus) -> NoReturn:
    refuse(
        "no-such-order",
        "You have no order with this identifier yet: send it without If-Match, by PUT or POST.",
        code="not-found",
        status=status,
    )

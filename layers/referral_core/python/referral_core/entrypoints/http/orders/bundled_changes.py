"""Bundles that change orders: a transaction with one of them, or a batch, of which each is alone.

What an entry asks for is what the same request asks for by itself: with its checks, its trace and
its effect. One transaction of the store holds one changed referral, so one of FHIR's does too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from referral_core.domain import exact_json
from referral_core.domain.errors import RouterError
from referral_core.entrypoints.http.errors import refuse, shown
from referral_core.entrypoints.http.exchange import Content, Refused, Request, Response, UseCase
from referral_core.entrypoints.http.negotiation import REPRESENTATION, wanted_return
from referral_core.fhir.errors import operation_outcome
from referral_core.fhir.intake.acceptance import MOST_REFERRALS
from referral_core.fhir.intake.bundled_changes import asked_of, body_of, changes_order
from referral_core.fhir.outbound.bundle_responses import EntryAnswer, transaction_response
from referral_core.fhir.parse import Json, read_resource
from referral_core.fhir.r4.messaging import Bundle, BundleEntry
from referral_core.fhir.r4.structure import expect
from referral_core.ports.lifecycle import Clock

if TYPE_CHECKING:
    from referral_core.entrypoints.http.endpoint import HttpEndpoint

_OF_THE_WHOLE: Final = frozenset({"if-match", "if-none-match", "if-none-exist", "idempotency-key"})
"""Headers that an entry says for itself."""
_SERVICE_REQUEST: Final = "ServiceRequest"


@dataclass(frozen=True)
class ReceiveBundledChanges:
    """Does what the entries of a Bundle ask to be done with orders.

    Attributes:
        create: takes a Bundle whose orders are all new.
        endpoint: answers each entry as if it had come alone.
    """

    create: UseCase
    endpoint: HttpEndpoint
    clock: Clock

    def take(self, request: Request) -> Response:
        """Take a Bundle: as a whole where it is a transaction, entry by entry where a batch."""
        sent = read_resource(request.body, request.content_type)
        bundle = expect(sent, Bundle) if sent["resourceType"] == "Bundle" else None
        if bundle is not None and bundle.type == "batch":
            _require_no_label(sent)
            return self._each(request, bundle.entry)
        if bundle is None or bundle.type != "transaction":
            return self.create(request)
        changes = [n for n, entry in enumerate(bundle.entry) if changes_order(entry)]
        return self._together(request, sent, bundle, changes) if changes else self.create(request)

    def _together(
        self, request: Request, sent: Json, bundle: Bundle, changes: Sequence[int]
    ) -> Response:
        """Do the one change of a transaction with all that is sent beside it."""
        (at, *others), size = changes, len(bundle.entry)
        is_patch = asked_of(bundle.entry[at]).method == "PATCH"
        orders = sum(_kind(entry) == _SERVICE_REQUEST for entry in bundle.entry)
        if others or orders > 1 or (is_patch and size > 1):
            refuse(
                "one-change-a-transaction",
                "Change one order in a transaction, a patch alone: send several changes, or a "
                "change beside new orders, as a batch or by themselves.",
                code="too-costly",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                expression=f"Bundle.entry[{(others or [at])[0]}].request",
            )
        response = self._answer(request, bundle.entry[at], None if is_patch else sent)
        if not isinstance(response.body, Content) and _kind_of(response.body) == "Bundle":
            return response  # nothing had its number yet: it was created
        found = self._done(request, response)
        entries = [found if n == at else None for n in range(size)]
        body = transaction_response(entries, self.clock.now())
        shows = found.resource is not None and response.is_unchanged
        return Response(HTTPStatus.OK, body, is_unchanged=shows, is_of_parts=True)

    def _each(self, request: Request, entries: Sequence[BundleEntry]) -> Response:
        if len(entries) > MOST_REFERRALS:
            refuse(
                "too-many-referrals",
                f"Send at most {MOST_REFERRALS} entries in a batch.",
                code="too-costly",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        answers = [self._alone(request, entry) for entry in entries]
        body = transaction_response(answers, self.clock.now(), kind="batch-response")
        return Response(HTTPStatus.OK, body, is_of_parts=True)

    def _alone(self, request: Request, entry: BundleEntry) -> EntryAnswer:
        """Answer one entry of a batch; what is refused of it concerns no other."""
        try:
            return self._done(request, self._answer(request, entry))
        except RouterError as error:
            status, issues = shown(self._kept(request, entry, error))
            outcome = operation_outcome(issues, request.correlation_id)
            return EntryAnswer("", "", created=False, outcome=outcome, refused=status)

    def _kept(self, request: Request, entry: BundleEntry, error: RouterError) -> RouterError:
        """Hand over what was refused; return why, or that it could not be kept: it comes again.

        Entries before it were taken already: they are not to be sent again for it.
        """
        came = exact_json.dumps(entry.resource).encode()
        refused = Refused(request.principal, error.about, came, lambda: came, error)
        try:
            self.endpoint.hand_over(refused)
        except RouterError as unkept:
            return unkept
        return error

    def _answer(self, request: Request, entry: BundleEntry, whole: Json | None = None) -> Response:
        """Do what an entry asks for, as if it had come alone, or with the whole Bundle."""
        asked = asked_of(entry)
        path, _, query = asked.url.partition("?")
        if path.partition("/")[0] != _SERVICE_REQUEST:
            refuse(
                "entry-not-accepted",
                "Let each entry of a batch POST, PUT or PATCH one ServiceRequest with what it "
                "contains; send other requests by themselves.",
                code="not-supported",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        parameters = tuple(parse_qsl(query, keep_blank_values=True))
        kept = {n: v for n, v in request.headers.items() if n not in _OF_THE_WHOLE}
        alone, media_type = body_of(entry)
        own = replace(
            request,
            body=alone,
            content_type=media_type,
            headers={**kept, **asked.headers},
            parameters=parameters,
            query=dict(parameters),
        )
        if whole is not None:
            own = replace(own, body=request.body, content_type=request.content_type)
        return self.endpoint.within(own, asked.method, f"/fhir/{path}")

    def _done(self, request: Request, response: Response) -> EntryAnswer:
        warnings, body = response.warnings, response.body
        shows = wanted_return(request.headers) == REPRESENTATION and not isinstance(body, Content)
        return EntryAnswer(
            response.headers.get("Location", ""),
            response.headers.get("ETag", ""),
            response.status == HTTPStatus.CREATED,
            dict(body) if shows and not isinstance(body, Content) else None,
            operation_outcome(warnings, request.correlation_id) if warnings else None,
        )


def _require_no_label(batch: Json) -> None:
    """Refuse a batch that is labelled: its entries stand alone, and none would be known to be."""
    if batch.get("meta", {}).get("security"):
        refuse(
            "label-of-a-batch",
            "Label each resource of a batch by itself: its entries are taken one by one.",
            code="business-rule",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="Bundle.meta.security",
        )


def _kind(entry: BundleEntry) -> object:
    return _kind_of(entry.resource or {})


def _kind_of(resource: Mapping[str, Any]) -> object:
    return resource.get("resourceType")

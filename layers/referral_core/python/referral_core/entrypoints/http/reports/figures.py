"""Reports over HTTP: what figures there are, and each as it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from referral_core.domain.directory import TenantProfile
from referral_core.domain.errors import NotFound, TooLarge
from referral_core.domain.money.cost_ledger import price_lines
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.domain.updates import Role
from referral_core.entrypoints.http.exchange import Content, Request, Response
from referral_core.entrypoints.http.reports.kept import KeptReports, fingerprint, question_of
from referral_core.entrypoints.http.reports.request import Asked, asked_of, require_once
from referral_core.ports.lake import Contracts, Lake
from referral_core.ports.lifecycle import Clock
from referral_core.reporting.columns import COLUMNS
from referral_core.reporting.composition import Policy, compose
from referral_core.reporting.export import as_csv, as_json, as_parquet, dictionary
from referral_core.reporting.request import CUTS, ReportRequest, local_day
from referral_core.reporting.restatements import causes_of, restatements
from referral_core.reporting.result import Result, result_of
from referral_core.reports import definitions
from referral_core.reports.definition import Definition

JSON: Final = "application/json; charset=utf-8"
_CSV: Final = "text/csv; charset=utf-8; header=present"
_PARQUET: Final = "application/vnd.apache.parquet"
_WAITS_S: Final = 20.0
"""How long an answer is waited for before the caller is told where to look."""
_RETRY_AFTER_S: Final = "5"
_BETWEEN_RUNS: Final = ","
_MB: Final = 1_000_000
_MOST_BYTES: Final = 4 * _MB
"""Lambda answers with six, and bytes are written as base64, which makes four of three."""
_NO_ROWS: Final = (
    "Nothing of this referral counts in the report: check its id, from and to. What happened in "
    "the last quarter of an hour may not have reached the lake yet."
)


class _Running(Exception):
    """The rows are not there yet. Attributes: query_id: where they will be."""

    def __init__(self, query_id: str) -> None:
        super().__init__(query_id)
        self.query_id = query_id


@dataclass(frozen=True)
class RunReports:
    """Answers reports within the caller's tenant.

    Attributes:
        prices: the release's books of list prices.
        horizons: pathway → days after which its cohorts are mature.
    """

    lake: Lake
    contracts: Contracts
    clock: Clock
    prices: Sequence[PriceBook]
    horizons: Mapping[str, int]
    kept: KeptReports

    def listed(self, _request: Request) -> Response:
        """List the figures, the cuts and the columns of the lake."""
        figures = [
            {
                "name": name,
                **figure.model_dump(include=set(_SAID)),
                "columns": dictionary(figure.shown),
            }
            for name, figure in definitions().items()
        ]
        lake = [{"name": c.name, "kind": c.type, "means": c.means} for c in COLUMNS]
        return _json({"reports": figures, "by": list(CUTS), "lake": lake})

    def run(self, request: Request) -> Response:
        """Run one figure, or say where its result will be."""
        figure = definitions().get(request.resource_id)
        if figure is None:
            raise NotFound("There is no such report: see GET /reports.")
        profile = self.contracts.tenant(request.principal.tenant)
        require_once(request.parameters)
        full = request.principal.role is Role.FINANCE
        now = self.clock.now()
        asked = asked_of(request.query, profile, now, figure.cut, small_cells=full)
        try:
            if asked.since is not None:
                return _json(self._compared(figure, asked, profile))
            result = self._kept(request, figure, asked, profile, full=full)
            result = result or self._result(request, figure, asked, full=full)
            if asked.request.referral is not None and not result.rows:
                raise NotFound(_NO_ROWS)
            return _fitting(_rendered(result, asked.format, self.clock.now()))
        except _Running as running:
            return _elsewhere(request, asked, running.query_id)

    def _kept(
        self,
        request: Request,
        figure: Definition,
        asked: Asked,
        profile: TenantProfile,
        *,
        full: bool,
    ) -> Result | None:
        """Return the result that somebody asked for before, if it is young enough.

        It is the same question as of then: period and prices are those of its own instant.
        """
        if asked.max_age is None:
            return None
        question, now = question_of(figure.name, request.query), asked.request.as_of
        found = self.kept.latest(profile.tenant, question)
        # One of an instant that is still to come is of no use to anybody.
        if found is None or not timedelta() <= now - found.as_of <= asked.max_age:
            return None
        then = {**_whenever(request.query), "as-of": found.as_of.isoformat()}
        earlier = asked_of(then, profile, now, figure.cut, small_cells=full).request
        if fingerprint(compose(figure, earlier, self._policy(earlier))) != found.statement:
            return None
        return result_of(figure, earlier, found.rows, small_cells=full)

    def _result(self, request: Request, figure: Definition, asked: Asked, *, full: bool) -> Result:
        wanted = asked.request
        statement = compose(figure, wanted, self._policy(wanted))
        (rows,) = self._rows([statement], asked.run)
        now = self.clock.now()
        question = question_of(figure.name, request.query)
        self.kept.keep(wanted.tenant, question, statement, rows, as_of=wanted.as_of, now=now)
        return result_of(figure, wanted, rows, small_cells=full)

    def _rows(
        self, statements: Sequence[str], run: str | None
    ) -> Sequence[Sequence[Sequence[Any]]]:
        """Return the rows of each statement; all of them run at the same time.

        Args:
            statements: what is asked.
            run: the queries that were started before, if they were.

        Raises:
            NotFound: the queries named are other ones.
            _Running: one of them is not done.
        """
        ids = run.split(_BETWEEN_RUNS) if run is not None else [*map(self.lake.ask, statements)]
        # As many at most as there are statements: nobody has others looked for.
        found = [self.lake.answer(i, _WAITS_S / len(ids)) for i in ids[: len(statements)] if i]
        # A query is its caller's when it is what the caller asks for: the tenant is part of it.
        if [one.statement for one in found] != list(statements):
            raise NotFound("There is no such run of this report: ask for it again.")
        rows = [one.rows for one in found if one.rows is not None]
        if len(rows) < len(found):
            raise _Running(_BETWEEN_RUNS.join(ids))
        return rows

    def _compared(
        self, figure: Definition, asked: Asked, profile: TenantProfile
    ) -> Mapping[str, Any]:
        """Return what differs between two instants, and why."""
        after = asked.request.but(by=("received_day",), basis="cohort")
        before = after.but(as_of=asked.since)
        both = (before, after)
        statements = [compose(figure, one, self._policy(one)) for one in both]
        statements.append(causes_of(before, after, self._policy(after)))
        *figures, events = self._rows(statements, asked.run)
        was, now = (result_of(figure, *one) for one in zip(both, figures, strict=True))
        known: tuple[PriceBook | RevenueTable, ...] = (
            *self.contracts.price_books(profile.tenant),
            *self.contracts.revenue_tables(profile.tenant),
        )
        books = [
            book
            for book in known
            if book.known_from is not None
            and local_day(before.as_of, profile.time_zone)
            < book.known_from
            <= local_day(after.as_of, profile.time_zone)
        ]
        return restatements(was, now, events, books)

    def _policy(self, request: ReportRequest) -> Policy:
        known_on = local_day(request.as_of, request.time_zone)
        tables = self.contracts.revenue_tables(request.tenant)
        return Policy(
            prices=price_lines(self.prices, self.contracts.price_books(request.tenant), known_on),
            revenue=[t for t in tables if t.known_from is None or t.known_from <= known_on],
            horizons=self.horizons,
        )


_SAID: Final = ("title", "definition", "numerator", "denominator", "exclusions", "matures", "cut")


def _whenever(query: Mapping[str, str]) -> dict[str, str]:
    """Return a query that says no more how old its answer may be."""
    return {name: value for name, value in query.items() if name != "max-age"}


def _rendered(result: Result, wanted: str, now: datetime) -> Response:
    age = {"Age": str(max(0, int((now - result.request.as_of).total_seconds())))}
    name = f'attachment; filename="{result.figure.name}.{wanted}"'
    match wanted:
        case "csv":
            content = Content(_CSV, as_csv(result).encode())
        case "parquet":
            content = Content(_PARQUET, as_parquet(result))
        case _:
            return _json(as_json(result), age)
    return Response(HTTPStatus.OK, content, {"Content-Disposition": name, **age})


def _fitting(response: Response) -> Response:
    """Return an answer that Lambda can hand over.

    Raises:
        TooLarge: it cannot.
    """
    size = len(response.body.data) if isinstance(response.body, Content) else 0
    if size > _MOST_BYTES:
        raise TooLarge(
            f"The report has {size / _MB:.1f} MB, and an answer at most {_MOST_BYTES // _MB}: ask "
            "for fewer days or cuts, or for format=parquet."
        )
    return response


def _json(
    body: Mapping[str, Any],
    headers: Mapping[str, str] = MappingProxyType({}),
    status: int = HTTPStatus.OK,
) -> Response:
    data = json.dumps(body, ensure_ascii=False).encode()
    return Response(status, Content(JSON, data), headers)


def _elsewhere(request: Request, asked: Asked, query_id: str) -> Response:
    """Say where to look: the same request, as of the same instant, with the query's id."""
    known = {"as-of": asked.request.as_of.isoformat(), "run": query_id}
    query = {**_whenever(request.query), **known}
    place = f"/reports/{request.resource_id}?{urlencode(query)}"
    return _json(
        {"status": "running", "look_at": place},
        {"Location": place, "Retry-After": _RETRY_AFTER_S},
        HTTPStatus.ACCEPTED,
    )

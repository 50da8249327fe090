"""The function query_reports."""

from __future__ import annotations

from referral_core.adapters.aws.athena import AthenaLake
from referral_core.adapters.aws.kept_rows import S3KeptRows
from referral_core.entrypoints.http.endpoint import HttpEndpoint
from referral_core.entrypoints.http.reports.figures import RunReports
from referral_core.entrypoints.http.reports.kept import KeptReports
from referral_core.entrypoints.http.routes import report_app
from referral_core.pathways import pathways
from referral_core.price_books import LISTS, price_book
from referral_core.reporting.horizons import horizons
from referral_core.settings import settings
from referral_core.wiring.parts.audit import audit
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.clock import clock
from referral_core.wiring.parts.directory import configuration
from referral_core.wiring.parts.throttle import throttle


@built_once
def build() -> HttpEndpoint:
    """Build the function query_reports."""
    workgroup, database = settings().need("lake_workgroup"), settings().need("lake_database")
    lake = AthenaLake(aws_client("athena"), workgroup, database)
    use = RunReports(
        lake,
        configuration(),
        clock(),
        [price_book(name) for name in LISTS],
        horizons(pathways().values()),
        KeptReports(S3KeptRows(aws_client("s3"), settings().need("lake_results_bucket"))),
    )
    return report_app(use).admitting(throttle().admit).audited(audit())

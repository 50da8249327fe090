"""What functions said that no event carries, as CloudWatch has it: the sums of each hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.domain.errors import Retryable
from referral_core.domain.money.cost_ledger import UNITS
from referral_core.domain.money.overhead import Overhead
from referral_core.metering import OVERHEAD
from referral_core.observability import NAMESPACE

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_UNREAD: Final = "What no event carries could not be read"
_COMPLETE: Final = "Complete"
"""A series of another status lacks values; its last page says it."""
_HOUR: Final = timedelta(hours=1)
_CLOUD: Final = tuple(name for name, unit in UNITS.items() if unit.part == "cloud")


class OverheadMetrics:
    """Reads one series a unit."""

    def __init__(self, client: CloudWatchClient) -> None:
        """Take a CloudWatch client."""
        self._client = client

    def hours(self, since: datetime, until: datetime) -> Sequence[Overhead]:
        """List the hours in which something was said, from and until whole hours.

        Raises:
            Retryable: CloudWatch is down or throttles.
        """
        found: dict[datetime, dict[str, int]] = defaultdict(dict)
        said = dict[str, str]()
        with service_errors(_UNREAD):
            for page in self._client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[_query(unit) for unit in _CLOUD], StartTime=since, EndTime=until
            ):
                for series in page["MetricDataResults"]:
                    said[series["Id"]] = series["StatusCode"]
                    for at, value in zip(series["Timestamps"], series["Values"], strict=True):
                        if since <= at < until and value:
                            found[at.astimezone(UTC)][series["Id"]] = round(value)
        if set(said.values()) - {_COMPLETE}:
            raise Retryable(f"{_UNREAD}.")
        return [Overhead(hour, units) for hour, units in sorted(found.items())]


def _query(unit: str) -> Any:
    return {
        "Id": unit,
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": f"{OVERHEAD}.{unit}"},
            "Period": _HOUR // timedelta(seconds=1),
            "Stat": "Sum",
        },
    }

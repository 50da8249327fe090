"""The lake behind the Lake port: Athena, in a workgroup that says how much a query may read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from referral_core.domain.errors import NotFound, Retryable, RouterError, TooLarge
from referral_core.observability import logger
from referral_core.ports.lake import LakeQuery

if TYPE_CHECKING:
    from types_boto3_athena import AthenaClient

_UNDER_WAY: Final = frozenset({"QUEUED", "RUNNING"})
_UNKNOWN: Final = "InvalidRequestException"
_PAUSE_S: Final = 0.4
_MOST_ROWS: Final = 20_000
"""A page of a thousand takes a fifth of a second, and the API waits for half a minute."""
_LIMIT: Final = "bytes scanned limit"
"""What Athena says of a query that it ended for what the workgroup lets one read."""


class AthenaLake:
    """Starts queries and reads what came of them."""

    def __init__(
        self,
        client: AthenaClient,
        workgroup: str,
        database: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take an Athena client, the workgroup and the Glue database.

        Args:
            client: of Athena.
            workgroup: holds the limit of bytes read, the place of results and their key.
            database: of Glue.
            pause: between two looks at a query.
        """
        self._client = client
        self._workgroup = workgroup
        self._database = database
        self._pause = pause

    def ask(self, statement: str) -> str:
        """Start a query; return its id."""
        started: dict[str, Any] = self._call(
            "start_query_execution",
            QueryString=statement,
            WorkGroup=self._workgroup,
            QueryExecutionContext={"Database": self._database},
        )
        return str(started["QueryExecutionId"])

    def answer(self, query_id: str, within_s: float) -> LakeQuery:
        """Return a query, waiting a while for its rows."""
        left = within_s
        while True:
            found = self._call("get_query_execution", QueryExecutionId=query_id)["QueryExecution"]
            state, statement = found["Status"]["State"], str(found["Query"])
            if state == "SUCCEEDED":
                return LakeQuery(statement, list(self._rows(query_id)))
            if state not in _UNDER_WAY:
                raise _ended(state, found["Status"])
            if left <= 0:
                return LakeQuery(statement, None)
            self._pause(_PAUSE_S)
            left -= _PAUSE_S

    def _rows(self, query_id: str) -> Iterator[Sequence[Any]]:
        """Yield the rows; the first of the first page names the columns."""
        more: dict[str, str] = {}
        skipped, read = 1, 0
        while True:
            page = self._call("get_query_results", QueryExecutionId=query_id, **more)
            read += len(page["ResultSet"]["Rows"])
            if read > _MOST_ROWS:
                raise TooLarge(
                    f"The report has more than {_MOST_ROWS} rows: ask for fewer days or cuts."
                )
            for row in page["ResultSet"]["Rows"][skipped:]:
                yield [cell.get("VarCharValue") for cell in row["Data"]]
            if not page.get("NextToken"):
                return
            more, skipped = {"NextToken": page["NextToken"]}, 0

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == _UNKNOWN:
                raise NotFound("There is no such query.") from error
            raise Retryable("The lake did not answer.") from error
        except BotoCoreError as error:
            raise Retryable("The lake did not answer.") from error


def _ended(state: str, status: Mapping[str, Any]) -> RouterError:
    """Return why a query has no rows: it asked too much, it may come again, or it is ours to mend.

    Args:
        state: that it ended in.
        status: as Athena tells it.
    """
    if _LIMIT in str(status.get("StateChangeReason", "")).lower():
        return TooLarge("The report reads more than one may: ask for fewer days.")
    failed = status.get("AthenaError", {})
    if state == "CANCELLED" or failed.get("Retryable"):
        return Retryable("The query was ended before it was done: ask again.")
    logger.error("query failed", extra={"error_type": failed.get("ErrorType")})
    return RouterError("The query failed.")

"""Counts each call of an AWS service as that service bills it, whichever adapter makes it.

A table says itself what a read cost. Writes of a transaction are counted from their items before
they are written (`dynamodb/write_units.py`), since their own event states them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.session import Session

    from referral_core.metering import Meter

_CAPACITY: Final[Mapping[str, str]] = {
    "GetItem": "read_units",
    "Query": "read_units",
    "BatchGetItem": "read_units",
    "PutItem": "single_write_units",
    "UpdateItem": "single_write_units",
    "DeleteItem": "single_write_units",
}
"""Calls on a table, by what they use: the table says how much."""
_COUNTED: Final[Mapping[tuple[str, str], str]] = {
    ("s3", "PutObject"): "documents_stored",
    ("s3", "GetObject"): "documents_read",
    ("sqs", "SendMessage"): "queue_operations",
    ("sqs", "ChangeMessageVisibility"): "queue_operations",
}
"""Calls that are billed each."""
_BILLED_OTHERWISE: Final = frozenset(
    {
        ("dynamodb", "TransactWriteItems"),  # its event states its write units
        ("firehose", "PutRecordBatch"),  # the rows are
        ("pinpoint-sms-voice-v2", "SendTextMessage"),  # parts and minutes are the messages'
        ("pinpoint-sms-voice-v2", "SendVoiceMessage"),
        ("sesv2", "SendEmail"),
        ("stepfunctions", "StartExecution"),  # the states entered are what is billed
        ("stepfunctions", "SendTaskSuccess"),
        ("stepfunctions", "SendTaskFailure"),
    }
)
OTHER_CALLS: Final = "other_calls"
"""What nobody gave a unit of its own: counted, and not priced."""


def count_calls(session: Session, meter: Meter) -> None:
    """Count the calls of every client that a session makes."""

    def ask(params: dict[str, Any], **_: object) -> None:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def count(parsed: Mapping[str, Any], model: Any, **_: object) -> None:
        for unit, used in used_by(model.service_model.service_name, model.name, parsed).items():
            meter.add(unit, used)

    events = session.get_component("event_emitter")
    for operation in _CAPACITY:
        events.register(f"before-parameter-build.dynamodb.{operation}", ask)
    events.register("after-call", count)


def used_by(service: str, operation: str, answer: Mapping[str, Any]) -> Mapping[str, float]:
    """Return what a call used, by unit.

    Args:
        service: as botocore names it.
        operation: the same.
        answer: as it came back, parsed.
    """
    if service == "dynamodb" and operation in _CAPACITY:
        said = answer.get("ConsumedCapacity") or []
        tables = said if isinstance(said, list) else [said]
        return {_CAPACITY[operation]: sum(float(t["CapacityUnits"]) for t in tables)}
    if (service, operation) in _BILLED_OTHERWISE:
        return {}
    return {_COUNTED.get((service, operation), OTHER_CALLS): 1}

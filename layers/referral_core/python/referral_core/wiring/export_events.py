"""The function export_events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from referral_core.adapters.aws.dynamodb.bodies import event_in
from referral_core.adapters.aws.dynamodb.keys import Sort
from referral_core.adapters.aws.firehose import FirehoseRows
from referral_core.entrypoints.lake import export
from referral_core.settings import settings
from referral_core.wiring.parts.built_once import built_once
from referral_core.wiring.parts.clients import aws_client
from referral_core.wiring.parts.dead_letters import dead_letters


@built_once
def build() -> Callable[[Mapping[str, Any]], dict[str, list[dict[str, str]]]]:
    """Build the function export_events."""
    unusable = dead_letters("export_events")
    lake = FirehoseRows(aws_client("firehose"), settings().need("lake_stream"))
    return lambda event: export(event, Sort.EVENT, event_in, lake, unusable)

"""The state machine."""

from __future__ import annotations

from functools import cache

from referral_core.adapters.aws.step_functions import StepFunctionsWorkflow
from referral_core.settings import settings
from referral_core.wiring.parts.clients import aws_client


@cache
def workflow() -> StepFunctionsWorkflow:
    """Return the state machine; who only completes its tasks needs no ARN."""
    return StepFunctionsWorkflow(aws_client("stepfunctions"), settings().state_machine_arn or "")

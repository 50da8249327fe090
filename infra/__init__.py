"""The CDK application: one template, the same on AWS and on one machine."""

from typing import Final

STACK_NAME: Final = "referral-router"

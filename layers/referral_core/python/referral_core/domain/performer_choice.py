"""Whom a person wants to be asked, and why it is not the router's own choice."""

from typing import Literal

from referral_core.domain.model import Model

Override = Literal["patient-preference", "insurer-determination", "clinical-judgement"]
"""Why a person chooses the performer: the exceptions of 42 CFR 411.354(d)(4)."""


class PerformerChoice(Model):
    """That a person chose the performer who is asked next. Attributes: override: why."""

    npi: str
    override: Override

"""How payers are told apart, in codes."""

from enum import StrEnum


class PayerClass(StrEnum):
    """The class of a payer: a cut of every figure, and what clocks the law sets it."""

    COMMERCIAL = "commercial"
    MEDICARE = "medicare"
    MEDICARE_ADVANTAGE = "medicare-advantage"
    MEDICAID = "medicaid"
    SELF_PAY = "self-pay"
    OTHER = "other"

"""The price books, one file a region, and how they are read: once, validated, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from referral_core.domain.money.price_book import PriceBook

LISTS: Final = ("us-east-1",)
"""The lists that the release is priced by."""


@cache
def price_book(name: str) -> PriceBook:
    """Return the price book of a region.

    Raises:
        FileNotFoundError: the release has none of that name.
    """
    text = files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return PriceBook.model_validate_json(text)

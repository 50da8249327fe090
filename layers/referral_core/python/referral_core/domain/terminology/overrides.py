"""What a tenant says a code or a text means; it wins over our tables."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field as Limit

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.model import Model
from referral_core.domain.terminology.systems import canonical_code, canonical_system
from referral_core.domain.terminology.text import normalised

Nucc = Annotated[str, Limit(pattern=r"^[0-9A-Z]{9}X$")]
"""A NUCC taxonomy code by its form; the tenant holds the licence to know its meaning."""
_TEXT: Final = "text|"


class Override(Model):
    """One mapping that a person of the tenant decided on.

    Attributes:
        decided_by: client id of the coordinator.
        kind, pathway: left out, they are those of the specialty.
    """

    specialty: Nucc
    name: Annotated[str, Limit(max_length=120)]
    kind: ReferralKind | None = None
    pathway: str | None = None
    decided_by: str


class Overrides(Model):
    """A tenant's mappings.

    Attributes:
        entries: by `override_key`.
    """

    entries: Mapping[str, Override] = {}

    def for_code(self, system: str | None, code: str) -> Override | None:
        """Return what the tenant says of a code, whatever name its system came under."""
        return self.entries.get(override_key(system=system, code=code))

    def for_text(self, text: str) -> Override | None:
        """Return what the tenant says of a text, compared by its words."""
        return self.entries.get(override_key(text=text))


def override_key(
    *, system: str | None = None, code: str | None = None, text: str | None = None
) -> str:
    """Return the key of a mapping: `system|code`, or `text|` and the normalised words.

    Raises:
        ValueError: neither a code nor words.
    """
    if code:
        known = canonical_system(system)
        return f"{known or ''}|{canonical_code(known, code)}"
    words = normalised(text or "")
    if not words:
        raise ValueError("a mapping needs a code or words")
    return f"{_TEXT}{words}"

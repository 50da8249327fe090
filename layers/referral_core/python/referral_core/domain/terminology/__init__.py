"""Which service an order wants: read from its codes by tables with a source, or asked of a person.

Nothing here guesses. A code that no table holds leads to no specialty, and there is no default.
"""

from referral_core.domain.terminology.imaging import imaging_wanted
from referral_core.domain.terminology.keeping import fingerprint, key_to_keep, keys_of
from referral_core.domain.terminology.order import Coding, Concept, Field, OrderedService
from referral_core.domain.terminology.overrides import Override, Overrides, override_key
from referral_core.domain.terminology.result import (
    Choice,
    Evidence,
    NamedService,
    NotAReferral,
    NotUnderstood,
    Reading,
    Unclear,
    Understanding,
)
from referral_core.domain.terminology.tables import Terminology, terminology
from referral_core.domain.terminology.understand import understand
from referral_core.domain.terminology.urgency import Priority, Urgency, UrgencyReason
from referral_core.domain.terminology.vocabulary import ConsentClass, Refusal

__all__ = [
    "Choice",
    "Coding",
    "Concept",
    "ConsentClass",
    "Evidence",
    "Field",
    "NamedService",
    "NotAReferral",
    "NotUnderstood",
    "OrderedService",
    "Override",
    "Overrides",
    "Priority",
    "Reading",
    "Refusal",
    "Terminology",
    "Unclear",
    "Understanding",
    "Urgency",
    "UrgencyReason",
    "fingerprint",
    "imaging_wanted",
    "key_to_keep",
    "keys_of",
    "override_key",
    "terminology",
    "understand",
]

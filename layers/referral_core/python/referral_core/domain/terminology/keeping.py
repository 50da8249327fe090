"""Which of an order's codes or words a person's answer is kept for, and what was kept of it."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from referral_core.domain.terminology.choices import words_name
from referral_core.domain.terminology.order import Field, OrderedService
from referral_core.domain.terminology.overrides import override_key
from referral_core.domain.terminology.tables import Terminology, terminology

_MOST_KEYS: Final = 100
"""How many mappings are looked up for one order: as many as one read of the table takes."""


def keys_of(order: OrderedService) -> tuple[str, ...]:
    """Return the keys under which a tenant may have kept what this order means."""
    found: dict[str, None] = {}
    for step in terminology().steps:
        for field in step.fields:
            for key in _keys(order, field, step.reads):
                found.setdefault(key)
    return tuple(found)[:_MOST_KEYS]


def key_to_keep(order: OrderedService, tables: Terminology | None = None) -> str | None:
    """Return the key that an answer is kept under: the first code or words that no table knows.

    A code that a table knows and that names no service ("Patient referral to specialist") stands
    for many: it is never mapped to one.
    """
    known = tables or terminology()
    for step in known.steps:
        for field in step.fields:
            for concept in order.concepts(field):
                if step.reads == "texts":
                    if concept.text and words_name(concept.text):
                        return override_key(text=concept.text)
                    continue
                for coding in concept.codings:
                    code = (coding.code or "").strip()
                    if code and known.find(coding.system, code) is None and coding.system:
                        return override_key(system=coding.system, code=code)
    return None


def fingerprint(order: OrderedService) -> str:
    """Return the SHA-256, in hex, of what an order says of its service, whatever goes along."""
    said = order.but(also_sent=(), priority=None, task_priorities=())
    beside = {"notes", "occurrence_start", "occurrence_end"}
    return sha256(said.model_dump_json(exclude=beside).encode()).hexdigest()


def _keys(order: OrderedService, field: Field, reads: str) -> list[str]:
    keys: list[str] = []
    for concept in order.concepts(field):
        if reads == "texts" and concept.text and words_name(concept.text):
            keys.append(override_key(text=concept.text))
        elif reads == "codings":
            keys += [
                override_key(system=c.system, code=c.code)
                for c in concept.codings
                if c.code and c.code.strip()
            ]
    return keys

"""What makes two posts one referral: the order's numbers, the client's key, or the content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, NoReturn

from referral_core.domain.ids import ReferralId
from referral_core.domain.new_referral import ExistingKey, Key, KeyKind, NewReferral
from referral_core.domain.referral import Referral
from referral_core.entrypoints.http.errors import refuse
from referral_core.entrypoints.http.exchange import Request
from referral_core.fhir.intake.orders import Intake

_LONGEST_KEY: Final = 256


def keys_of(request: Request, intakes: Sequence[Intake], position: int) -> tuple[Key, ...]:
    """Return what makes a repeat: the order's numbers, the client's key, else the content.

    All of them are the sending EHR's own: what another EHR sent before is none of its affair.
    In a Bundle the client's key stands in for identifiers only: with both for each of twenty
    referrals they would not fit one transaction.
    """
    intake, organization = intakes[position], request.principal.organization
    found = [(KeyKind.PLACER, number) for number in intake.order_numbers]
    client_key = request.headers.get("idempotency-key")
    if client_key and (not found or len(intakes) == 1):
        if len(client_key) > _LONGEST_KEY:
            refuse(
                "idempotency-key-too-long",
                f"Send an Idempotency-Key of at most {_LONGEST_KEY} characters.",
                code="value",
                status=HTTPStatus.BAD_REQUEST,
            )
        found.append((KeyKind.IDEMPOTENCY, f"{client_key}#{position}"))
    if not found:
        found.append((KeyKind.CONTENT, intake.canonical_hash))
    return tuple(
        Key(kind=kind, owner=organization, value=value, content_hash=intake.canonical_hash)
        for kind, value in found
    )


def require_distinct(new_referrals: Sequence[NewReferral]) -> None:
    """Refuse a Bundle that holds a referral twice."""
    keys = [(k.kind, k.value) for a in new_referrals for k in a.keys]
    if len(set(keys)) != len(keys):
        refuse(
            "referral-twice-in-bundle",
            "Two referrals of the Bundle have the same identifier or content: send each once.",
            code="duplicate",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            expression="Bundle.entry",
        )


def repeats_of(
    new_referrals: Sequence[NewReferral],
    existing: Sequence[ExistingKey],
    of_one_patient: Callable[[NewReferral, ReferralId], Referral | None],
) -> dict[ReferralId, ReferralId]:
    """Return new id → stored id of what was posted before; refuse other content under a key.

    Args:
        new_referrals: what is posted.
        existing: their keys that were taken before.
        of_one_patient: returns a stored referral; None where it is another patient's.
    """
    owner = {(k.kind, k.value): new for new in new_referrals for k in new.keys}
    repeats: dict[ReferralId, ReferralId] = {}
    for found in existing:
        new = owner[found.key.kind, found.key.value]
        stored = of_one_patient(new, found.referral_id)
        if stored is None:
            refuse_other_patient()
        same = repeats.setdefault(new.referral.id, found.referral_id) == found.referral_id
        if not same or found.content_hash != found.key.content_hash:
            _refuse_other_content(found.key.kind, stored)
    return repeats


def _refuse_other_content(kind: KeyKind, stored: Referral) -> NoReturn:
    """Refuse a key that was used with other content, with what helps in the referral's state."""
    ended = _ended(stored)
    change = f"PUT ServiceRequest/{stored.id} to change that referral, or send a new identifier."
    refuse(
        "key-of-ended-order" if ended else "key-reused",
        f"This {kind} key was used with other content: {ended or change}",
        code="duplicate",
        status=HTTPStatus.CONFLICT,
        expression="ServiceRequest.identifier",
    )


def _ended(stored: Referral) -> str | None:
    """Say how and when a referral ended, or that it is ending, and what can be done."""
    name, anew = f"ServiceRequest/{stored.id}", "Send a new identifier for a new referral"
    by = f" by ServiceRequest/{stored.superseded_by}" if stored.superseded_by else ""
    if stored.outcome is not None and stored.closed_at is not None:
        at = stored.closed_at.isoformat(timespec="seconds")
        return (
            f"{name} ended at {at} as {stored.outcome}{by}, and a PUT changes nothing. "
            f"{anew}, or open that one again with POST {name}/$reopen."
        )
    if stored.is_ending:
        return (
            f"{name} is ending as {stored.proposed_outcome}{by}, and a PUT changes nothing. "
            f"{anew}; that one can be opened again with POST {name}/$reopen once it has ended."
        )
    return None


def refuse_other_patient() -> NoReturn:
    """Refuse a number that was used for somebody else, and say nothing of whom."""
    refuse(
        "key-of-another-patient",
        "This number was used for an order of another patient: send one of its own.",
        code="duplicate",
        status=HTTPStatus.CONFLICT,
        expression="ServiceRequest.identifier",
    )

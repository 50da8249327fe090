"""Every kind of update with each of its words, wherever a referral waits: an effect, or why none.

The words of a kind are those that its model lists (an enumeration, a literal, yes or no), and the
waits are those of every step and of every reason for a person to look: a new one cannot be
forgotten. `test_every_update.py` says what of one word a kind is only recorded; here stands what
depends on the word, or on why a person looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

import pytest

from referral_core.domain.access.ownership import Authority, authority_of
from referral_core.domain.errors import NotLegal
from referral_core.domain.outreach.vocabulary import CallResult, Reply
from referral_core.domain.payers.authorization import AuthorizationVerdict
from referral_core.domain.updates import ONLY_INFORMS, UPDATES, UpdateKind
from referral_core.domain.work_items import Reason
from tests.in_memory import World
from tests.unit.lifecycle.test_every_update import (
    OF_THE_MECHANISM,
    ONLY_RECORDED,
    WAITING,
    does_something,
    made,
    mailbox_of,
)
from tests.unit.lifecycle.work_item_worlds import STANDS_AT

_K: Final = UpdateKind
KINDS: Final = sorted(set(_K) - OF_THE_MECHANISM - ONLY_INFORMS)
WORLDS: Final = {**WAITING, **{f"item: {r.value}": make for r, make in STANDS_AT.items()}}
BY_ITS_WORD: Final[Mapping[tuple[UpdateKind, str, object], str]] = {
    (_K.AUTHORIZATION_DECIDED, "verdict", AuthorizationVerdict.PENDED): "a decision is to follow",
    (_K.REPORT_RECEIVED, "withdrawn", True): "no such report is there: nothing is taken back",
    (_K.PATIENT_REPLIED, "reply", Reply.START): "the number is off the list at the door",
    (_K.PATIENT_REPLIED, "reply", Reply.HELP): "it is answered at the door",
}
"""Words that ask for nothing wherever they come, and why; they may still do something."""
UNANSWERED: Final = (CallResult.VOICEMAIL, CallResult.NO_ANSWER, CallResult.WRONG_NUMBER)
BY_THE_PLACE: Final[Mapping[tuple[str, UpdateKind, object], str]] = {
    (place, kind, word): why
    for place in ("VerifyClosure", "VerifyClosure, told")
    for kind, words, why in (
        (_K.PATIENT_REPLIED, (Reply.YES,), "they came, as they said"),
        (_K.CONTACT_RECORDED, UNANSWERED, "nobody said anything, and nothing is asked any more"),
    )
    for word in words
}
"""Words that ask for nothing there, and why."""
GIVEN: Final = frozenset(
    {Reason.CRITICAL_RESULT, Reason.NOTICE_UNDELIVERED, Reason.NOT_ACKNOWLEDGED}
)
UNASKED: Final = frozenset({Reason.NOT_ELIGIBLE, Reason.ELIGIBILITY_UNCLEAR, Reason.FAULT})
ALREADY_SAID: Final = frozenset({Reason.AUTHORIZATION_ENDED, Reason.AUTHORIZATION_DENIED_LATE})
ENDS: Final = frozenset(
    {_K.CANCEL, _K.CARE_RECEIVED_ELSEWHERE, _K.DECEASED_OR_MOVED, _K.SUPERSEDED}
)
BY_THE_ITEM: Final[Mapping[tuple[Reason, UpdateKind], str]] = {
    **{(r, k): "the care was given and reported: it is too late" for r in GIVEN for k in ENDS},
    **{(r, _K.AUTHORIZATION_DECIDED): "no request is out" for r in UNASKED},
    **{(r, _K.AUTHORIZATION_DECIDED): "this is what the person looks at" for r in ALREADY_SAID},
}
"""What a person has before them already, or what is moot while they look, and why."""


def words_of(annotation: Any) -> list[Any]:
    """Return all values of a field that lists them; none for one that takes any."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return list(annotation)
    if annotation is bool:
        return [False, True]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) is tuple:
        return [(word,) for word in words_of(get_args(annotation)[0])]
    return [word for inner in get_args(annotation) for word in words_of(inner)]


def variants(kind: UpdateKind) -> Iterator[tuple[str, Any]]:
    """Iterate over a kind's fields with each of their words; who says it is `made`'s to choose."""
    for name, field in UPDATES[kind].model_fields.items():
        if name not in {"kind", "role"}:
            yield from ((name, word) for word in words_of(field.annotation))
    yield "", None


def without_effect(world: World, kind: UpdateKind) -> Iterator[tuple[str, Any]]:
    """Iterate over the words with which a kind is accepted here and does nothing."""
    wait = mailbox_of(world).open_wait
    assert wait is not None
    if not wait.accepts_kind(kind):
        return  # kept until its turn, which `test_every_update.py` shows that it has
    for name, word in variants(kind):
        update = made(world, kind).but(**({name: word} if name else {}))
        if authority_of(update, world.referral) is not Authority.PRESENT:
            continue  # refused at the door
        try:
            drafted = world.engine.react(wait.step, world.engine.case(world.referral), update)
        except NotLegal:
            continue
        if not does_something(world, drafted):
            yield name, word


def is_explained(place: str, kind: UpdateKind, name: str, word: Any) -> bool:
    """Whether one of the tables says why nothing comes of it."""
    _, is_item, reason = place.partition("item: ")
    return (
        (place, kind) in ONLY_RECORDED
        or (kind, name, word) in BY_ITS_WORD
        or (place, kind, word) in BY_THE_PLACE
        or (bool(is_item) and (Reason(reason), kind) in BY_THE_ITEM)
    )


@pytest.mark.parametrize("place", WORLDS)
def test_no_word_of_any_update_is_accepted_and_lost(place: str) -> None:
    world = WORLDS[place]()
    lost = [
        (kind, name, word)
        for kind in KINDS
        for name, word in without_effect(world, kind)
        if not is_explained(place, kind, name, word)
    ]
    assert not lost


def test_every_reason_for_a_person_to_look_is_a_place() -> None:
    # An item of every kind of step's; what no world reaches has no wait of its own.
    assert {f"item: {reason.value}" for reason in STANDS_AT} <= set(WORLDS)
    assert set(STANDS_AT) == set(Reason)


def test_the_words_are_those_of_the_models() -> None:
    listed = {(kind, name) for kind in KINDS for name, _ in variants(kind) if name}
    assert {
        (_K.INFORMATION_SUPPLIED, "changed"),
        (_K.AUTHORIZATION_DECIDED, "verdict"),
        (_K.PATIENT_REPLIED, "reply"),
        (_K.CONTACT_RECORDED, "result"),
        (_K.REPORT_RECEIVED, "critical"),
    } <= listed

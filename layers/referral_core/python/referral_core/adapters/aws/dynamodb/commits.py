"""The transaction of a commit: apart from `transactions.py`, since intake commits nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from referral_core.adapters.aws.dynamodb import items
from referral_core.adapters.aws.dynamodb.effects import parts_of
from referral_core.adapters.aws.dynamodb.mailboxes import mailbox_item
from referral_core.adapters.aws.dynamodb.table import Part, Requests
from referral_core.adapters.aws.dynamodb.transactions import NOTHING, REFERRAL, with_event
from referral_core.domain.referral import Referral
from referral_core.domain.waitlist import lines_of
from referral_core.domain.writes import Commit

_MAILBOX: Final = "mailbox"


def parts_of_commit(
    table: Requests,
    commit: Commit,
    without: frozenset[str] = frozenset(),
    used: Mapping[str, int] = NOTHING,
) -> list[Part]:
    """Return what a commit writes, its event with the units counted.

    Args:
        table: composes the parts.
        commit: what is written.
        without: names of parts that are left out, and not counted.
        used: what the process used for it until now, by unit; its event carries it.
    """
    others = [part for part in _commit_parts(table, commit) if part.name not in without]
    before = {REFERRAL: items.referral_item(commit.change.before)}
    if commit.mailbox is not None and commit.mailbox_before.version:
        before[_MAILBOX] = mailbox_item(commit.change.before, commit.mailbox_before)
    return with_event(table, others, commit.change.event, before, used)


def _commit_parts(table: Requests, commit: Commit) -> Iterator[Part]:
    before, after = commit.change.before, commit.change.after
    yield table.put(
        REFERRAL,
        items.referral_item(after),
        "#version = :version AND #run = :run",
        {"#version": "version", "#run": "run"},
        {":version": {"N": str(before.version)}, ":run": {"N": str(before.run)}},
    )
    if commit.mailbox is not None:
        entry = mailbox_item(after, commit.mailbox)
        version = commit.mailbox_before.version
        yield (
            table.put(
                _MAILBOX,
                entry,
                "#version = :version",
                {"#version": "version"},
                {":version": {"N": str(version)}},
            )
            if version
            else table.put_new(_MAILBOX, entry)
        )
    yield from _waitlist_parts(table, before, after)
    for effect in commit.effects:
        yield from parts_of(table, after, effect)


def _waitlist_parts(table: Requests, before: Referral, after: Referral) -> Iterator[Part]:
    """Write into which lines the change takes a referral, and out of which."""
    stood, stands = set(lines_of(before).items()), set(lines_of(after).items())
    for specialty, place in sorted(stood - stands):
        key = items.waiting_key(after.tenant, specialty, place)
        yield table.delete(f"leaves {specialty}", key)
    for specialty, place in sorted(stands - stood):
        yield table.put(f"joins {specialty}", items.waiting_item(after, specialty, place), None)

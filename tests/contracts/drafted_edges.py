"""Reads in the code which states a step's drafts can lead to: its own, and its reactions'.

It follows every function that a step mentions through `lifecycle/` and collects the states that
drafts name: what `then=`, `.to(…)` and the functions that pass it on are given. Which of them are
reached it cannot say, so it finds too many rather than too few.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from referral_core.domain.lifecycle import End, Next, Step
from referral_core.domain.updates import UpdateKind
from referral_core.domain.work_items import WORK_ITEM_POLICIES, Reason, actions_of, target_of
from referral_core.lifecycle.reactions.cancellation import ended
from referral_core.lifecycle.reactions.order_change import CONSEQUENCES, Consequence
from referral_core.lifecycle.reactions.table import without_authority
from referral_core.lifecycle.step import LifecycleStep

CORE: Final = Path(__file__).parents[2] / "layers/referral_core/python"
_LIFECYCLE: Final = "referral_core.lifecycle"
_DECIDES: Final = "target_of"
"""Where the pathway of a decision is looked up: what it leads to is data, not code."""
_RESUMABLE: Final = frozenset(Step) - {Step.OPEN_WORK_ITEM, Step.CLOSE_REFERRAL}
"""Where an open referral may stand when a fault brings it to OpenWorkItem."""

Name = tuple[str, str]
"""Of a function: its module and its qualified name."""


@dataclass
class _Module:
    """A module's functions and what its imports mean.

    Attributes:
        names: name in this module → (module, name there); the name is empty for a module.
    """

    functions: dict[str, ast.AST] = field(default_factory=dict)
    names: dict[str, Name] = field(default_factory=dict)


@cache
def _module(name: str) -> _Module:
    path = CORE / f"{name.replace('.', '/')}.py"
    found = _Module()
    if not path.exists():
        return found
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_LIFECYCLE):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (CORE / f"{inner.replace('.', '/')}.py").exists()
                target = (inner, "") if is_module else (str(node.module), alias.name)
                found.names[alias.asname or alias.name] = target
        elif isinstance(node, ast.FunctionDef):
            found.functions.setdefault(node.name, node)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    found.functions[f"{node.name}.{method.name}"] = method
    return found


def drafted_edges(step: LifecycleStep, reasons: frozenset[Reason]) -> frozenset[Next]:
    """Return the states that the drafts of a step and of its reactions may lead to.

    Args:
        step: the step.
        reasons: of the work items that may be open while it waits: they say what may be decided.
    """
    kind = type(step)
    roots = {
        (kind.__module__, f"{kind.__name__}.{name}")
        for name, value in vars(kind).items()
        if inspect.isfunction(value)
    }
    if step.name in WAITING:
        reactions = getattr(kind, "reactions", {})
        roots |= {name for reaction in reactions.values() for name in _names_of(reaction)}
        roots |= set(_names_of(ended))
        if UpdateKind.REPORT_RECEIVED in reactions:
            roots |= set(_names_of(without_authority))
    edges: set[Next] = set(_by_an_order_that_changed(step.name))
    for name in _reached(roots):
        edges |= _named_in(name)
        if _DECIDES in _mentioned(name):
            edges |= set(_decided(reasons))
    return frozenset(edges)


def _by_an_order_that_changed(step: Step) -> Iterator[Step]:
    """Yield where another version of the order may lead: the table says it."""
    for consequence in CONSEQUENCES.get(step, {}).values():
        match consequence:
            case Consequence.TO_CLINIC:
                yield Step.OFFER_REFERRAL
            case Consequence.CHECKED_AGAIN:
                yield Step.CHECK_READINESS
            case Consequence.DECIDED:
                # The clinic that has the referral gets the new version first.
                yield from (Step.OFFER_REFERRAL, Step.OPEN_WORK_ITEM)


def _names_of(reaction: Callable[..., Any]) -> Iterator[Name]:
    """Yield the functions of a reaction: itself, and what it wraps."""
    yield reaction.__module__, reaction.__qualname__.rpartition("<locals>.")[2]
    for cell in reaction.__closure__ or () if isinstance(reaction, FunctionType) else ():
        if isinstance(cell.cell_contents, FunctionType):
            yield from _names_of(cell.cell_contents)


def _decided(reasons: frozenset[Reason]) -> Iterator[Step]:
    for reason in reasons:
        for resume_at in _RESUMABLE if reason is Reason.FAULT else (Step.VERIFY_CLOSURE,):
            for action in actions_of(reason):
                target = target_of(reason, action, resume_at)
                assert target is not None
                yield target


def _reached(roots: set[Name]) -> set[Name]:
    found: set[Name] = set()
    ahead = list(roots)
    while ahead:
        name = ahead.pop()
        if name not in found and _node(name) is not None:
            found.add(name)
            ahead += _references(name)
    return found


def _node(name: Name) -> ast.AST | None:
    return _module(name[0]).functions.get(name[1])


@cache
def _references(name: Name) -> tuple[Name, ...]:
    """List the functions that one of them mentions, called or handed on."""
    node = _node(name)
    assert node is not None
    replaced = {id(inner.func) for inner in _replaced(node)}
    return tuple(
        target
        for part in ast.walk(node)
        if id(part) not in replaced and (target := _resolved(name, part)) is not None
    )


def _resolved(name: Name, part: ast.AST) -> Name | None:
    module, (owner, _, method) = _module(name[0]), name[1].rpartition(".")
    match part:
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            return name[0], f"{owner}.{attribute}"
        case ast.Attribute(value=ast.Name(id=imported), attr=attribute):
            found = module.names.get(imported)
            return (found[0], attribute) if found and not found[1] else None
        case ast.Name(id=used) if used != method:
            if used in module.functions:
                return name[0], used
            found = module.names.get(used)
            return found if found and found[1] else None
        case _:
            return None


def _replaced(node: ast.AST) -> Iterator[ast.Call]:
    """Yield calls whose draft is given another way on at once: `open_work_item(…).to(step)`."""
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr="to")):
                yield inner


@cache
def _named_in(name: Name) -> frozenset[Next]:
    """Return the states that a function itself gives to a draft."""
    node = _node(name)
    assert node is not None
    found: set[Next] = set()
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        given: list[ast.AST] = [k.value for k in call.keywords if k.arg == "then"]
        is_way_on = isinstance(call.func, ast.Attribute) and call.func.attr == "to"
        if is_way_on or _resolved(name, call.func) is not None:
            given += call.args
        found |= {state for value in given for state in _states(value)}
    return frozenset(found)


def _states(value: ast.AST) -> Iterator[Next]:
    match value:
        case ast.Attribute(value=ast.Name(id="Step"), attr=state):
            yield Step[state]
        case ast.Attribute(value=ast.Name(id="End"), attr=state):
            yield End[state]
        case ast.IfExp(body=body, orelse=otherwise):
            yield from _states(body)
            yield from _states(otherwise)


def _mentioned(name: Name) -> set[str]:
    node = _node(name)
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if node else set()


WAITING: Final = frozenset(Step) - {Step.CHECK_ELIGIBILITY, Step.CLOSE_REFERRAL}
"""The steps that wait: updates reach them, and those that end a referral reach all of them."""
ANY_REASON: Final = frozenset(WORK_ITEM_POLICIES)

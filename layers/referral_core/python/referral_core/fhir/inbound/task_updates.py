"""Tasks that partners send: their answers on Tasks of ours, and an EHR's own about an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

from referral_core.domain.codes import token_in
from referral_core.domain.model import Model
from referral_core.domain.terminology import Priority
from referral_core.domain.updates import (
    Cancel,
    CareReceivedElsewhere,
    DeceasedOrMoved,
    EnteredInError,
    OfferAccepted,
    OfferDeclined,
    ProgressNoted,
    Reported,
    ServiceAttested,
)
from referral_core.fhir.errors import FhirError
from referral_core.fhir.ids import OwnId, own_id, referred
from referral_core.fhir.inbound.named_patient import NamedPatient, named_patient
from referral_core.fhir.inbound.partner_updates import (
    PartnerUpdate,
    check_id,
    unknown_referral,
)
from referral_core.fhir.inbound.reasons import code_of, words_of
from referral_core.fhir.npi_identifiers import npi_of
from referral_core.fhir.parse import Json, read_resource
from referral_core.fhir.r4.datatypes import Identifier
from referral_core.fhir.r4.requesting import Task
from referral_core.fhir.r4.structure import expect

_COORDINATION: Final[Mapping[str, type[Reported]]] = {
    "cancelled": Cancel,
    "failed": Cancel,
    "entered-in-error": EnteredInError,
}
_OFFER: Final[Mapping[str, type[Reported]]] = {
    "received": ProgressNoted,
    "accepted": OfferAccepted,
    "rejected": OfferDeclined,
    "ready": ProgressNoted,
    "cancelled": OfferDeclined,
    "in-progress": ProgressNoted,
    "on-hold": ProgressNoted,
    "failed": OfferDeclined,
    "completed": ServiceAttested,
}
_ENDS: Final[Mapping[str, type[Reported]]] = {
    "care-received-elsewhere": CareReceivedElsewhere,
    "deceased": DeceasedOrMoved,
    "moved": DeceasedOrMoved,
}
"""Why an EHR ends a referral, by the code of statusReason; any other is a cancellation."""
_ASKS: Final = frozenset({"requested", "received", "accepted", "ready", "in-progress"})
"""The statuses of a Task that asks for what its focus orders."""
_BEFORE_THE_ORDER: Final = (
    "Send the order first, alone or in one Bundle with this Task, and refer in Task.focus to the "
    "ServiceRequest that the router answers with, or by an identifier of the order."
)


class TaskUpdate(PartnerUpdate):
    """The clinic's answer to an offer (Task B), or the EHR's cancellation (Task A).

    Attributes:
        performer: NPI of who gave the care that was received elsewhere.
    """

    task: Literal["a", "b"]
    performer: str | None = None

    def _of_its_kind(self) -> Mapping[str, object]:
        of_performer = {"performer": self.performer} if self.performer else {}
        return {**super()._of_its_kind(), **of_performer}


class PostedTask(Model):
    """A Task that an EHR makes about an order.

    Attributes:
        focus: the order, by an id of ours; None: by its identifier.
        identifier: of the order, `system|value`.
        patient: whom it names. PHI.
        priority: that it states.
        words: what it says besides: PHI may be in them.
    """

    focus: OwnId | None
    identifier: str | None = None
    patient: NamedPatient
    priority: Priority = Priority.ROUTINE
    words: str | None = None


def read_task_update(
    body: bytes,
    content_type: str | None,
    task_id: str,
    shown: Callable[[], Json | None] = lambda: None,
) -> TaskUpdate:
    """Read the new version of a Task of ours that a partner PUTs; see `task_update_in`."""
    return task_update_in(read_resource(body, content_type), task_id, shown)


def task_update_in(
    resource: Json, task_id: str, shown: Callable[[], Json | None] = lambda: None
) -> TaskUpdate:
    """Read the new version of a Task of ours, as it was sent or as a patch makes it.

    Args:
        resource: the Task.
        task_id: the id of the URL.
        shown: returns the Task as its sender reads it now, if it may: a status that is left as it
            is asks for nothing, and words that stand there already are not the sender's.

    Raises:
        FhirError: malformed, another id, or a status that a partner may not set.
    """
    task = expect(resource, Task)
    own = own_task(task_id)
    check_id(task.id, task_id, "Task.id")
    classes = _COORDINATION if own.part == "a" else _OFFER
    kind_class, words = classes.get(task.status), tuple(_words(task))
    before = _as_shown(shown()) if kind_class is None or words else None
    if before is not None and kind_class is None and task.status == before.status:
        kind_class = ProgressNoted
    if kind_class is None:
        raise FhirError(
            "task-status-not-accepted",
            f"Set this Task's status to one of {', '.join(classes)}.",
            expression="Task.status",
            code="business-rule",
        )
    is_old = before is not None and task.status_reason == before.status_reason
    reason = None if is_old else code_of(task.status_reason)
    if kind_class is Cancel:
        kind_class = _ENDS.get((reason or "").rpartition("|")[2], Cancel)
    return TaskUpdate(
        referral_id=own.referral_id,
        patient=named_patient(task, [task.for_]),
        offer_number=own.number,
        kind_class=kind_class,
        status=task.status,
        reason=reason,
        task="a" if own.part == "a" else "b",
        performer=_performer(task) if kind_class is CareReceivedElsewhere else None,
        reason_text="\n".join(_but_shown(words, before)) or None,
    )


def _performer(task: Task) -> str | None:
    """Return the NPI of whom an output refers to: who gave the care."""
    named = (value.value_reference for value in task.output)
    return npi_of(one.identifier for one in named if one and one.identifier)


def _as_shown(resource: Json | None) -> Task | None:
    return None if resource is None else expect(resource, Task)


def _but_shown(words: Iterable[str], before: Task | None) -> Iterator[str]:
    known = set(_words(before)) if before is not None else set()
    return (word for word in words if word not in known)


def own_task(task_id: str) -> OwnId:
    """Return what a Task's id says. Raises: FhirError: it is none of ours."""
    own = own_id(task_id)
    if own is None or own.part not in {"a", "b"}:
        raise unknown_referral(
            "Task.id", "Update a Task that the router made, by the id it has there."
        )
    return own


def read_posted_task(body: bytes, content_type: str | None) -> PostedTask:
    """Read a Task that an EHR makes about an order (SDOHCC: intent order, focus ServiceRequest).

    Raises:
        FhirError: malformed, about nothing that could be an order of ours, or asking for nothing.
    """
    task = expect(read_resource(body, content_type), Task)
    if task.status not in _ASKS:
        raise _broken(
            "task-status-not-accepted",
            f"Send a new Task with one of the statuses {', '.join(sorted(_ASKS))}; "
            "to end a referral, update its Task.",
            "Task.status",
        )
    if task.intent != "order":
        raise _broken("intent-not-accepted", "Send the Task with the intent order.", "Task.intent")
    focus = task.focus
    found = referred([focus]) if focus else None
    identifier = _token(focus.identifier) if focus and found is None else None
    if found is None and identifier is None:
        raise unknown_focus()
    return PostedTask(
        focus=found,
        identifier=identifier,
        patient=named_patient(task, [task.for_]),
        priority=Priority(task.priority or Priority.ROUTINE),
        words="\n".join(_words(task)) or None,
    )


def unknown_focus() -> FhirError:
    """Return the error of a Task about an order that we do not have; it says what to do."""
    return _broken("focus-unknown", _BEFORE_THE_ORDER, "Task.focus")


def _words(task: Task) -> Iterator[str]:
    """Iterate over what a Task says in words, wherever it says it."""
    said = [
        words_of(task.status_reason),
        task.business_status.text if task.business_status else None,
        task.description,
        *(note.text for note in task.note),
    ]
    for value in (*task.input, *task.output):
        said += [value.value_string, words_of(value.value_codeable_concept)]
        said.append(_coded(value.value_codeable_concept))
    yield from dict.fromkeys(filter(None, said))


def _coded(concept: object) -> str | None:
    coding = getattr(concept, "coding", ())
    named = ((token_in(c.token), c.display) for c in coding)
    return next((f"{token} {display or ''}".strip() for token, display in named if token), None)


def _token(identifier: Identifier | None) -> str | None:
    if identifier is None or not identifier.value:
        return None
    return f"{identifier.system or ''}|{identifier.value}"


def _broken(own_code: str, diagnostics: str, expression: str) -> FhirError:
    return FhirError(own_code, diagnostics, expression=expression, code="business-rule")

"""Updates: one class a kind, read back as the class that was written, posted by whom it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from pydantic import ValidationError

from referral_core.domain.access.ownership import may_post
from referral_core.domain.lifecycle import Outcome
from referral_core.domain.updates import (
    ALWAYS_ACCEPTED,
    UPDATE,
    UPDATES,
    Reported,
    Role,
    UpdateKind,
)

NOW: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SAYS: Final[dict[UpdateKind, dict[str, Any]]] = {
    UpdateKind.SUPERSEDED: {"by": "0" * 32},
    UpdateKind.AUTHORIZATION_DECIDED: {"verdict": "approved"},
    UpdateKind.APPOINTMENT_BOOKED: {"start": NOW},
    UpdateKind.REPORT_RECEIVED: {"sha256": "0" * 64},
    UpdateKind.PATIENT_REPLIED: {"reply": "yes"},
    UpdateKind.CONTACT_RECORDED: {"result": "voicemail"},
    UpdateKind.NOTICE_DELIVERED: {"notice": 1},
    UpdateKind.NOTICE_UNDELIVERABLE: {"notice": 1},
    UpdateKind.NOTICE_ACKNOWLEDGED: {"notice": 1},
    UpdateKind.DECISION: {"action": "retry"},
    UpdateKind.WORK_ITEM_UPDATED: {"act": "claim"},
    UpdateKind.DEADLINE: {"wait": "1-7"},
    UpdateKind.PLACE_OPENED: {"wait": "1-7"},
    UpdateKind.CLINIC_CLOSED: {"npi": "1999900032"},
}
"""What a kind must say besides what every update says."""


def an_update(kind: UpdateKind, **fields: Any) -> dict[str, Any]:
    common = {"id": "u1", "actor": "client-1", "role": "staff", "received_at": NOW, "kind": kind}
    return {**common, **SAYS.get(kind, {}), **fields}


def test_every_kind_has_one_class_and_somebody_who_may_post_it() -> None:
    assert set(UPDATES) == set(UpdateKind)
    assert all(may_post(kind) for kind in UPDATES)


@pytest.mark.parametrize("kind", UpdateKind)
def test_an_update_is_read_back_as_the_class_of_its_kind(kind: UpdateKind) -> None:
    update: Reported = UPDATE.validate_python(an_update(kind))
    assert type(update) is UPDATES[kind]
    assert UPDATE.validate_json(update.model_dump_json(exclude_none=True)) == update


@pytest.mark.parametrize("kind", UpdateKind)
def test_a_field_that_its_kind_does_not_have_is_refused(kind: UpdateKind) -> None:
    with pytest.raises(ValidationError):
        UPDATE.validate_python(an_update(kind, fact="anything"))


@pytest.mark.parametrize("kind", sorted(SAYS))
def test_what_a_kind_must_say_cannot_be_left_out(kind: UpdateKind) -> None:
    for name in SAYS[kind]:
        said = {key: value for key, value in an_update(kind).items() if key != name}
        with pytest.raises(ValidationError):
            UPDATE.validate_python(said)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        UPDATE.validate_python({**an_update(UpdateKind.CANCEL), "kind": "hear-say"})


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (UpdateKind.CANCEL, Outcome.CANCELLED_BY_REFERRER),
        (UpdateKind.ENTERED_IN_ERROR, Outcome.ENTERED_IN_ERROR),
        (UpdateKind.CARE_RECEIVED_ELSEWHERE, Outcome.CARE_RECEIVED_ELSEWHERE),
        (UpdateKind.DECEASED_OR_MOVED, Outcome.DECEASED_OR_MOVED),
        (UpdateKind.SUPERSEDED, Outcome.SUPERSEDED),
    ],
)
def test_what_ends_a_referral_says_with_which_outcome(kind: UpdateKind, outcome: Outcome) -> None:
    assert UPDATES[kind].ends_with is outcome
    assert kind in ALWAYS_ACCEPTED


def test_nothing_else_ends_a_referral() -> None:
    ends = {kind for kind, update in UPDATES.items() if update.ends_with is not None}
    # Beside another version of the order, which no wait may miss either.
    assert ends | {UpdateKind.INFORMATION_SUPPLIED} == ALWAYS_ACCEPTED
    assert len(ends) == 5


MAY_POST: Final = {
    Role.EHR: {
        "information-supplied",
        "cancel",
        "entered-in-error",
        "care-received-elsewhere",
        "deceased-or-moved",
        "superseded",
        "progress-noted",
        "notice-acknowledged",
    },
    Role.CLINIC: {
        "offer-accepted",
        "offer-declined",
        "appointment-booked",
        "appointment-cancelled",
        "appointment-noshow",
        "appointment-fulfilled",
        "report-received",
        "service-attested",
        "progress-noted",
    },
    Role.PAYER: {"authorization-decided"},
    Role.PATIENT_CHANNEL: {"patient-replied"},
    Role.ROUTER: {
        *("notice-delivered", "notice-undeliverable", "deadline", "place-opened", "clinic-closed"),
    },
}
"""Staff may post what people may tell them by phone; the table in docs/glossary.md says all."""


@pytest.mark.parametrize("role", MAY_POST)
def test_a_role_posts_its_own_kinds_and_no_other(role: Role) -> None:
    assert {kind.value for kind in UPDATES if role in may_post(kind)} == MAY_POST[role]


def test_staff_cannot_speak_for_the_router_or_erase_an_order() -> None:
    staff = {kind for kind in UPDATES if Role.STAFF in may_post(kind)}
    never = {
        UpdateKind.ENTERED_IN_ERROR,
        UpdateKind.SUPERSEDED,
        UpdateKind.NOTICE_DELIVERED,
        UpdateKind.NOTICE_UNDELIVERABLE,
        UpdateKind.DEADLINE,
        UpdateKind.PLACE_OPENED,
        UpdateKind.CLINIC_CLOSED,
    }
    assert staff == set(UpdateKind) - never

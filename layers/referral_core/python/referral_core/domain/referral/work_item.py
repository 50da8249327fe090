"""The work item that is open for a referral, if a person must look."""

from datetime import datetime

from pydantic import field_validator

from referral_core.domain.codes import Coded
from referral_core.domain.lifecycle import Step
from referral_core.domain.model import Model
from referral_core.domain.work_items import Reason


class WorkItem(Model):
    """Why a person must look, and what that person may do.

    Attributes:
        resume_at: the step that was at work when it was opened; the end itself is verified anew.
        due_at: when it must be decided, whatever its owner snoozes.
        owner: the client id of the person who works on it.
        comments: how many there are; the words are documents.
        patient_wrote: whether the patient wrote, and nobody has read it since.
        seen_by: NPI of whose document is to be read: who may have seen the patient elsewhere.
    """

    reason: Reason
    opened_at: datetime
    resume_at: Step
    actions: tuple[str, ...]
    due_at: datetime | None = None
    owner: str | None = None
    snoozed_until: datetime | None = None
    comments: int = 0
    patient_wrote: bool = False
    seen_by: Coded = None

    @field_validator("resume_at")
    @classmethod
    def _never_straight_to_the_end(cls, step: Step) -> Step:
        """A person may have changed what was to close: no way leads past its verification."""
        return Step.VERIFY_CLOSURE if step is Step.CLOSE_REFERRAL else step

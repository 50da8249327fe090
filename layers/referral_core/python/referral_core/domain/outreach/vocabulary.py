"""What came of asking a patient, in codes: of a reply by text message, and of a call."""

from enum import StrEnum


class Reply(StrEnum):
    """What a patient's word means to the router; everything else a person reads."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    START = "start"
    HELP = "help"
    ANOTHER_TIME = "another-time"
    ANOTHER_CLINIC = "another-clinic"
    OTHER = "other"


class CallResult(StrEnum):
    """What came of a call that staff made."""

    AGREED = "agreed"
    DECLINED = "declined"
    ANOTHER_TIME = "another-time"
    ANOTHER_CLINIC = "another-clinic"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no-answer"
    WRONG_NUMBER = "wrong-number"
    OPTED_OUT = "opted-out"

    @property
    def is_said(self) -> bool:
        """Whether somebody said it: who spoke decides what it means."""
        return self not in {self.VOICEMAIL, self.NO_ANSWER, self.WRONG_NUMBER}

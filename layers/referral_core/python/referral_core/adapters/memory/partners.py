"""Clinics, carrier, EHR, notice queue and document store in memory.

Each is as strict as what it stands for: a twin that took what the real one refuses would make
tests and simulations lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from referral_core.domain.announced_upload import Announced, UploadTarget
from referral_core.domain.directory import EhrSystem, Practitioner
from referral_core.domain.errors import NotFound, Permanent, Refused, Retryable
from referral_core.domain.ids import Tenant
from referral_core.domain.messages import DeliveryUnknown, Message, OfferedReferral
from referral_core.domain.outreach.sms_parts import parts
from referral_core.domain.referral import Notice, Referral
from referral_core.domain.run import ClosingRequest, NoticeRequest, WaitlistRequest
from referral_core.domain.upload import KEPT, Uploaded
from referral_core.fhir.ids import notice_id

Mode = Literal["up", "down", "refuses", "misconfigured"]

_NUMBER: Final = re.compile(r"\+?[1-9]\d{1,18}", re.ASCII)
_LONGEST_BODY: Final = 1600
_LONGEST_SPEECH: Final = 3000
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_BYTES: Final = "application/octet-stream"


def _pass(mode: Mode) -> None:
    if mode == "down":
        raise Retryable("The partner cannot answer now.")
    if mode == "refuses":
        raise Refused("The partner refuses the request.")
    if mode == "misconfigured":
        raise Permanent("The partner is not configured as it answers.")


@dataclass
class MemoryClinics:
    """All clinics at once.

    Attributes:
        offers: what was last offered under each Task.
        withdrawn: the reason of each Task taken back.
        reminded: (Task, what is awaited), once per reminder.
    """

    mode: Mode = "up"
    offers: dict[str, OfferedReferral] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)
    reminded: list[tuple[str, str]] = field(default_factory=list)

    def offer(self, offered: OfferedReferral) -> None:
        """Take an offer; the same one again changes nothing."""
        _pass(self.mode)
        self.offers[offered.task_id] = offered

    def withdraw(self, practitioner: Practitioner, task_id: str, reason: str) -> None:  # noqa: ARG002
        """Take the withdrawal of an offer, known or not."""
        _pass(self.mode)
        self.withdrawn[task_id] = reason

    def remind(self, practitioner: Practitioner, task_id: str, awaited: str) -> None:  # noqa: ARG002
        """Take the reminder that something is awaited."""
        _pass(self.mode)
        self.reminded.append((task_id, awaited))


class MemoryMessenger:
    """All channels: each send is one message, repeats included.

    Args:
        opted_out: numbers that want no messages.
    """

    def __init__(self, opted_out: Iterable[str] = ()) -> None:
        self.opted_out = set(opted_out)
        self.mode: Literal["up", "down", "fails"] = "up"
        self.sent: list[Message] = []

    def send(self, message: Message) -> int:
        """Send one message; return its units. In mode `fails` nobody learns that it was sent."""
        if self.mode == "down":
            raise Retryable("The channel takes no messages now.")
        if not self._takes(message):
            raise Permanent("The channel refuses the message.")
        self.sent.append(message)
        if self.mode == "fails":
            raise DeliveryUnknown("The channel failed.")
        return parts(message.body) if message.channel == "sms" else 1

    def _takes(self, message: Message) -> bool:
        match message.channel:
            case "sms" | "voice":
                longest = _LONGEST_BODY if message.channel == "sms" else _LONGEST_SPEECH
                number = _NUMBER.fullmatch(message.to) and message.to not in self.opted_out
                return bool(number and message.body.strip() and len(message.body) <= longest)
            case "email":
                return _ADDRESS.fullmatch(message.to) is not None
            case "letter" | "portal":
                return bool(message.to.strip())
            case "call":
                return False


@dataclass
class MemoryOptOuts:
    """The carrier's opt-out list: what is on it, the messenger sends nothing to."""

    messenger: MemoryMessenger
    mode: Mode = "up"

    def add(self, number: str) -> None:
        """Put a number on the list; putting twice is putting once."""
        _pass(self.mode)
        if not _NUMBER.fullmatch(number):
            raise Permanent("The number is none.")
        self.messenger.opted_out.add(number)

    def remove(self, number: str) -> None:
        """Take a number off the list; one that is not on it stays so."""
        _pass(self.mode)
        if not _NUMBER.fullmatch(number):
            raise Permanent("The number is none.")
        self.messenger.opted_out.discard(number)


@dataclass
class MemoryEhr:
    """The EHR's inbox.

    Attributes:
        notices: by the id that they have there.
        shown: the messages in the patient's portal, by their reference.
    """

    mode: Mode = "up"
    notices: dict[str, Notice] = field(default_factory=dict)
    shown: dict[str, Message] = field(default_factory=dict)

    def notify(self, ehr: EhrSystem, referral: Referral, notice: Notice) -> None:  # noqa: ARG002
        """Take one notice; the same one again overwrites itself."""
        _pass(self.mode)
        self.notices[notice_id(referral.id, notice.number)] = notice

    def show(self, ehr: EhrSystem, message: Message, at: datetime) -> None:  # noqa: ARG002
        """Take one message; the same one again overwrites itself."""
        _pass(self.mode)
        self.shown[message.reference] = message


@dataclass
class MemoryNotices:
    """The queue: what is asked for, repeats included, since a queue delivers at least once."""

    asked: list[NoticeRequest] = field(default_factory=list)

    def enqueue(self, request: NoticeRequest) -> None:
        """Ask for delivery."""
        self.asked.append(request)


@dataclass
class MemoryWaitlistRequests:
    """The queue of what the waitlist is to be served for, repeats included."""

    asked: list[WaitlistRequest | ClosingRequest] = field(default_factory=list)

    def enqueue(self, request: WaitlistRequest | ClosingRequest) -> None:
        """Ask for it to be served."""
        self.asked.append(request)


@dataclass
class MemoryDocuments:
    """Documents by tenant and hash, with their media type."""

    stored: dict[tuple[Tenant, str], tuple[bytes, str]] = field(default_factory=dict)
    staged: dict[tuple[Tenant, str, str], Uploaded] = field(default_factory=dict)

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document unless it is there; return its SHA-256 in hex."""
        digest = sha256(content).hexdigest()
        self.stored.setdefault((tenant, digest), (content, content_type or _BYTES))
        return digest

    def upload_target(self, announced: Announced) -> UploadTarget:
        """Return an address of nowhere: `staged` is what is uploaded."""
        return UploadTarget(
            url=f"https://documents.example.org/{announced.sha256}",
            headers={"Content-Type": announced.content_type},
            expires_at=datetime.now(UTC) + timedelta(minutes=15),
            kept_until=datetime.now(UTC) + KEPT,
        )

    def uploaded(self, tenant: Tenant, sender: str, sha256: str) -> Uploaded | None:
        """Read what was uploaded."""
        return self.staged.get((tenant, sender, sha256))

    def download_address(self, tenant: Tenant, sha256: str) -> str:
        """Return an address of nowhere."""
        return f"https://documents.example.org/{tenant}/{sha256}"

    def get(self, tenant: Tenant, sha256: str) -> bytes:
        """Read a document."""
        if (tenant, sha256) not in self.stored:
            raise NotFound("There is no such document.")
        return self.stored[tenant, sha256][0]

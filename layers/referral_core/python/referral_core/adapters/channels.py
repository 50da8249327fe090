"""All channels to patients as one messenger."""

from __future__ import annotations

from collections.abc import Mapping

from referral_core.domain.errors import Permanent
from referral_core.domain.messages import Message
from referral_core.domain.outreach.plan import Channel
from referral_core.ports.lifecycle import Messenger


class Channels:
    """Hands each message to the messenger of its channel; `call` has none, staff make calls."""

    def __init__(self, messengers: Mapping[Channel, Messenger]) -> None:
        """Take the messenger of each channel that may be used.

        Raises:
            ValueError: one is given for calls, which are never sent.
        """
        if "call" in messengers:
            raise ValueError("Calls are made by staff.")
        self._messengers = messengers

    def send(self, message: Message) -> int:
        """Send one message by its channel; return its metered units.

        Raises:
            Retryable, DeliveryUnknown, Permanent: as the channel's messenger; Permanent where there
                is none.
        """
        messenger = self._messengers.get(message.channel)
        if messenger is None:
            raise Permanent(f"Nothing is sent by {message.channel} here.")
        return messenger.send(message)

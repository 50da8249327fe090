"""Faulty partners and stores: what fails before it is done, or after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import ReadTimeoutError

from local.simulation.faults import Faults
from local.simulation.transport import InProcessPool
from referral_core.domain.errors import Retryable
from referral_core.domain.ids import Tenant
from referral_core.domain.messages import DeliveryUnknown, Message
from referral_core.domain.upload import Uploaded
from referral_core.entrypoints.http.orders.joined_uploads import DocumentsOfOrders
from referral_core.ports.lifecycle import Messenger


class FaultyMessenger:
    """Channels that fail before a message is sent, or after it."""

    def __init__(self, messenger: Messenger, faults: Faults) -> None:
        """Take the channels and what may happen to their calls."""
        self._messenger = messenger
        self._faults = faults

    def send(self, message: Message) -> int:
        """Send one message."""
        self._faults.killed("before a message")
        if self._faults.strike("message not taken"):
            raise Retryable("The channel throttles.")
        units = self._messenger.send(message)
        self._faults.killed("after a message")
        if self._faults.strike("message's response lost"):
            raise DeliveryUnknown("The channel did not answer.")
        return units


class FaultyDocuments:
    """A document store that fails before a document is stored, or after it."""

    def __init__(self, documents: DocumentsOfOrders, faults: Faults) -> None:
        """Take the store and what may happen to its calls."""
        self._documents = documents
        self._faults = faults

    def put(self, tenant: Tenant, content: bytes, content_type: str) -> str:
        """Store a document."""
        if self._faults.strike("throttled"):
            raise Retryable("The document could not be stored.")
        digest = self._documents.put(tenant, content, content_type)
        self._faults.killed("after a write")
        return digest

    def get(self, tenant: Tenant, sha256: str) -> bytes:
        """Read a document."""
        if self._faults.strike("throttled"):
            raise Retryable("The document could not be read.")
        return self._documents.get(tenant, sha256)

    def uploaded(self, tenant: Tenant, sender: str, sha256: str) -> Uploaded | None:
        """Read what was uploaded."""
        return self._documents.uploaded(tenant, sender, sha256)


class FaultyPool(InProcessPool):
    """Partners behind a network on which requests, and responses, get lost."""

    def __init__(self, pool: InProcessPool, faults: Faults) -> None:
        """Take the pool and what may happen to its requests."""
        self._pool = pool
        self._faults = faults

    def request(
        self, method: str, url: str, *, body: bytes, headers: Mapping[str, str], **options: Any
    ) -> urllib3.HTTPResponse:
        """Send a request."""
        self._faults.killed("before a request")
        if self._faults.strike("request lost"):
            raise _timeout()
        response = self._pool.request(method, url, body=body, headers=headers, **options)
        self._faults.killed("after a request")
        if self._faults.strike("request's response lost"):
            raise _timeout()
        return response


def _timeout() -> ReadTimeoutError:
    return ReadTimeoutError(urllib3.HTTPSConnectionPool("partners"), "", "lost")

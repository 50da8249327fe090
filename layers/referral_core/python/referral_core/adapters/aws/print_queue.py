"""Letters behind the Messenger port: a document, and a queue of ids that a print vendor reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.at_most_once import send_once
from referral_core.domain.errors import Permanent, Retryable
from referral_core.domain.messages import DeliveryUnknown, Message
from referral_core.ports.lifecycle import Documents

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_JSON: Final = "application/json"


class PrintedLetters:
    """Asks for a letter to be printed and posted.

    The queue never holds content: the letter is stored first, under its hash, and the vendor, who
    prints one letter per reference, fetches it from there. So a repeat is harmless.
    """

    def __init__(self, documents: Documents, client: SQSClient, queue_url: str) -> None:
        """Take the document store, an SQS client and the print queue."""
        self._documents = documents
        self._client = client
        self._url = queue_url

    def send(self, message: Message) -> int:
        """Ask for one letter; return 1.

        Raises:
            Retryable: the letter could not be stored, or it is not known to be queued.
            Permanent: the letter has no address, or the queue refuses it.
        """
        if message.channel != "letter" or not message.to.strip():
            raise Permanent("The message is none to a postal address.")
        digest = self._documents.put(message.tenant, letter(message), _JSON)
        asked = {
            "tenant": message.tenant,
            "referral_id": message.referral_id,
            "reference": message.reference,
            "sha256": digest,
        }
        try:
            send_once(
                "print queue",
                self._client.send_message,
                QueueUrl=self._url,
                MessageBody=json.dumps(asked),
            )
        except DeliveryUnknown as error:
            raise Retryable(str(error)) from None
        return 1


def letter(message: Message) -> bytes:
    """Return a letter as the vendor reads it; the same message is the same bytes.

    `{"reference", "to": [name and postal lines], "language", "subject", "body"}`, where the body's
    paragraphs are separated by empty lines.
    """
    return json.dumps(
        {
            "reference": message.reference,
            "to": message.to.splitlines(),
            "language": message.language,
            "subject": message.subject,
            "body": message.body,
        },
        ensure_ascii=False,
    ).encode()

"""What the clients of AWS send, and what they leave out."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from referral_core.wiring.parts.clients import aws_client


class _Nothing(BytesIO):
    def stream(self) -> list[bytes]:
        return []


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> AWSPreparedRequest:
    """Given a document that the client of S3 puts, and what would go over the wire."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client: Any = aws_client.__wrapped__("s3")
    found: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        found.append(request)
        return AWSResponse(request.url, 200, {}, _Nothing())

    client.meta.events.register("before-send.s3.PutObject", answer)
    client.put_object(Bucket="documents", Key="k", Body=b"{}")
    (request,) = found
    return request


def test_a_document_is_sent_at_once(sent: AWSPreparedRequest) -> None:
    """Whether it would be taken is not asked first: that is one way there and back more."""
    assert "Expect" not in sent.headers


def test_whose_calls_they_are_is_said_in_few_words(sent: AWSPreparedRequest) -> None:
    agent = sent.headers["User-Agent"]
    agent = agent if isinstance(agent, str) else agent.decode()
    assert agent.startswith("referral-router botocore/")
    assert "ua/2.1" not in agent

"""One contract of the document store, two sides: in memory, and S3 as moto has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from referral_core.adapters.aws.s3 import S3Documents
from referral_core.adapters.memory.partners import MemoryDocuments
from referral_core.domain.announced_upload import Announced
from referral_core.domain.errors import NotFound, Retryable
from referral_core.domain.ids import Tenant
from referral_core.metering import METER

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "documents"
LAKESIDE, HILLTOP = Tenant("lakeside"), Tenant("hilltop")
REPORT = b"%PDF-1.7 consult note"
DIGEST = hashlib.sha256(REPORT).hexdigest()


class Side(Protocol):
    @property
    def documents(self) -> MemoryDocuments | S3Documents:
        """Return the store."""

    def stored(self) -> dict[tuple[str, str], tuple[bytes, str]]:
        """Return content and media type of every document, by tenant and hash."""


class MemorySide:
    def __init__(self) -> None:
        self.memory = MemoryDocuments()
        self.documents = self.memory

    def stored(self) -> dict[tuple[str, str], tuple[bytes, str]]:
        return {(t, d): document for (t, d), document in self.memory.stored.items()}


class S3Side:
    def __init__(self, client: S3Client, key: str) -> None:
        self.client, self.key = client, key
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        client.put_bucket_encryption(
            Bucket=BUCKET,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "aws:kms",
                            "KMSMasterKeyID": key,
                        }
                    }
                ]
            },
        )
        self.documents = S3Documents(client, BUCKET)

    def stored(self) -> dict[tuple[str, str], tuple[bytes, str]]:
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        found = {}
        for item in listed:
            tenant, _, digest = item["Key"].partition("/")
            document = self.client.get_object(Bucket=BUCKET, Key=item["Key"])
            found[tenant, digest] = (document["Body"].read(), document["ContentType"])
        return found


@pytest.fixture
def s3_side(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Side]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
        signed = Config(signature_version="s3v4")
        yield S3Side(boto3.client("s3", region_name="us-east-1", config=signed), key)


@pytest.fixture(params=["memory", "s3"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "memory":
        return MemorySide()
    side: S3Side = request.getfixturevalue("s3_side")
    return side


def test_a_document_is_kept_under_its_hash(side: Side) -> None:
    assert side.documents.put(LAKESIDE, REPORT, "application/pdf") == DIGEST

    assert side.stored() == {(LAKESIDE, DIGEST): (REPORT, "application/pdf")}


def test_writing_twice_is_writing_once(side: Side) -> None:
    first = side.documents.put(LAKESIDE, REPORT, "application/pdf")

    assert side.documents.put(LAKESIDE, REPORT, "application/pdf") == first
    assert len(side.stored()) == 1


def test_a_document_is_read_as_it_was_stored_and_by_its_tenant_only(side: Side) -> None:
    side.documents.put(LAKESIDE, REPORT, "application/pdf")

    assert side.documents.get(LAKESIDE, DIGEST) == REPORT
    for tenant, sha256 in ((HILLTOP, DIGEST), (LAKESIDE, "0" * 64)):
        with pytest.raises(NotFound):
            side.documents.get(tenant, sha256)


def test_tenants_do_not_share_documents(side: Side) -> None:
    side.documents.put(LAKESIDE, REPORT, "application/pdf")
    side.documents.put(HILLTOP, REPORT, "application/pdf")

    assert set(side.stored()) == {(LAKESIDE, DIGEST), (HILLTOP, DIGEST)}


def test_a_document_without_type_is_bytes(side: Side) -> None:
    side.documents.put(LAKESIDE, b"", "")

    ((content, media_type),) = side.stored().values()
    assert (content, media_type) == (b"", "application/octet-stream")


def test_a_repeat_makes_no_new_version(s3_side: S3Side) -> None:
    s3_side.documents.put(LAKESIDE, REPORT, "application/pdf")
    s3_side.documents.put(LAKESIDE, REPORT, "text/plain")

    versions = s3_side.client.list_object_versions(Bucket=BUCKET)["Versions"]
    assert len(versions) == 1
    assert s3_side.stored()[LAKESIDE, DIGEST][1] == "application/pdf"


def test_a_document_is_encrypted_under_the_buckets_key(s3_side: S3Side) -> None:
    s3_side.documents.put(LAKESIDE, REPORT, "application/pdf")

    stored = s3_side.client.head_object(Bucket=BUCKET, Key=f"{LAKESIDE}/{DIGEST}")
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert stored["SSEKMSKeyId"] == s3_side.key


def test_a_bucket_in_trouble_is_worth_a_retry(s3_side: S3Side) -> None:
    with pytest.raises(Retryable):
        S3Documents(s3_side.client, "gone").put(LAKESIDE, REPORT, "application/pdf")


# --- uploads --------------------------------------------------------------------------------------


def announced(**fields: Any) -> Announced:
    known = {"tenant": LAKESIDE, "sender": "clinic-1", "sha256": DIGEST, "size": len(REPORT)}
    return Announced(**{**known, "content_type": "application/pdf", **fields})


def test_the_address_signs_this_document_and_no_other(s3_side: S3Side) -> None:
    target = s3_side.documents.upload_target(announced())
    signed = parse_qs(urlsplit(target.url).query)
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert int(signed["X-Amz-Expires"][0]) <= 15 * 60
    names = set(signed["X-Amz-SignedHeaders"][0].split(";"))
    given = {name.lower() for name in target.headers}
    # Whatever tells the document apart is signed: as a header that the sender must send, or there.
    assert given <= names | {name.lower() for name in signed}
    assert target.headers["Content-Length"] == str(len(REPORT))


def test_what_is_uploaded_is_read_by_who_uploaded_it(s3_side: S3Side) -> None:
    target = s3_side.documents.upload_target(announced())
    key = unquote(urlsplit(target.url).path.lstrip("/")).removeprefix(f"{BUCKET}/")
    assert s3_side.documents.uploaded(LAKESIDE, "clinic-1", DIGEST) is None
    s3_side.client.put_object(Bucket=BUCKET, Key=key, Body=REPORT, ContentType="application/pdf")
    found = s3_side.documents.uploaded(LAKESIDE, "clinic-1", DIGEST)
    assert found == (REPORT, "application/pdf")
    assert s3_side.documents.uploaded(LAKESIDE, "clinic-2", DIGEST) is None
    assert s3_side.documents.uploaded(HILLTOP, "clinic-1", DIGEST) is None
    # Where a document lies under its hash, nothing unverified does.
    assert key.startswith("uploads/")


def test_an_upload_is_read_no_further_than_a_document_may_go(
    s3_side: S3Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral_core.adapters.aws.s3.LARGEST", 10)
    key = urlsplit(s3_side.documents.upload_target(announced()).url).path.removeprefix(
        f"/{BUCKET}/"
    )
    s3_side.client.put_object(Bucket=BUCKET, Key=key.lstrip("/"), Body=REPORT)
    found = s3_side.documents.uploaded(LAKESIDE, "clinic-1", DIGEST)
    assert found is not None
    assert len(found.content) == 11


def test_a_bucket_in_trouble_gives_no_upload_and_says_so(s3_side: S3Side) -> None:
    with pytest.raises(Retryable):
        S3Documents(s3_side.client, "gone").uploaded(LAKESIDE, "clinic-1", DIGEST)


def test_what_is_kept_is_metered_by_its_size_and_once(s3_side: S3Side) -> None:
    METER.begin({})
    try:
        for content in (b"x", b"y" * 1024, b"z" * 1025, b"x"):
            s3_side.documents.put(LAKESIDE, content, "text/plain")
        used = METER.so_far()
    finally:
        METER.end()
    assert used["document_kb"] == 1 + 1 + 2, "the same again is not kept twice"

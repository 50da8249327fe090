"""cdk-nag's findings that we accept, each once, with the reason that we give an auditor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R5Checks,
    ServerlessChecks,
)

ACKNOWLEDGED: Final[Mapping[tuple[str, ...], str]] = {
    ("AwsSolutions-APIG4",): (
        "GET /fhir/metadata is the public CapabilityStatement that FHIR asks for, the token "
        "endpoint takes signed assertions and publishes its keys and addresses, and /console "
        "serves the page on which people sign in, with its scripts; none holds a record. Every "
        "other route has our authorizer."
    ),
    ("AwsSolutions-COG8",): (
        "People are made by operations only and sign in with a one-time password as second factor, "
        "machines with the client-credentials grant; the plus plan's adaptive sign-in would add "
        "a price a person for risks that the required second factor covers."
    ),
    ("AwsSolutions-IAM5",): (
        "Wildcards are resource suffixes only: a table's indexes, objects of a bucket, versions "
        "of one function, secrets under referral-router/, the account's own sending identities; "
        "and log delivery, X-Ray and the reading of metrics, which know no resources. Of actions "
        "only the two key operations whose variants an encrypted queue needs. tests/infra lists "
        "them."
    ),
    ("AwsSolutions-L1", "Serverless-LambdaLatestVersion"): (
        "Python 3.13 on arm64 is the runtime that the third-party layer is locked and tested for; "
        "a newer runtime is a change of the lock, made on purpose."
    ),
    (
        "AwsSolutions-SMG4",
        "HIPAA.Security-SecretsManagerRotationEnabled",
        "NIST.800.53.R5-SecretsManagerRotationEnabled",
    ): (
        "A person rotates the secret of hashed keys in two phases (docs/runbook.md): what was "
        "written under an older version must still be found, so a schedule must not replace it."
    ),
    ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"): (
        "These queues are themselves dead-letter queues, of the stream's consumers, of topics and "
        "of schedules, which cdk-nag cannot see; each has an alarm."
    ),
    ("HIPAA.Security-DynamoDBInBackupPlan", "NIST.800.53.R5-DynamoDBInBackupPlan"): (
        "Point-in-time recovery keeps every second of the last 35 days and deletion protection is "
        "on; a vault belongs to the account's own backup policy, which selects by tag."
    ),
    ("HIPAA.Security-IAMNoInlinePolicy", "NIST.800.53.R5-IAMNoInlinePolicy"): (
        "Each function's policy is used by its one role and lives and dies with it; shared "
        "managed policies would give functions what they do not need."
    ),
    ("HIPAA.Security-LambdaConcurrency", "NIST.800.53.R5-LambdaConcurrency"): (
        "A reserved concurrency would refuse referrals in a burst, and is taken from the account's "
        "other functions. What one tenant or partner could fill is bounded where it comes in: "
        "requests by client and minute, deliveries and the waitlist by their queues' concurrency; "
        "alarms watch throttled functions. docs/decisions/0088 says more."
    ),
    (
        "HIPAA.Security-LambdaDLQ",
        "NIST.800.53.R5-LambdaDLQ",
        "Serverless-LambdaDLQ",
        "Serverless-LambdaAsyncFailureDestination",
    ): (
        "No function is invoked asynchronously with work that exists nowhere else: streams, queue "
        "and topic have dead-letter queues, steps are retried by the state machine, and a lost "
        "tick of the watchdog is followed by the next."
    ),
    ("HIPAA.Security-LambdaInsideVPC", "NIST.800.53.R5-LambdaInsideVPC"): (
        "The functions call only AWS APIs and partners' public HTTPS endpoints, so a VPC would "
        "add a NAT and no boundary: access is by IAM role, content is encrypted under our key, "
        "and nothing listens. docs/decisions/0008 says more."
    ),
    ("HIPAA.Security-S3BucketReplicationEnabled", "NIST.800.53.R5-S3BucketReplicationEnabled"): (
        "Documents are versioned under their content hash in storage of eleven nines; a second "
        "region is a second cell, decided with the tenant's recovery goals."
    ),
    ("HIPAA.Security-S3DefaultEncryptionKMS", "NIST.800.53.R5-S3DefaultEncryptionKMS"): (
        "S3 delivers server access logs only to buckets with S3-managed keys; they hold request "
        "lines with content hashes, no content."
    ),
    ("Serverless-LambdaEventSourceMappingDestination",): (
        "The two mappings read SQS queues, which take no destination: what fails so often goes to "
        "the queue's own dead-letter queue, and each of those has an alarm."
    ),
}
"""The rules that say one thing, in all packs, and why what they find is as we want it."""

_WILDCARDS: Final = (
    "Resource::*",
    "Action::kms:GenerateDataKey*",
    "Action::kms:ReEncrypt*",
    "Resource::<RecordTableDC0C661A.Arn>/index/*",
    "Resource::<DocumentsBucket089EA665.Arn>/*",
    "Resource::<LakeBucketB1D32E10.Arn>/*",
    "Resource::<LakeResults1933D710.Arn>/*",
    (
        "Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:"
        "secret:referral-router/*"
    ),
    "Resource::arn:<AWS::Partition>:sms-voice:<AWS::Region>:<AWS::AccountId>:phone-number/*",
    "Resource::arn:<AWS::Partition>:sms-voice:<AWS::Region>:<AWS::AccountId>:pool/*",
    "Resource::arn:<AWS::Partition>:sms-voice:<AWS::Region>:<AWS::AccountId>:sender-id/*",
)
"""What the one acknowledgment of IAM5 covers: cdk-nag wants each wildcard named."""


def _findings(rule: str) -> Iterator[str]:
    """Yield what cdk-nag calls the findings of a rule."""
    finding = f"{rule.partition('-')[0]}::{rule}"
    if rule.endswith("-IAM5"):
        yield from (f"{finding}[{wildcard}]" for wildcard in _WILDCARDS)
    else:
        yield finding


def check(app: App) -> None:
    """Make synth fail on any finding that is not acknowledged here."""
    validations = Validations.of(app)
    validations.add_plugins(
        AwsSolutionsChecks(app),
        HIPAASecurityChecks(app),
        NIST80053R5Checks(app),
        ServerlessChecks(app),
    )
    for rules, reason in ACKNOWLEDGED.items():
        for finding in (finding for rule in rules for finding in _findings(rule)):
            validations.acknowledge(Acknowledgment(id=finding, reason=reason))

"""The key that signs the tokens of our own issuer; it never leaves KMS."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.functions import Resource


class TokenKey(Construct):
    """An RSA key for signatures. To replace it: docs/runbook.md, rotation."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Referral Router: signs the access tokens of SMART Backend Services",
            key_spec=kms.KeySpec.RSA_2048,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.resources = {"TOKEN_KEY_IDS": Resource(key.key_arn, (key.key_arn,))}

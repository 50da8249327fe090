"""The secret under which keys of the table are hashed; the stack generates it, nobody knows it."""

from __future__ import annotations

import json

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.functions import Resource
from referral_core.adapters.aws.dynamodb.hashed_keys import CURRENT

_FIRST = "1"
_LENGTH = 64
"""Characters, of letters and digits: more than the 256 bits that the hash can use."""


class HashKeys(Construct):
    """The secret: JSON of the current version and the secret key of each."""

    def __init__(self, scope: Construct, construct_id: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        # Not under referral-router/, where partners' tokens are, which other functions read.
        self.name = f"{stack.stack_name}-hash-keys"
        secretsmanager.Secret(
            self,
            "Secret",
            secret_name=self.name,
            description="Keys of the table are hashed under these; without them nothing is found",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({CURRENT: _FIRST}),
                generate_string_key=_FIRST,
                password_length=_LENGTH,
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )

    @property
    def resource(self) -> Resource:
        """The secret, as a resource that functions may be given."""
        arn = Stack.of(self).format_arn(
            service="secretsmanager",
            resource="secret",
            # Secrets Manager appends a hyphen and six characters.
            resource_name=f"{self.name}-??????",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return Resource(self.name, (arn,))

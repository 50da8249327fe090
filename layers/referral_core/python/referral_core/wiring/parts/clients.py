"""The process's clients of AWS services."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from referral_core.adapters.aws.metered_calls import count_calls
from referral_core.metering import METER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.session import Session

Service = Literal[
    "athena",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "firehose",
    "kms",
    "lambda",
    "pinpoint-sms-voice-v2",
    "s3",
    "secretsmanager",
    "sesv2",
    "sqs",
    "stepfunctions",
]
OPERATIONS: Final[Mapping[str, Sequence[str]]] = {
    "athena": ("GetQueryExecution", "GetQueryResults", "StartQueryExecution"),
    "cloudwatch": ("GetMetricData",),
    "cognito-idp": ("AdminCreateUser", "AdminDisableUser", "AdminUserGlobalSignOut"),
    "dynamodb": (
        *("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query"),
        *("TransactWriteItems", "UpdateItem"),
    ),
    "firehose": ("PutRecordBatch",),
    "kms": ("GetPublicKey", "Sign"),
    "lambda": ("Invoke",),
    "pinpoint-sms-voice-v2": (
        *("DeleteOptedOutNumber", "PutOptedOutNumber", "SendTextMessage", "SendVoiceMessage"),
    ),
    "s3": ("GetObject", "PutObject"),
    "secretsmanager": ("GetSecretValue",),
    "sesv2": ("SendEmail",),
    "sqs": (
        *("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"),
        "SendMessage",
    ),
    "stepfunctions": ("ListExecutions", "SendTaskFailure", "SendTaskSuccess", "StartExecution"),
}
"""What functions call, as botocore names it: clients have no other methods, the layer no more."""


@cache
def aws_client(service: Service, *, attempts: int = 4) -> Any:
    """Return the process's one client of an AWS service.

    Args:
        service: as botocore names it.
        attempts: tries in all; 1 where a repeat would do a thing twice.
    """
    # Most of a start: a function that needs no client loads none of it.
    from botocore import __version__ as release  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # What is signed for others to upload into an encrypted bucket is signed by version 4.
    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": attempts},
        signature_version="s3v4" if service == "s3" else None,
        # The service checks what it is sent; the tests' clients check it before, as botocore does.
        parameter_validation=False,
        # botocore's own is composed anew twice a call, of what it knows of the machine.
        user_agent=f"referral-router botocore/{release}",
    )
    return _session().create_client(service, config=config)


@cache
def _session() -> Session:
    """Return the session of all clients.

    It is botocore's, which boto3's only wraps: resources and transfers of S3 are not ours. Its
    loader knows our services by name, where botocore's own looks into four hundred folders, and of
    each what we call: a client makes a method, with its documentation, of each operation it knows.
    """
    from botocore.handlers import add_expect_header  # noqa: PLC0415 - see above
    from botocore.loaders import Loader  # noqa: PLC0415 - see above
    from botocore.session import get_session  # noqa: PLC0415

    class OurServices(Loader):
        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
            return list(OPERATIONS)

        def load_service_model(
            self, service_name: str, type_name: str, api_version: str | None = None
        ) -> dict[str, Any]:
            model: dict[str, Any] = super().load_service_model(service_name, type_name, api_version)
            if type_name == "service-2":
                known = model["operations"]
                model["operations"] = {
                    # Where a table is named by its ARN, each call looks for the account in it.
                    name: {k: v for k, v in known[name].items() if k != "operationContextParams"}
                    for name in OPERATIONS[service_name]
                }
            return model

    session = get_session()
    session.register_component("data_loader", OurServices())
    # A document of at most a few MB goes at once: to ask first is one way there and back more.
    session.unregister("before-call.s3", add_expect_header)  # type: ignore[arg-type] # its stubs say less
    count_calls(session, METER)
    return session

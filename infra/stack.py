"""The stack as a table of contents."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, CfnOutput, CfnParameter, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.audit import Audit
from infra.dashboards import Dashboards
from infra.documents import Documents
from infra.functions import Functions, Resource
from infra.hash_keys import HashKeys
from infra.lake import Lake
from infra.layers import Layers
from infra.lifecycle import Lifecycle
from infra.messaging import Messaging
from infra.parameters import Parameters
from infra.request_counts import RequestCountsTable
from infra.service_alarms import Watched
from infra.table import ReferralTable
from infra.token_key import TokenKey
from infra.triggers import Triggers


class ReferralRouterStack(Stack):
    """One cell: everything that the referrals of its tenants need."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        extra_environment: Mapping[str, str],
        third_party_layer: bool,
    ) -> None:
        """Build the stack.

        Args:
            scope: the app.
            construct_id: the stack's name.
            extra_environment: added to every function's environment (a virtual clock, say).
            third_party_layer: whether the locked packages are deployed as a layer.
        """
        super().__init__(scope, construct_id)
        record = ReferralTable(self, "Record")
        documents = Documents(self, "Documents", record.key)
        messaging = Messaging(self, "Messaging", record.key)
        lake = Lake(self, "Lake", record.key, documents.access_logs)
        audit = Audit(self, "Audit", record.key)
        counts = RequestCountsTable(self, "RequestCounts", record.key)
        functions = Functions(
            self,
            "Functions",
            layers=Layers(self, "Layers", third_party=third_party_layer),
            key=record.key,
            resources={
                "HASH_KEYS_SECRET": HashKeys(self, "HashKeys", record.key).resource,
                "AUDIT_TABLE_NAME": audit.resource,
                **counts.resources,
                **self._resources(record, documents, messaging, lake),
            },
            extra_environment=extra_environment,
        )
        by_name = functions.by_name
        lake.grant(queries=by_name["query_reports"], overhead=by_name["measure_queues"])
        steps, completing = functions.steps, functions.completing
        lifecycle = Lifecycle(self, "Lifecycle", steps=steps, completing=completing, key=record.key)
        api = Api(self, "Api", functions=by_name, key=record.key)
        _tell_addresses(by_name, api)
        _let_redrive(by_name, lifecycle.machine.state_machine_arn)
        Triggers(self, "Triggers", functions=by_name, table=record.table, messaging=messaging)
        tables = {"Record": record.table, "Audit": audit.table, "RequestCounts": counts.table}
        machine, api_id = lifecycle.machine, api.http_api.api_id
        self._watch(Watched(by_name, machine, messaging, tables, api_id))
        outputs = {
            **_api_outputs(api),
            **_queue_outputs(messaging),
            "TableName": record.table.table_name,
            "StateMachineArn": machine.state_machine_arn,
            "DocumentsBucket": documents.bucket.bucket_name,
            "FireTimersName": by_name["fire_timers"].function_name,
        }
        self._say(outputs)

    def _say(self, outputs: Mapping[str, str]) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

    def _watch(self, watched: Watched) -> None:
        """Draw what happens, and wake somebody when it is not what it should be."""
        Alarms(self, "Alarms", watched=watched, cost_limit=_cost_limit(self))
        Dashboards(self, "Dashboards", watched)

    def _resources(
        self, record: ReferralTable, documents: Documents, messaging: Messaging, lake: Lake
    ) -> Mapping[str, Resource]:
        """Return what functions may be given, by the setting that names it."""
        # Composed, not read from the machine, which needs the functions first.
        machine_arn = self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name="referral_lifecycle",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return {
            "TABLE_NAME": Resource(
                record.table.table_name,
                (record.table.table_arn, f"{record.table.table_arn}/index/*"),
            ),
            "DOCUMENTS_BUCKET": Resource(
                documents.bucket.bucket_name, (documents.bucket.arn_for_objects("*"),)
            ),
            "STATE_MACHINE_ARN": Resource(machine_arn, (machine_arn,)),
            **messaging.resources,
            **lake.resources,
            **TokenKey(self, "TokenKey").resources,
            **Parameters(self).resources,
        }


_ACCOUNTS = (
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminUserGlobalSignOut",
)
"""What a manager's acts do with people's accounts; nobody is given another's password."""


_CONSUMERS = ("publish_outbox", "record_metrics", "export_events")


def _let_redrive(by_name: Mapping[str, lambda_.Function], machine_arn: str) -> None:
    """Let operators give dead letters to the stream's consumers, and list executions."""
    operations = by_name["run_operations"]
    operations.add_environment("STACK_NAME", Stack.of(operations).stack_name)
    operations.add_environment("STATE_MACHINE_ARN", machine_arn)
    operations.add_to_role_policy(
        iam.PolicyStatement(actions=["states:ListExecutions"], resources=[machine_arn])
    )
    consumers = [by_name[name].function_arn for name in _CONSUMERS]
    operations.add_to_role_policy(
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=consumers)
    )


def _tell_addresses(by_name: Mapping[str, lambda_.Function], api: Api) -> None:
    """Give functions what is known once the API is there."""
    by_name["deliver_notices"].add_environment("PUBLIC_BASE_URL", api.http_api.api_endpoint)
    for name in ("query_api", "serve_console"):
        by_name[name].add_environment("TOKEN_URL", f"{api.domain.base_url()}/oauth2/token")
    for name in ("authorize_client", "serve_console"):
        by_name[name].add_environment("CONSOLE_CLIENT_ID", api.console.user_pool_client_id)
    people = by_name["manage_people"]
    people.add_environment("USER_POOL_ID", api.user_pool.user_pool_id)
    api.user_pool.grant(people, *_ACCOUNTS)
    authorize = by_name["authorize_client"]
    for function in (authorize, by_name["issue_token"]):
        function.add_environment("PUBLIC_BASE_URL", api.http_api.api_endpoint)
    authorize.add_environment("POOL_ISSUER", api.issuer)
    authorize.add_environment("POOL_KEYS_URL", f"{api.issuer}/.well-known/jwks.json")


def _cost_limit(stack: Stack) -> float:
    """Return the dollars above which the average cost of a closed referral wakes somebody."""
    return CfnParameter(
        stack,
        "CostPerReferralLimit",
        type="Number",
        default=25,
        description="US dollars that a closed referral may cost on a day's average",
    ).value_as_number


def _api_outputs(api: Api) -> Mapping[str, str]:
    return {
        "ApiUrl": api.http_api.api_endpoint,
        "ApiId": api.http_api.api_id,
        "UserPoolId": api.user_pool.user_pool_id,
        "TokenDomain": api.domain.domain_name,
        "ConsoleClientId": api.console.user_pool_client_id,
    }


def _queue_outputs(messaging: Messaging) -> Mapping[str, str]:
    return {
        "RepliesTopicArn": messaging.replies.topic_arn,
        "NoticesQueueUrl": messaging.notices.queue_url,
        "PrintQueueUrl": messaging.letters.queue_url,
        "StreamDlqUrl": messaging.stream_dlq.queue_url,
    }

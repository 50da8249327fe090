"""What the template promises: keys, roles, stream, routes, alarms, and nothing more than that."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from infra import STACK_NAME, nag
from infra.api import PUBLIC, ROUTES
from infra.app import build_app
from infra.functions import OTHERS, STEPS
from infra.principals import MAKES_PEOPLE
from infra.third_party import build_third_party
from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.directory import config_item
from referral_core.adapters.aws.dynamodb.keys import DUE_SHARDS
from referral_core.domain.access.principal import Principal
from referral_core.domain.ids import ReferralId, Tenant
from referral_core.domain.updates import Role

ROOT = Path(__file__).parents[2]
Resources = dict[str, dict[str, Any]]
ALL_SPECS = (*STEPS, *OTHERS)


def of_type(resources: Resources, kind: str) -> Iterator[dict[str, Any]]:
    return (r["Properties"] for r in resources.values() if r["Type"] == kind)


def function(resources: Resources, name: str) -> dict[str, Any]:
    wanted = f"{STACK_NAME}-{name}"
    found = of_type(resources, "AWS::Lambda::Function")
    return next(f for f in found if f["FunctionName"] == wanted)


def statements(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in resources.items():
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_table_is_encrypted_recoverable_streamed_and_protected(resources: Resources) -> None:
    (table,) = [t for t in of_type(resources, "AWS::DynamoDB::Table") if "StreamSpecification" in t]
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["DeletionProtectionEnabled"]
    indexes = {
        i["IndexName"]: i["Projection"]["ProjectionType"] for i in table["GlobalSecondaryIndexes"]
    }
    # A body in an index would be written, and paid for, a second time with each change.
    assert set(indexes.values()) == {"KEYS_ONLY"}
    assert set(indexes) == {
        "by_due",
        "by_queue",
        "by_performer",
        "by_referrer",
        "by_team",
        "by_owner",
        "by_exception",
        "by_number",
    }


def test_the_key_is_rotated_and_encrypts_queues_topics_and_logs(resources: Resources) -> None:
    (key,) = [k for k in of_type(resources, "AWS::KMS::Key") if "KeyUsage" not in k]
    assert key["EnableKeyRotation"]
    for kind, attribute in (
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ):
        for properties in of_type(resources, kind):
            assert "RecordKey" in json.dumps(properties[attribute])


def test_every_function_has_its_own_role_code_and_platform(resources: Resources) -> None:
    functions = list(of_type(resources, "AWS::Lambda::Function"))
    assert {f["FunctionName"] for f in functions} == {f"{STACK_NAME}-{s.name}" for s in ALL_SPECS}
    assert len({json.dumps(f["Role"]) for f in functions}) == len(functions)
    assert len({json.dumps(f["Code"]) for f in functions}) == len(functions)
    for properties in functions:
        assert properties["Runtime"] == "python3.13"
        assert properties["Architectures"] == ["arm64"]
        assert len(properties["Layers"]) == 2


def test_function_files_and_cdk_ids_match() -> None:
    files = {path.stem for path in (ROOT / "functions").glob("*.py")}
    assert files == {spec.name for spec in ALL_SPECS}


def test_no_role_has_a_wildcard_action_or_an_unlisted_wildcard_resource(
    resources: Resources,
) -> None:
    allowed_actions = {"kms:GenerateDataKey*", "kms:ReEncrypt*"}
    star_only = {
        "cloudwatch:GetMetricData",
        "dynamodb:ListStreams",
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    }
    for name, statement in statements(resources):
        actions = as_list(statement["Action"])
        assert {a for a in actions if "*" in a} <= allowed_actions, name
        if "*" in as_list(statement["Resource"]):
            assert set(actions) <= star_only, (name, actions)


def test_the_state_machine_may_invoke_the_steps_and_operators_the_streams_consumers(
    resources: Resources,
) -> None:
    def named(names: Iterable[str]) -> frozenset[str]:
        wanted = {f"{STACK_NAME}-{name}" for name in names}
        return frozenset(
            logical
            for logical, r in resources.items()
            if r["Type"] == "AWS::Lambda::Function" and r["Properties"]["FunctionName"] in wanted
        )

    invoked = {
        frozenset(r["Fn::GetAtt"][0] for r in as_list(s["Resource"]))
        for _, s in statements(resources)
        if "lambda:InvokeFunction" in as_list(s["Action"])
    }
    consumers = ("publish_outbox", "record_metrics", "export_events")
    assert invoked == {named(s.name for s in STEPS), named(consumers)}


def managed(resources: Resources) -> list[tuple[str, dict[str, Any]]]:
    """The managed policies, by logical id."""
    found = resources.items()
    return [(n, r["Properties"]) for n, r in found if r["Type"] == "AWS::IAM::ManagedPolicy"]


def roles_of(resources: Resources, names: set[str]) -> set[str]:
    """The logical ids of the functions' roles."""
    return {function(resources, name)["Role"]["Fn::GetAtt"][0] for name in names}


def test_who_manages_people_writes_people_and_nothing_else(resources: Resources) -> None:
    (policy,) = (p for n, p in managed(resources) if "PeopleOnly" in n)
    assert {role["Ref"] for role in policy["Roles"]} == roles_of(resources, {"manage_people"})
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    allowed = statement["Condition"]["ForAnyValue:StringNotLike"]["dynamodb:LeadingKeys"]

    def may_write(key: str) -> bool:
        return any(fnmatch(key, pattern) for pattern in allowed)

    tenant = Tenant("lakeside")
    person = Principal(client_id="c", tenant=tenant, role=Role.STAFF, organization="o")
    assert may_write(config_item(person)["pk"]["S"])
    assert may_write(keys.config(tenant))
    assert not may_write(keys.referral(tenant, ReferralId("0" * 32)))


def test_no_other_function_makes_anybody_a_principal(resources: Resources) -> None:
    (policy,) = (p for n, p in managed(resources) if "NoPrincipals" in n)
    roles = {role["Ref"] for role in policy["Roles"]}
    assert roles == roles_of(resources, {spec.name for spec in ALL_SPECS} - {MAKES_PEOPLE})
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    writes = {"ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"}
    assert set(statement["Action"]) == {f"dynamodb:{name}" for name in writes}
    assert "RecordTable" in json.dumps(statement["Resource"])
    denied = statement["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    # The key under which the authorizer looks a client up.
    client = Principal(client_id="c", tenant=Tenant("t"), role=Role.EHR, organization="o")
    assert fnmatch(config_item(client)["pk"]["S"], *as_list(denied))


def test_only_alarms_of_this_account_are_published(resources: Resources) -> None:
    (statement,) = (
        statement
        for policy in of_type(resources, "AWS::SNS::TopicPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "cloudwatch" in json.dumps(statement["Principal"])
    )
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    assert "alarm:*" in json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])


def test_a_tick_is_followed_by_the_next_and_never_tried_again(resources: Resources) -> None:
    targets = [t for rule in of_type(resources, "AWS::Events::Rule") for t in rule["Targets"]]
    assert len(targets) == 6
    for target in targets:
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
        assert "UndeliveredDlq" in json.dumps(target["DeadLetterConfig"])
    tried = {
        json.dumps(c["FunctionName"]): c["MaximumRetryAttempts"]
        for c in of_type(resources, "AWS::Lambda::EventInvokeConfig")
    }
    for name in ("FireTimers", "PublishPrices", "MeasureQueues"):
        assert [retries for function_name, retries in tried.items() if name in function_name] == [0]


def test_exactly_the_completing_functions_may_complete_tasks_and_only_one_may_start(
    resources: Resources,
) -> None:
    (policy,) = (p for n, p in managed(resources) if "CompleteTasks" in n)
    roles = {role["Ref"] for role in policy["Roles"]}
    wanted = {
        function(resources, spec.name)["Role"]["Fn::GetAtt"][0]
        for spec in ALL_SPECS
        if spec.completes
    }
    assert roles == wanted
    starters = [
        n for n, s in statements(resources) if "states:StartExecution" in as_list(s["Action"])
    ]
    assert len(starters) == 1
    assert "PublishOutbox" in starters[0]


def test_every_route_leads_to_its_function_behind_the_authorizer(resources: Resources) -> None:
    routes = {r["RouteKey"]: r for r in of_type(resources, "AWS::ApiGatewayV2::Route")}
    assert set(routes) == set(ROUTES)
    for key, route in routes.items():
        expected = "NONE" if key in PUBLIC else "CUSTOM"
        assert route["AuthorizationType"] == expected
    (stage,) = of_type(resources, "AWS::ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 500
    assert "AccessLogSettings" in stage


def alarms_of(resources: Resources) -> list[dict[str, Any]]:
    return list(of_type(resources, "AWS::CloudWatch::Alarm"))


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}


def test_every_dead_letter_queue_and_failed_execution_has_an_alarm(resources: Resources) -> None:
    alarms = alarms_of(resources)
    watched = {
        dimensions(alarm)["QueueName"]["Fn::GetAtt"][0]
        for alarm in alarms
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
    }
    queues = {n for n, r in resources.items() if r["Type"] == "AWS::SQS::Queue" and "Dlq" in n}
    assert len(queues) == 6
    assert watched == queues
    executions = {a["MetricName"] for a in alarms if a.get("Namespace") == "AWS/States"}
    assert executions == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionThrottled",
        "OpenExecutionCount",
    }


def test_every_table_and_index_that_refuses_more_wakes_somebody(resources: Resources) -> None:
    throttles = [a for a in alarms_of(resources) if a["MetricName"].endswith("ThrottleEvents")]
    watched = {(a["MetricName"], dimensions(a)["TableName"]["Ref"]) for a in throttles}
    tables = {n: r for n, r in resources.items() if r["Type"] == "AWS::DynamoDB::Table"}
    assert len(tables) == 3
    for name, table in tables.items():
        assert {("ReadThrottleEvents", name), ("WriteThrottleEvents", name)} <= watched
        indexes = table["Properties"].get("GlobalSecondaryIndexes", [])
        assert {i["IndexName"] for i in indexes} <= {
            dimensions(a).get("GlobalSecondaryIndexName")
            for a in throttles
            if dimensions(a)["TableName"]["Ref"] == name
        }


def test_every_alarm_wakes_somebody_and_says_what_to_do(resources: Resources) -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    anchors = {
        line.lstrip("# ").lower().replace(" ", "-")
        for line in runbook.splitlines()
        if line.startswith("### ")
    }
    (topic,) = [
        n
        for n, r in resources.items()
        if n.startswith("MessagingAlarms") and r["Type"] == "AWS::SNS::Topic"
    ]
    for alarm in alarms_of(resources):
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        file, _, anchor = alarm["AlarmDescription"].partition("#")
        assert file == "docs/runbook.md"
        assert anchor in anchors, anchor
        assert alarm["EvaluationPeriods"] == 1


def test_a_restore_stops_every_function_that_writes_the_record() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    (loop,) = [one for one in runbook.splitlines() if "put-function-concurrency" in one]
    stopped = set(loop.partition(" in ")[2].partition(";")[0].split())
    writing = {
        spec.name
        for spec in (*STEPS, *OTHERS)
        if any("Item" in act and "Get" not in act for act in spec.uses.get("TABLE_NAME", ()))
    }
    assert writing <= stopped
    assert stopped <= {spec.name for spec in (*STEPS, *OTHERS)}


def test_each_part_of_the_runbook_about_an_alarm_has_three_commands() -> None:
    parts = (ROOT / "docs/runbook.md").read_text().split("\n### ")[1:]
    assert len(parts) >= 12
    for part in parts:
        commands = part.split("```")[1].strip().splitlines()
        assert len(commands) >= 4, part  # the language's name, and three commands


def test_every_output_that_the_runbook_asks_for_is_there(template: Resources) -> None:
    asked = set(re.findall(r"\$\(out (\w+)\)", (ROOT / "docs/runbook.md").read_text()))
    assert len(asked) > 6
    assert asked <= set(template["Outputs"])


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_functions_errors_and_throttles_wake_somebody(
    metric: str, resources: Resources
) -> None:
    watched = {
        resources[dimensions(alarm)["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        for alarm in alarms_of(resources)
        if alarm["MetricName"] == metric and alarm["Statistic"] == "Sum"
    }
    assert watched == {f"{STACK_NAME}-{spec.name}" for spec in ALL_SPECS}


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold", "named"),
    [
        ("OldestDue", "Maximum", 900, {"service": "fire_timers"}),
        ("DueFailed", "Sum", 1, {"service": "fire_timers"}),
        ("WorkItemsOpened", "Sum", 1, {"service": "record_metrics", "reason": "fault"}),
    ],
)
def test_what_is_not_tended_wakes_somebody(
    metric: str, statistic: str, threshold: int, named: dict[str, str], resources: Resources
) -> None:
    (alarm,) = [a for a in alarms_of(resources) if a["MetricName"] == metric]
    assert alarm["Namespace"] == "ReferralRouter"
    assert alarm["Statistic"] == statistic
    assert alarm["Threshold"] == threshold
    assert dimensions(alarm) == named


def test_a_step_that_reports_its_failure_itself_counts_as_an_error(resources: Resources) -> None:
    watched = {
        dimensions(a)["service"] for a in alarms_of(resources) if a["MetricName"] == "StepsFailed"
    }
    assert watched == {spec.name for spec in STEPS if spec.completes}


def test_alarms_have_a_subscriber_when_the_account_names_one(template: Resources) -> None:
    assert template["Parameters"]["AlarmEmail"]["Default"] == ""
    (subscription,) = [
        r
        for r in template["Resources"].values()
        if r["Type"] == "AWS::SNS::Subscription" and r["Properties"]["Protocol"] == "email"
    ]
    assert subscription["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}
    assert "MessagingAlarms" in json.dumps(subscription["Properties"]["TopicArn"])
    condition = template["Conditions"][subscription["Condition"]]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}


def rule_of(resources: Resources, schedule: str) -> dict[str, Any]:
    """The one rule of a schedule."""
    rules = of_type(resources, "AWS::Events::Rule")
    (found,) = [rule for rule in rules if rule["ScheduleExpression"] == schedule]
    return found


def test_no_figure_of_a_queue_is_older_than_five_minutes(resources: Resources) -> None:
    (target,) = rule_of(resources, "rate(4 minutes)")["Targets"]
    assert "MeasureQueues" in json.dumps(target["Arn"])
    # A count that takes longer than what is left of the five minutes is broken off.
    assert function(resources, "measure_queues")["Timeout"] <= 60
    (alarm,) = [a for a in alarms_of(resources) if a["MetricName"] == "OpenReferrals"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] == 300


def test_every_shard_of_what_is_due_has_a_worker_each_minute(resources: Resources) -> None:
    rule = rule_of(resources, "rate(1 minute)")
    shards: list[int] = []
    for target in rule["Targets"]:
        shards += json.loads(target["Input"])["shards"]
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}
        assert "FireTimers" in json.dumps(target["Arn"])
    assert len(rule["Targets"]) == 4
    assert sorted(shards) == list(range(DUE_SHARDS))


def test_letters_that_nobody_prints_wake_somebody(resources: Resources) -> None:
    (alarm,) = [
        a
        for a in of_type(resources, "AWS::CloudWatch::Alarm")
        if a["MetricName"] == "ApproximateAgeOfOldestMessage"
        and "MessagingLetters" in json.dumps(a["Dimensions"])
    ]
    (dimension,) = alarm["Dimensions"]
    assert "Letters" in json.dumps(dimension["Value"])
    assert alarm["Threshold"] == 24 * 3600


def test_a_reply_that_the_function_cannot_take_is_set_aside(resources: Resources) -> None:
    (invoked,) = (
        config
        for config in of_type(resources, "AWS::Lambda::EventInvokeConfig")
        if "DestinationConfig" in config
    )
    assert "ReceiveReply" in json.dumps(invoked["FunctionName"])
    assert "RepliesDlq" in json.dumps(invoked["DestinationConfig"]["OnFailure"])
    assert invoked["MaximumRetryAttempts"] == 2


def test_every_queue_but_the_dead_letters_own_has_a_dead_letter_queue(
    resources: Resources,
) -> None:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::SQS::Queue" and "Dlq" not in name:
            assert "Dlq" in json.dumps(resource["Properties"]["RedrivePolicy"]), name


def test_the_machine_logs_no_execution_data(resources: Resources) -> None:
    (machine,) = of_type(resources, "AWS::StepFunctions::StateMachine")
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["TracingConfiguration"]["Enabled"]
    assert "$${" not in json.dumps(machine["DefinitionString"])


def mapping_of(resources: Resources, name: str) -> dict[str, Any]:
    """What invokes a function: its one event source."""
    (found,) = [
        m
        for m in of_type(resources, "AWS::Lambda::EventSourceMapping")
        if resources[m["FunctionName"]["Ref"]]["Properties"]["FunctionName"]
        == f"{STACK_NAME}-{name}"
    ]
    return found


@pytest.mark.parametrize("name", ["publish_outbox", "record_metrics"])
def test_stream_consumers_set_poison_aside(name: str, resources: Resources) -> None:
    mapping = mapping_of(resources, name)
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["MaximumRetryAttempts"] == 10
    assert mapping["MaximumRecordAgeInSeconds"] == 6 * 3600
    assert "StreamDlq" in json.dumps(mapping["DestinationConfig"]["OnFailure"])
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert "StreamArn" in json.dumps(mapping["EventSourceArn"])


def a_change(kind: str, sk: str) -> dict[str, Any]:
    return {"eventName": kind, "dynamodb": {"Keys": {"pk": {"S": "T#t#R#r"}, "sk": {"S": sk}}}}


def passes(mapping: dict[str, Any], record: Any) -> bool:
    """Whether a filter lets a record through: a plain value, or a prefix, of each field named."""

    def fits(pattern: Any, value: Any) -> bool:
        if isinstance(pattern, dict):
            return all(fits(wanted, value.get(field, {})) for field, wanted in pattern.items())
        return any(
            str(value).startswith(each["prefix"]) if isinstance(each, dict) else value == each
            for each in pattern
        )

    filters = [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]
    assert all(filters), "a filter that says nothing lets everything through"
    return any(fits(pattern, record) for pattern in filters)


@pytest.mark.parametrize(
    ("name", "kind", "sk"),
    [
        ("publish_outbox", "INSERT", "@REFERRAL"),
        ("publish_outbox", "MODIFY", "@REFERRAL"),
        ("publish_outbox", "MODIFY", "WEEK#2026-W12"),
        ("publish_outbox", "MODIFY", "PRACTITIONER#1999900008"),
        ("publish_outbox", "REMOVE", "PRACTITIONER#1999900008"),
        ("record_metrics", "INSERT", "EVENT#000001"),
    ],
)
def test_a_consumer_of_the_stream_is_invoked_for_its_records(
    name: str, kind: str, sk: str, resources: Resources
) -> None:
    assert passes(mapping_of(resources, name), a_change(kind, sk))


@pytest.mark.parametrize(
    ("name", "kind", "sk"),
    [
        ("publish_outbox", "REMOVE", "@REFERRAL"),
        ("publish_outbox", "MODIFY", "@MAILBOX"),
        ("publish_outbox", "INSERT", "EVENT#000001"),
        ("publish_outbox", "INSERT", "PAYLOAD#001"),
        ("publish_outbox", "INSERT", "PRICES#2026"),
        ("record_metrics", "MODIFY", "EVENT#000001"),
        ("record_metrics", "INSERT", "@REFERRAL"),
        ("record_metrics", "INSERT", "UPDATE#1"),
    ],
)
def test_a_consumer_of_the_stream_is_not_invoked_for_others(
    name: str, kind: str, sk: str, resources: Resources
) -> None:
    assert not passes(mapping_of(resources, name), a_change(kind, sk))


def test_no_ehr_waits_for_another_ones_timeout(resources: Resources) -> None:
    mapping = mapping_of(resources, "deliver_notices")
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 50}
    assert "Notices" in json.dumps(mapping["EventSourceArn"])


def test_the_layer_holds_what_lambda_imports_for_its_platform(assembly: Path) -> None:
    del assembly  # built it
    layer = build_third_party() / "python"
    present = {p.name.partition(".")[0] for p in layer.iterdir()}
    sources = [*(ROOT / "functions").glob("*.py"), *(ROOT / "layers").rglob("*.py")]
    imported: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or "").partition(".")[0])
    typed_only = {name for name in imported if name.startswith("types_boto3_")}
    import sys  # noqa: PLC0415

    third_party = imported - set(sys.stdlib_module_names) - {"referral_core"} - typed_only
    assert third_party <= present
    assert not {"pytest", "moto", "ministack", "aws_cdk"} & present
    compiled = [p.name for p in layer.rglob("*.so")]
    assert compiled
    assert all("aarch64" in n or "abi3" in n for n in compiled if "cpython" in n)
    size = sum(p.stat().st_size for p in layer.rglob("*") if p.is_file())
    assert size < 240 * 1024 * 1024


def test_people_sign_in_with_a_second_factor_and_nobody_makes_themselves_one(
    resources: Resources,
) -> None:
    (pool,) = of_type(resources, "AWS::Cognito::UserPool")
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 14


def test_the_console_has_no_secret_and_gets_a_code_at_its_own_address_only(
    resources: Resources,
) -> None:
    (client,) = of_type(resources, "AWS::Cognito::UserPoolClient")
    assert not client["GenerateSecret"]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["SupportedIdentityProviders"] == ["COGNITO"]
    assert client["EnableTokenRevocation"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    scopes = {
        scope if isinstance(scope, str) else "".join(map(str, scope["Fn::Join"][1][1:]))
        for scope in client["AllowedOAuthScopes"]
    }
    assert scopes == {"openid", "/read", "/write", "/operate"}
    (callback,) = client["CallbackURLs"]
    assert client["LogoutURLs"] == [callback]
    assert callback["Fn::Join"][1][-1] == "/console"
    assert "HttpApi" in json.dumps(callback)


def test_the_sign_in_page_is_the_pools_managed_login(resources: Resources) -> None:
    (domain,) = of_type(resources, "AWS::Cognito::UserPoolDomain")
    assert domain["ManagedLoginVersion"] == 2
    (branding,) = of_type(resources, "AWS::Cognito::ManagedLoginBranding")
    assert branding["UseCognitoProvidedValues"]


def test_requests_are_counted_where_nothing_else_lies(resources: Resources) -> None:
    tables = {n: r for n, r in resources.items() if r["Type"] == "AWS::DynamoDB::Table"}
    others = {"StreamSpecification", "ResourcePolicy"}
    (name,) = [n for n, r in tables.items() if others.isdisjoint(r["Properties"])]
    counts = tables[name]["Properties"]
    assert counts["KeySchema"] == [{"AttributeName": "client_minute", "KeyType": "HASH"}]
    assert counts["SSESpecification"]["SSEType"] == "KMS"
    assert counts["TimeToLiveSpecification"]["Enabled"]
    may = {
        role: as_list(statement["Action"])
        for role, statement in statements(resources)
        if name in json.dumps(statement["Resource"])
    }
    assert len(may) == 6
    assert all(actions == ["dynamodb:UpdateItem"] for actions in may.values())


def test_tokens_are_signed_by_a_key_that_does_nothing_else(resources: Resources) -> None:
    (name,) = [
        n
        for n, r in resources.items()
        if r["Type"] == "AWS::KMS::Key" and "KeyUsage" in r["Properties"]
    ]
    key = resources[name]
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == (
        "RSA_2048",
        "SIGN_VERIFY",
    )
    assert key["DeletionPolicy"] == "Retain"
    signing = [n for n, s in statements(resources) if "kms:Sign" in as_list(s["Action"])]
    assert len(signing) == 1
    assert "IssueToken" in signing[0]


def test_the_authorizer_is_a_function_of_ours_that_is_asked_again_after_a_minute(
    resources: Resources,
) -> None:
    (authorizer,) = of_type(resources, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerResultTtlInSeconds"] == 60
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert "AuthorizeClient" in json.dumps(authorizer["AuthorizerUri"])
    variables = function(resources, "authorize_client")["Environment"]["Variables"]
    issuer = "".join(map(str, variables["POOL_ISSUER"]["Fn::Join"][1]))
    keys = "".join(map(str, variables["POOL_KEYS_URL"]["Fn::Join"][1]))
    assert keys == f"{issuer}/.well-known/jwks.json"


def test_the_console_is_given_no_record_to_read(resources: Resources) -> None:
    variables = function(resources, "serve_console")["Environment"]["Variables"]
    assert not [name for name in variables if name in {"TABLE_NAME", "DOCUMENTS_BUCKET"}]


def test_the_stack_has_room_to_grow(resources: Resources) -> None:
    assert len(resources) <= 450, "CloudFormation takes five hundred resources"
    given = [
        r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::Lambda::Permission"
        and r["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]
    functions = {json.dumps(permission["FunctionName"]) for permission in given}
    assert len(given) == len(functions), "one permission a function, not one a route"
    assert all("SourceArn" in permission for permission in given)


def test_at_most_fifteen_rules_are_acknowledged_each_with_a_reason() -> None:
    assert len(nag.ACKNOWLEDGED) <= 15
    assert all(len(reason) > 60 for reason in nag.ACKNOWLEDGED.values())
    rules = [rule for rules in nag.ACKNOWLEDGED for rule in rules]
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize(
    "rule", ["AwsSolutions-COG8", "NIST.800.53.R5-LambdaDLQ", "Serverless-SQSRedrivePolicy"]
)
def test_a_finding_that_is_not_acknowledged_stops_the_synth(
    rule: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fewer = {rules: reason for rules, reason in nag.ACKNOWLEDGED.items() if rule not in rules}
    assert len(fewer) < len(nag.ACKNOWLEDGED)
    monkeypatch.setattr(nag, "ACKNOWLEDGED", fewer)
    app = build_app(out=tmp_path, third_party_layer=False)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_cfn_lint_finds_nothing_wrong(assembly: Path) -> None:
    path = assembly / f"{STACK_NAME}.template.json"
    lint = ROOT / ".venv/bin/cfn-lint"
    run = subprocess.run(
        [str(lint), "--non-zero-exit-code", "error", "-r", "us-east-1", "--", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_the_secret_of_hashed_keys_is_generated_encrypted_and_kept(resources: Resources) -> None:
    (secret,) = (r for r in resources.values() if r["Type"] == "AWS::SecretsManager::Secret")
    properties = secret["Properties"]
    assert properties["Name"] == f"{STACK_NAME}-hash-keys"
    assert "RecordKey" in json.dumps(properties["KmsKeyId"])
    generated = properties["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {"current": "1"}
    assert (generated["GenerateStringKey"], generated["PasswordLength"]) == ("1", 64)
    assert "SecretString" not in properties
    assert secret["DeletionPolicy"] == "Retain"


def test_the_audit_is_kept_apart_and_only_ever_added_to(resources: Resources) -> None:
    (audit,) = (r for n, r in resources.items() if n.startswith("AuditTable"))
    properties = audit["Properties"]
    assert properties["DeletionProtectionEnabled"]
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert "RecordKey" in json.dumps(properties["SSESpecification"]["KMSMasterKeyId"])
    assert "TimeToLiveSpecification" not in properties
    assert audit["DeletionPolicy"] == "Retain"
    (denied,) = properties["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": "*"})
    changes = {"UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"}
    changes |= {"DeleteTable", "UpdateTimeToLive"}
    assert set(denied["Action"]) == {f"dynamodb:{name}" for name in changes}


def test_functions_may_add_to_the_audit_and_one_reads_it(resources: Resources) -> None:
    may: dict[str, set[str]] = {}
    for name, statement in statements(resources):
        if "AuditTable" in json.dumps(statement["Resource"]):
            function = name.partition("RoleDefault")[0].removeprefix("Functions")
            may[function] = set(as_list(statement["Action"]))
    put, read = "dynamodb:PutItem", "dynamodb:Query"
    assert may == {
        "ReceiveReferral": {put},
        "ReceiveUpdate": {put},
        "QueryReports": {put},
        "ManagePeople": {put},
        "RunOperations": {put},
        "QueryApi": {put, read},
    }


def test_the_access_log_holds_the_routes_key_and_never_a_path(resources: Resources) -> None:
    (stage,) = of_type(resources, "AWS::ApiGatewayV2::Stage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert {"routeKey", "clientId", "tenant", "ip", "status"} <= set(logged)
    assert "path" not in json.dumps(logged).lower()
    assert "query" not in json.dumps(logged).lower()

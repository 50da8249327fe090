"""Deploys the synthesised template through CloudFormation, as `cdk deploy` would on AWS."""

from __future__ import annotations

import io
import json
import py_compile
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

from infra import STACK_NAME
from local.emulator import REGION, Emulator

_ACCOUNT: Final = "000000000000"
_BUCKET: Final = f"cdk-hnb659fds-assets-{_ACCOUNT}-{REGION}"

_UNSCOPED: Final = frozenset(
    {
        "states:SendTaskSuccess",
        "states:SendTaskFailure",
        "ses:SendEmail",
        "athena:StartQueryExecution",
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
    }
)
"""What the emulator authorizes on nothing narrower than everything."""
_RESOURCE_POLICIES: Final = frozenset(
    {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"}
)
_ROLE_POLICIES: Final = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"})
_WATCHDOG_SILENT: Final = "AlarmsWatchdogSilent"
_SILENT_S: Final = 10
"""After so many seconds without a tick, of which four a second stand for one a minute."""
_UNKNOWN: Final = frozenset({"AWS::Cognito::ManagedLoginBranding"})
"""What the emulator does not make: its sign-in page has the one look."""


@dataclass(frozen=True)
class Deployment:
    """The stack's outputs."""

    outputs: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return one output."""
        return self.outputs[name]


def synthesise(out: Path, environment: Mapping[str, str]) -> Path:
    """Synthesise the template with a local environment; return the assembly's folder."""
    from infra.app import build_app  # noqa: PLC0415 - starts the CDK, which only this needs

    build_app(
        out=out, extra_environment=environment, third_party_layer=False, checked=False
    ).synth()
    return out


def deploy(emulator: Emulator, assembly: Path, parameters: Mapping[str, str]) -> Deployment:
    """Upload the assets, create the stack, and wait for it.

    Raises:
        RuntimeError: CloudFormation could not create the stack; the message holds the reasons.
    """
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    _upload_assets(s3, assembly)
    # What `cdk bootstrap` leaves behind and the template asks for.
    emulator.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String"
    )
    cloudformation = emulator.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=f"{emulator.endpoint}/{_BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except Exception as error:
        raise RuntimeError(_reasons(cloudformation)) from error
    (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    _finish(emulator, outputs, parameters)
    return Deployment(outputs)


def _upload_assets(s3: Any, assembly: Path) -> None:
    assets = json.loads((assembly / f"{STACK_NAME}.assets.json").read_text())["files"]
    for asset in assets.values():
        source = assembly / asset["source"]["path"]
        (destination,) = asset["destinations"].values()
        key = destination["objectKey"]
        body = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
        s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
        if source.name == f"{STACK_NAME}.template.json":
            s3.put_object(Bucket=_BUCKET, Key="template.json", Body=_for_the_emulator(body))


def _zipped(folder: Path) -> bytes:
    """Zip an asset, with its modules compiled: each worker unpacks and would compile its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, tempfile.TemporaryDirectory() as compiled:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            name = path.relative_to(folder)
            archive.write(path, name)
            if path.suffix == ".py":
                cached = Path(cache_from_source(str(name)))
                target = Path(compiled) / cached.name
                py_compile.compile(
                    str(path),
                    cfile=str(target),
                    dfile=str(name),
                    doraise=True,
                    # Not by the source's time, which unpacking changes.
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
                archive.write(target, cached)
    return buffer.getvalue()


def _reasons(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [e for e in events if "FAILED" in e["ResourceStatus"]]
    lines = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in failed]
    return "The stack could not be created:\n" + "\n".join(lines)


def _finish(emulator: Emulator, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Do what the emulator does not do from the template; local/README.md lists it."""
    with suppress(Exception):
        emulator.client("dynamodb").update_time_to_live(
            TableName=outputs["TableName"],
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
        )
    # As the account's owner does once; on AWS a message to the address asks for a click.
    emulator.client("sesv2").create_email_identity(EmailIdentity=parameters["EmailFrom"])


def _for_the_emulator(template: bytes) -> bytes:
    document = json.loads(template)
    _drop_unknown(document["Resources"])
    _drop_tls_only(document["Resources"])
    _widen(document["Resources"])
    _hurry(document["Resources"])
    return json.dumps(document).encode()


def _drop_unknown(resources: dict[str, Any]) -> None:
    for name, resource in list(resources.items()):
        if resource["Type"] in _UNKNOWN:
            del resources[name]


def _drop_tls_only(resources: dict[str, Any]) -> None:
    """Take the TLS-only statements out of resource policies: on loopback there is no TLS."""
    for name, resource in list(resources.items()):
        policy = resource["Properties"].get("PolicyDocument", {})
        if resource["Type"] not in _RESOURCE_POLICIES:
            continue
        kept = [s for s in policy["Statement"] if "aws:SecureTransport" not in json.dumps(s)]
        policy["Statement"] = kept
        if not kept:
            del resources[name]


def _widen(resources: dict[str, Any]) -> None:
    """Allow on everything what the emulator authorizes on nothing narrower."""
    for resource in resources.values():
        if resource["Type"] not in _ROLE_POLICIES:
            continue
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            if _UNSCOPED.issuperset([actions] if isinstance(actions, str) else actions):
                statement["Resource"] = "*"


def _hurry(resources: dict[str, Any]) -> None:
    """Let the watchdog's silence be noticed as much sooner as it is called more often here."""
    (alarm,) = (a for name, a in resources.items() if name.startswith(_WATCHDOG_SILENT))
    alarm["Properties"]["Period"] = _SILENT_S

"""How rows come into the lake: Firehose, which makes Parquet by tenant and day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from referral_core.reporting.columns import DATABASE, PARTITIONS, TABLE

STREAM: Final = "referral-events"
_BUFFER_S: Final = 60
_BUFFER_MB: Final = 64
"""The least that Firehose takes where it makes Parquet."""
_ERRORS: Final = "not-delivered/"


class Delivery(Construct):
    """The delivery stream, its role and its log of errors."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        bucket: s3.IBucket,
        catalog: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._bucket = bucket
        log_group = logs.LogGroup(
            self,
            "Log",
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=RemovalPolicy.RETAIN,
        )
        log_stream = logs.LogStream(self, "Errors", log_group=log_group)
        role = self._role(key, catalog, log_group, log_stream)
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_name=STREAM,
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
                )
            ),
            extended_s3_destination_configuration=self._destination(role, log_group, log_stream),
        )
        # With its policy: the stream reads the table's columns when it is made.
        self.stream.node.add_dependency(role)

    def _role(
        self,
        key: kms.IKey,
        catalog: Sequence[str],
        log_group: logs.LogGroup,
        log_stream: logs.LogStream,
    ) -> iam.Role:
        log = f"{log_group.log_group_arn}:log-stream:{log_stream.log_stream_name}"
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        for statement in (
            on_objects(self._bucket, ("s3:PutObject", "s3:AbortMultipartUpload")),
            on_bucket(self._bucket),
            _on(("kms:Decrypt", "kms:GenerateDataKey"), key.key_arn),
            _on(("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"), *catalog),
            _on(("logs:PutLogEvents",), log),
        ):
            role.add_to_policy(statement)
        return role

    def _destination(
        self, role: iam.Role, log_group: logs.LogGroup, log_stream: logs.LogStream
    ) -> firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty:
        stream = firehose.CfnDeliveryStream
        query = "{" + ", ".join(f"{name}: .{name}" for name in PARTITIONS) + "}"
        prefix = "".join(f"{n}=!{{partitionKeyFromQuery:{n}}}/" for n in PARTITIONS)
        return stream.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=self._bucket.bucket_arn,
            role_arn=role.role_arn,
            prefix=f"events/{prefix}",
            error_output_prefix=f"{_ERRORS}!{{firehose:error-output-type}}/",
            buffering_hints=stream.BufferingHintsProperty(
                interval_in_seconds=_BUFFER_S, size_in_m_bs=_BUFFER_MB
            ),
            compression_format="UNCOMPRESSED",
            cloud_watch_logging_options=stream.CloudWatchLoggingOptionsProperty(
                enabled=True,
                log_group_name=log_group.log_group_name,
                log_stream_name=log_stream.log_stream_name,
            ),
            dynamic_partitioning_configuration=stream.DynamicPartitioningConfigurationProperty(
                enabled=True,
                retry_options=stream.RetryOptionsProperty(duration_in_seconds=300),
            ),
            processing_configuration=stream.ProcessingConfigurationProperty(
                enabled=True,
                processors=[
                    stream.ProcessorProperty(
                        type="MetadataExtraction",
                        parameters=[
                            _parameter("MetadataExtractionQuery", query),
                            _parameter("JsonParsingEngine", "JQ-1.6"),
                        ],
                    )
                ],
            ),
            data_format_conversion_configuration=_parquet(role),
        )


def on_objects(bucket: s3.IBucket, actions: Sequence[str]) -> iam.PolicyStatement:
    """Allow some actions on all objects of a bucket."""
    return iam.PolicyStatement(actions=list(actions), resources=[bucket.arn_for_objects("*")])


def on_bucket(bucket: s3.IBucket) -> iam.PolicyStatement:
    """Allow to find a bucket and list it."""
    return iam.PolicyStatement(
        actions=["s3:GetBucketLocation", "s3:ListBucket"], resources=[bucket.bucket_arn]
    )


def _on(actions: Sequence[str], *resources: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def _parameter(name: str, value: str) -> firehose.CfnDeliveryStream.ProcessorParameterProperty:
    return firehose.CfnDeliveryStream.ProcessorParameterProperty(
        parameter_name=name, parameter_value=value
    )


def _parquet(
    role: iam.Role,
) -> firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty:
    """Return how JSON becomes Parquet: by the columns that Glue names."""
    stream = firehose.CfnDeliveryStream
    return stream.DataFormatConversionConfigurationProperty(
        enabled=True,
        input_format_configuration=stream.InputFormatConfigurationProperty(
            deserializer=stream.DeserializerProperty(
                open_x_json_ser_de=stream.OpenXJsonSerDeProperty()
            )
        ),
        output_format_configuration=stream.OutputFormatConfigurationProperty(
            serializer=stream.SerializerProperty(
                parquet_ser_de=stream.ParquetSerDeProperty(compression="SNAPPY")
            )
        ),
        schema_configuration=stream.SchemaConfigurationProperty(
            role_arn=role.role_arn,
            database_name=DATABASE,
            table_name=TABLE,
            region=Stack.of(role).region,
            version_id="LATEST",
        ),
    )

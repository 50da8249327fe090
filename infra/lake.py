"""The lake: rows of events in a bucket, named by Glue, read by Athena."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.functions import Resource
from infra.lake_delivery import STREAM, Delivery, on_bucket, on_objects
from referral_core.reporting.columns import COLUMNS, DATABASE, PARTITIONS, TABLE

WORKGROUP: Final = "referral-reports"
_MOST_BYTES: Final = 100 * 1024**3
"""What one query may read: half a dollar of Athena's list price."""
_READ: Final = ("s3:GetObject",)


class Lake(Construct):
    """Bucket, table, delivery stream and workgroup."""

    def __init__(
        self, scope: Construct, construct_id: str, key: kms.IKey, access_logs: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.bucket = self._bucket("Bucket", access_logs, versioned=True)
        self.results = self._bucket("Results", access_logs, versioned=True, kept_days=7)
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=DATABASE),
        )
        table = self._table()
        table.add_resource_dependency(database)
        self.stream = Delivery(
            self, "Delivery", key=key, bucket=self.bucket, catalog=self._catalog()
        ).stream
        self.stream.add_resource_dependency(table)
        self._workgroup()

    @property
    def resources(self) -> Mapping[str, Resource]:
        """What functions may be given, by the setting that names it."""
        stack = Stack.of(self)
        workgroup = stack.format_arn(
            service="athena", resource="workgroup", resource_name=WORKGROUP
        )
        return {
            "LAKE_STREAM": Resource(STREAM, (self.stream.attr_arn,)),
            "LAKE_WORKGROUP": Resource(WORKGROUP, (workgroup,)),
            "LAKE_DATABASE": Resource(DATABASE, self._catalog()),
            "LAKE_RESULTS_BUCKET": Resource(
                self.results.bucket_name, (self.results.arn_for_objects("*"),)
            ),
        }

    def grant(self, *, queries: iam.IGrantable, overhead: iam.IGrantable) -> None:
        """Let functions do what their settings do not say.

        Args:
            queries: its queries read the rows, and find where results go.
            overhead: reads metrics, which IAM knows no resources of.
        """
        overhead.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["cloudwatch:GetMetricData"], resources=["*"])
        )
        principal = queries.grant_principal
        principal.add_to_principal_policy(on_objects(self.bucket, _READ))
        for bucket in (self.bucket, self.results):
            principal.add_to_principal_policy(on_bucket(bucket))

    def _catalog(self) -> tuple[str, ...]:
        stack = Stack.of(self)
        names = (("catalog", None), ("database", DATABASE), ("table", f"{DATABASE}/{TABLE}"))
        return tuple(
            stack.format_arn(service="glue", resource=resource, resource_name=name)
            for resource, name in names
        )

    def _bucket(
        self, name: str, access_logs: s3.IBucket, *, versioned: bool, kept_days: int | None = None
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            versioned=versioned,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"lake-{name.lower()}/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(kept_days),
                    noncurrent_version_expiration=Duration.days(kept_days),
                )
            ]
            if kept_days
            else None,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _table(self) -> glue.CfnTable:
        """Name the rows; a query must say its tenant, and reads the partitions that it names."""
        place = f"s3://{self.bucket.bucket_name}/events/"
        return glue.CfnTable(
            self,
            "Table",
            catalog_id=Stack.of(self).account,
            database_name=DATABASE,
            table_input=glue.CfnTable.TableInputProperty(
                name=TABLE,
                table_type="EXTERNAL_TABLE",
                parameters={
                    "classification": "parquet",
                    "projection.enabled": "true",
                    "projection.tenant.type": "injected",
                    "projection.day.type": "date",
                    "projection.day.format": "yyyy-MM-dd",
                    "projection.day.range": "2020-01-01,NOW+1DAY",
                    "storage.location.template": f"{place}tenant=${{tenant}}/day=${{day}}/",
                },
                partition_keys=[
                    glue.CfnTable.ColumnProperty(name=name, type="string") for name in PARTITIONS
                ],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    location=place,
                    input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=(
                            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                        )
                    ),
                    columns=[
                        glue.CfnTable.ColumnProperty(name=c.name, type=c.type, comment=c.means)
                        for c in COLUMNS
                    ],
                ),
            ),
        )

    def _workgroup(self) -> None:
        athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=WORKGROUP,
            description="Reports: what a query may read, and where its result lies",
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=_MOST_BYTES,
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{self.results.bucket_name}/",
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=self._key.key_arn
                    ),
                ),
            ),
        )

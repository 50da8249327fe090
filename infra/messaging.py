"""Queues and topics; none of them ever holds content, only ids."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class Messaging(Construct):
    """The notice queue, the dead-letter queues, the topic of replies and the topic of alarms."""

    def __init__(self, scope: Construct, construct_id: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        self.notices_dlq = self._queue("NoticesDlq", retention=Duration.days(14))
        self.notices = self._queue(
            "Notices",
            retention=Duration.days(14),
            visibility=Duration.seconds(180),
            # 72 hours of tries whose pauses double up to four hours, with room to spare.
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.notices_dlq, max_receive_count=100),
        )
        self.stream_dlq = self._queue("StreamDlq", retention=Duration.days(14))
        self.replies_dlq = self._queue("RepliesDlq", retention=Duration.days(14))
        self.replies = sns.Topic(self, "Replies", master_key=key, enforce_ssl=True)
        self.replies.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("sms-voice.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.replies.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        self.alarms = sns.Topic(self, "Alarms", master_key=key, enforce_ssl=True)
        self.alarms.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))

    def _queue(
        self,
        construct_id: str,
        *,
        retention: Duration,
        visibility: Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=retention,
            visibility_timeout=visibility,
            dead_letter_queue=dead_letter_queue,
        )

"""Queues and topics. Ours hold ids and never content; patients' replies are the carrier's."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, CfnCondition, CfnParameter, Duration, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import Resource


class Messaging(Construct):
    """The queues of notices, letters and the waitlist, the dead-letter queues, the topics."""

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
        self.waitlist_dlq = self._queue("WaitlistDlq", retention=Duration.days(14))
        self.waitlist = self._queue(
            "Waitlist",
            retention=Duration.days(4),
            visibility=Duration.seconds(180),
            # What is lost all the same, the referral's own deadline finds.
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.waitlist_dlq, max_receive_count=10),
        )
        self.letters_dlq = self._queue("LettersDlq", retention=Duration.days(14))
        self.letters = self._queue(
            "Letters",
            retention=Duration.days(14),
            visibility=Duration.minutes(15),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.letters_dlq, max_receive_count=10),
        )
        self.stream_dlq = self._queue("StreamDlq", retention=Duration.days(14))
        self.replies_dlq = self._queue("RepliesDlq", retention=Duration.days(14))
        self.undelivered_dlq = self._queue("UndeliveredDlq", retention=Duration.days(14))
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
        self.alarms.add_to_resource_policy(_of_this_account(self.alarms))
        self._subscribe(self.alarms)

    @property
    def dead_letters(self) -> Mapping[str, sqs.Queue]:
        """The queues of what was set aside, by what they are called."""
        return {
            "StreamDlq": self.stream_dlq,
            "NoticesDlq": self.notices_dlq,
            "WaitlistDlq": self.waitlist_dlq,
            "RepliesDlq": self.replies_dlq,
            "LettersDlq": self.letters_dlq,
            "UndeliveredDlq": self.undelivered_dlq,
        }

    def _subscribe(self, alarms: sns.Topic) -> None:
        """Subscribe whom the account names; without a name the topic waits for its own."""
        email = CfnParameter(
            self,
            "AlarmEmail",
            default="",
            description="Address that alarms are sent to; it confirms the subscription once",
        )
        email.override_logical_id("AlarmEmail")
        is_named = CfnCondition(
            self,
            "AlarmEmailIsNamed",
            expression=Fn.condition_not(Fn.condition_equals(email.value_as_string, "")),
        )
        subscription = sns.CfnSubscription(
            self,
            "AlarmSubscription",
            topic_arn=alarms.topic_arn,
            protocol="email",
            endpoint=email.value_as_string,
            redrive_policy={"deadLetterTargetArn": self.undelivered_dlq.queue_arn},
        )
        subscription.cfn_options.condition = is_named
        self.undelivered_dlq.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.undelivered_dlq.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": alarms.topic_arn}},
            )
        )

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The queues that functions write to, by the setting that names them."""
        return {
            "NOTICES_QUEUE_URL": _named(self.notices),
            "WAITLIST_QUEUE_URL": _named(self.waitlist),
            "PRINT_QUEUE_URL": _named(self.letters),
            "STREAM_DLQ_URL": _named(self.stream_dlq),
        }

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


def _of_this_account(alarms: sns.Topic) -> iam.PolicyStatement:
    """Let CloudWatch publish for alarms of this account and no other."""
    stack = Stack.of(alarms)
    every_alarm = stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[alarms.topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {"aws:SourceArn": every_alarm},
        },
    )


def _named(queue: sqs.Queue) -> Resource:
    return Resource(queue.queue_url, (queue.queue_arn,))

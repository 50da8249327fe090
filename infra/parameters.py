"""What an account brings to the stack: the identities that patients are written to from."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnParameter, Fn, Stack

from infra.functions import Resource


class Parameters:
    """The stack's parameters, as resources that functions may be given."""

    def __init__(self, stack: Stack) -> None:
        """Declare them; their logical ids are their names."""
        self._stack = stack
        self._sms_identity = CfnParameter(
            stack,
            "SmsOriginationIdentity",
            default="referral-router-pool",
            description="Phone number or pool of AWS End User Messaging that can text and call",
        ).value_as_string
        self._opt_out_list = CfnParameter(
            stack,
            "OptOutList",
            default="Default",
            description="Opt-out list of AWS End User Messaging that the number or pool uses",
        ).value_as_string
        self._email_from = CfnParameter(
            stack,
            "EmailFrom",
            default="referrals@example.org",
            allowed_pattern=r"[^@\s]+@[^@\s]+",
            description="Address to send email from; it or its domain is verified with SES",
        ).value_as_string

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The resources, by the setting that names them."""
        domain = Fn.select(1, Fn.split("@", self._email_from))
        return {
            "SMS_ORIGINATION_IDENTITY": Resource(
                self._sms_identity,
                # Which kind of identity it is shows only when it is deployed.
                tuple(
                    self._arn("sms-voice", kind, "*")
                    for kind in ("phone-number", "pool", "sender-id")
                ),
            ),
            "OPT_OUT_LIST": Resource(
                self._opt_out_list, (self._arn("sms-voice", "opt-out-list", self._opt_out_list),)
            ),
            "EMAIL_FROM": Resource(
                self._email_from,
                tuple(self._arn("ses", "identity", name) for name in (self._email_from, domain)),
            ),
        }

    def _arn(self, service: str, kind: str, name: str) -> str:
        return self._stack.format_arn(service=service, resource=kind, resource_name=name)

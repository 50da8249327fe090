"""A person's second factor over the pool's API: a secret of one's own, and the codes that it gives.

The sign-in page of the pool on AWS asks for the code; the emulator's page does not, its API does.
"""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING, Any, Final

from local.people import Account

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

_STEP_S: Final = 30
_FLOW: Final = "ADMIN_USER_PASSWORD_AUTH"


def totp(secret: str) -> str:
    """Return the present one-time password of a secret (RFC 6238)."""
    moment = int(time.time()) // _STEP_S
    digest = hmac.new(base64.b32decode(secret), moment.to_bytes(8, "big"), "sha1").digest()
    begin = digest[-1] & 15
    number = int.from_bytes(digest[begin : begin + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


class SecondFactors:
    """Gives people of a pool a second factor, by a client that signs in with a password."""

    def __init__(self, client: CognitoIdentityProviderClient, pool: str) -> None:
        """Take a client and the pool's id; make a client of the pool."""
        self._cognito = client
        made = client.create_user_pool_client(
            UserPoolId=pool,
            ClientName="by-password",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        )
        self._whose: Any = {"UserPoolId": pool, "ClientId": made["UserPoolClient"]["ClientId"]}

    def begun(self, account: Account) -> Any:
        """Sign in with the password; return the tokens, or what is asked for besides."""
        typed = {"USERNAME": account.username, "PASSWORD": account.password}
        return self._cognito.admin_initiate_auth(
            **self._whose, AuthFlow=_FLOW, AuthParameters=typed
        )

    def enrolled(self, account: Account) -> str:
        """Give somebody who has none a second factor; return its secret."""
        token = self.begun(account)["AuthenticationResult"]["AccessToken"]
        secret = self._cognito.associate_software_token(AccessToken=token)["SecretCode"]
        self._cognito.verify_software_token(AccessToken=token, UserCode=totp(secret))
        preferred: Any = {"Enabled": True, "PreferredMfa": True}
        self._cognito.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=preferred)
        return secret

    def answered(self, account: Account, session: str, code: str) -> Any:
        """Answer with a code; return the tokens."""
        answer = {"USERNAME": account.username, "SOFTWARE_TOKEN_MFA_CODE": code}
        return self._cognito.admin_respond_to_auth_challenge(
            **self._whose,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session,
            ChallengeResponses=answer,
        )

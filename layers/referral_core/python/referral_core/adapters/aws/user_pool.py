"""The accounts of people in the user pool of Cognito."""

from __future__ import annotations

import secrets
import string
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from referral_core.adapters.aws.service_errors import service_errors
from referral_core.ports.people import NameTaken

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

_PASSWORD_LENGTH: Final = 20
_KINDS: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-=?@")


class UserPoolAccounts:
    """Accounts that a manager makes; nobody signs up by themselves."""

    def __init__(self, client: CognitoIdentityProviderClient, pool: str) -> None:
        """Take a client and the pool's id."""
        self._client, self._pool = client, pool

    def create(self, username: str) -> str:
        """Create an account; the first sign-in asks for another password and a second factor.

        Raises:
            NameTaken: there is such an account; that of who has left is kept disabled.
            Retryable, Permanent: the pool does not take it.
        """
        password = new_password()
        with service_errors("The account could not be made"):
            try:
                self._client.admin_create_user(
                    UserPoolId=self._pool,
                    Username=username,
                    TemporaryPassword=password,
                    MessageAction="SUPPRESS",
                )
            except self._client.exceptions.UsernameExistsException:
                raise NameTaken("This sign-in name was used before: choose another.") from None
        return password

    def end(self, username: str) -> None:
        """Disable an account and end its sessions; one that never was stays so."""
        with (
            service_errors("The account could not be ended"),
            suppress(self._client.exceptions.UserNotFoundException),
        ):
            self._client.admin_disable_user(UserPoolId=self._pool, Username=username)
            self._client.admin_user_global_sign_out(UserPoolId=self._pool, Username=username)


def new_password() -> str:
    """Return a password that holds a letter, a capital, a digit and a sign, as the pool asks."""
    every = "".join(_KINDS)
    rest = [secrets.choice(every) for _ in range(_PASSWORD_LENGTH - len(_KINDS))]
    letters = [*(secrets.choice(kind) for kind in _KINDS), *rest]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)

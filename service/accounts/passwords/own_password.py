"""Check the password of a user who is logged in, before something that a thief must not do."""

import structlog
from pydantic import SecretStr

from service.accounts.models import User
from service.accounts.passwords.verifier import PasswordVerifier
from service.accounts.sessions.tokens import Identity, invalid_token_error
from service.errors import FieldError, Invalid

log = structlog.get_logger()


class OwnPassword:
    """Checks passwords of users who are logged in; failures count like those of logins.

    Args:
        verifier: verifies passwords and counts failures.
    """

    def __init__(self, verifier: PasswordVerifier) -> None:
        self._verifier = verifier

    async def verify(
        self,
        identity: Identity,
        password: SecretStr,
        address: str,
        pointer: str = "/current_password",
    ) -> User:
        """Return the account of `identity` if this is its password.

        Args:
            address: the client's address, under which failures are counted.
            pointer: the field of the password, for the error.

        Raises:
            Invalid: `password_wrong`.
            TooMany: there were too many failures, or there are too many concurrent logins.
            NotAuthenticated: the user has just been deleted.
        """
        user = await User.get_or_none(id=identity.user_id)
        if user is None:
            raise invalid_token_error()
        text = password.get_secret_value()
        if not await self._verifier.verify(user, user.username_folded, text, address):
            log.info("password_change_failed", user_id=str(user.id))
            raise wrong_password_error(pointer)
        return user


def wrong_password_error(pointer: str = "/current_password") -> Invalid:
    """Return the error for a wrong password, or one that was changed while it was checked."""
    return Invalid(
        "The current password is wrong.",
        code="password_wrong",
        errors=(FieldError(pointer, "is wrong"),),
    )

"""Verify the password of an account, as often as the throttle allows."""

from service.accounts.models import User
from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.passwords.login_throttle import LoginThrottle


class PasswordVerifier:
    """Verifies passwords and counts the wrong ones.

    Args:
        passwords: compares a password with a hash.
        throttle: counts failures.
    """

    def __init__(self, passwords: PasswordHasher, throttle: LoginThrottle) -> None:
        self._passwords = passwords
        self._throttle = throttle

    async def verify(self, user: User | None, name: str, password: str, address: str) -> bool:
        """Return whether this is the password of `user`; replace its hash if that is outdated.

        Without a user it takes as long, so that the time does not reveal who has an account.

        Args:
            name: what the client calls the account, folded.
            address: the client's, under whose network failures are counted.

        Raises:
            TooMany: there were too many failures, or there are too many concurrent logins.
        """
        attempt = self._throttle.create_attempt(user, name, address)
        await self._throttle.admit(attempt)
        check = await self._passwords.verify(password, user.password_hash if user else None)
        if user is None or not check.is_correct:
            await self._throttle.record_failure(attempt)
            return False
        # Other attempts may have failed while this password was verified.
        await self._throttle.admit(attempt)
        await self._throttle.record_success(attempt)
        if check.new_hash:
            outdated = User.filter(id=user.id, password_hash=user.password_hash)
            await outdated.update(password_hash=check.new_hash)
        return True

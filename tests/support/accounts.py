"""Create accounts, log in, and check sessions, for tests of accounts."""

import pytest

from service.accounts.responses import SessionView, UserView
from service.accounts.schemas import Credentials, NewAccount
from service.accounts.service import AccountService
from service.errors import NotAuthenticated

SECRET = "a secret for tests, long enough for every one of the HMAC algorithms"
PASSWORD = "correct horse battery"
HASH_MEMORY = 64  # KiB; a cheap hash, since it protects nothing
ADDRESS, OTHER_ADDRESS = "192.0.2.1", "198.51.100.1"


class AccountActions:
    """Create users, log in, check sessions; the password is the same unless a test gives one."""

    def __init__(self, accounts: AccountService) -> None:
        self.accounts = accounts

    async def create_user(self, name: str, *, admin: bool = False) -> UserView:
        if admin:
            return await self.accounts.create_admin(name, PASSWORD)
        account = NewAccount(username=name, email=f"{name}@example.org", password=PASSWORD)
        return await self.accounts.register(account)

    async def log_in(
        self, name: str, password: str = PASSWORD, address: str = ADDRESS
    ) -> SessionView:
        return await self.accounts.login(Credentials(username=name, password=password), address)

    async def assert_session_ended(self, session: SessionView) -> None:
        """Fail unless both tokens of the session are rejected, with the same error."""
        with pytest.raises(NotAuthenticated) as access_error:
            await self.accounts.identify(session.access_token)
        with pytest.raises(NotAuthenticated) as refresh_error:
            await self.accounts.refresh(session.refresh_token)
        assert access_error.value.code == refresh_error.value.code == "invalid_token"
        assert access_error.value.detail == refresh_error.value.detail

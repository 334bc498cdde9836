"""What tests of accounts share: a clock that they set, and what they do with accounts in a word."""

from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.responses import SessionView, UserView
from service.accounts.schemas import Credentials, NewAccount
from service.accounts.service import Accounts
from service.errors import NotAuthenticated

SECRET = "a secret for tests, long enough for every one of the HMAC algorithms"
PASSWORD = "correct horse battery"
CHEAP = 64  # KiB for a hash that protects nothing
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


class Clock:
    """The time, which passes when a test says so."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class People:
    """Those who have accounts, all with the same password."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    async def join(self, name: str, *, admin: bool = False) -> UserView:
        if admin:
            return await self.accounts.create_admin(name, PASSWORD)
        form = NewAccount(username=name, email=f"{name}@example.org", password=PASSWORD)
        return await self.accounts.register(form)

    async def login(self, name: str, password: str = PASSWORD, address: str = HERE) -> SessionView:
        return await self.accounts.login(Credentials(username=name, password=password), address)

    async def find_it_over(self, session: SessionView) -> None:
        """Fail unless both tokens of the session are refused, in the same words."""
        with pytest.raises(NotAuthenticated) as one:
            await self.accounts.identify(session.access_token)
        with pytest.raises(NotAuthenticated) as other:
            await self.accounts.refresh(session.refresh_token)
        assert one.value.code == other.value.code == "invalid_token"
        assert one.value.detail == other.value.detail

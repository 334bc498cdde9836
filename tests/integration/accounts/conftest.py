"""Accounts on a real database, with a settable clock and cheap hashes."""

from collections.abc import AsyncIterator

import pytest

from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.service import AccountService
from tests.support.accounts import HASH_MEMORY, SECRET, AccountActions
from tests.support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def accounts(database: None, clock: FakeClock) -> AsyncIterator[AccountService]:
    accounts = AccountService(SECRET, PasswordHasher(memory_kib=HASH_MEMORY), clock)
    yield accounts
    await accounts.close()


@pytest.fixture
def users(accounts: AccountService) -> AccountActions:
    return AccountActions(accounts)

"""Exports on a real database, with a settable clock."""

from collections.abc import AsyncIterator

import pytest

from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.service import AccountService
from service.exports.service import Exports
from tests.support.accounts import HASH_MEMORY, SECRET, AccountActions
from tests.support.clock import FakeClock


@pytest.fixture
def clock(database: str) -> FakeClock:
    return FakeClock()


@pytest.fixture
async def users(clock: FakeClock) -> AsyncIterator[AccountActions]:
    accounts = AccountService(SECRET, PasswordHasher(memory_kib=HASH_MEMORY), clock)
    yield AccountActions(accounts)
    await accounts.close()


@pytest.fixture
def exports(clock: FakeClock) -> Exports:
    return Exports(clock)

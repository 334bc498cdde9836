"""Accounts on a real database, with a clock that tests set and hashes that cost little."""

from collections.abc import AsyncIterator

import pytest

from service.accounts.passwords import Passwords
from service.accounts.service import Accounts
from tests.support.accounts import CHEAP, SECRET, Clock, People


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def accounts(database: None, clock: Clock) -> AsyncIterator[Accounts]:
    accounts = Accounts(SECRET, Passwords(memory=CHEAP), clock)
    yield accounts
    accounts.close()


@pytest.fixture
def people(accounts: Accounts) -> People:
    return People(accounts)

"""Users who rate and review films, on a real database."""

from collections.abc import AsyncIterator

import pytest

from service.accounts.passwords import PasswordHasher
from service.accounts.service import AccountService
from service.community.ratings.service import Ratings, move_ratings
from service.community.tallies import recount_merged
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.outbox.notifications import OutboxNotifier
from tests.support.accounts import HASH_MEMORY, SECRET, AccountActions
from tests.support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def users(database: None, clock: FakeClock) -> AsyncIterator[AccountActions]:
    accounts = AccountService(SECRET, PasswordHasher(memory_kib=HASH_MEMORY), clock)
    yield AccountActions(accounts)
    await accounts.close()


@pytest.fixture
def ratings(catalogue: Catalogue, clock: FakeClock) -> Ratings:
    return Ratings(catalogue, clock)


@pytest.fixture
def merger(catalogue: Catalogue, notifier: OutboxNotifier, clock: FakeClock) -> FilmMerger:
    return FilmMerger(catalogue, notifier, clock, (move_ratings, recount_merged))

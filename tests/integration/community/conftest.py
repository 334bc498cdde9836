"""Users who rate and review films, on a real database."""

from collections.abc import AsyncIterator

import pytest

from service.accounts.passwords.hashing import PasswordHasher
from service.accounts.service import AccountService
from service.community.moderation.service import Moderation
from service.community.ratings.service import Ratings
from service.community.reviews.likes import ReviewLikes
from service.community.reviews.service import Reviews
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.outbox.notifications import OutboxNotifier
from service.server.container import FILM_ROW_MOVERS
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
def reviews(catalogue: Catalogue, clock: FakeClock) -> Reviews:
    return Reviews(catalogue, clock)


@pytest.fixture
def review_likes(database: None, clock: FakeClock) -> ReviewLikes:
    return ReviewLikes(clock)


@pytest.fixture
def moderation(database: None, clock: FakeClock) -> Moderation:
    return Moderation(clock)


@pytest.fixture
def merger(catalogue: Catalogue, notifier: OutboxNotifier, clock: FakeClock) -> FilmMerger:
    return FilmMerger(catalogue, notifier, clock, FILM_ROW_MOVERS)

"""Whatever people do, and wherever it is interrupted, a film's tallies are what its rows say."""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from service.accounts.deletion.erasure import erase_account
from service.accounts.models import User
from service.clock import utc_now
from service.community.moderation.service import Moderation
from service.community.personal_data import COMMUNITY_DATA
from service.community.ratings.models import Rating
from service.community.ratings.schemas import RatingPatch, RatingValues
from service.community.ratings.service import Ratings, to_tallies
from service.community.reviews import service as review_service
from service.community.reviews.likes import ReviewLikes
from service.community.reviews.models import Review, ReviewLike, ReviewReport
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.service import Reviews
from service.community.tallies import find_differences
from service.database.transactions import run_uncancelled
from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.schemas import FilmFacts
from service.films.tallies import Tallies
from tests.support.interrupted_statements import Interrupted, interrupt_at


@dataclass
class World:
    """Users and films of one example, and what may be done with them."""

    catalogue: Catalogue
    ratings: Ratings
    reviews: Reviews
    likes: ReviewLikes
    moderation: Moderation
    merger: FilmMerger
    users: list[UUID] = field(default_factory=list)
    films: list[UUID] = field(default_factory=list)

    async def populate(self) -> None:
        """Add three users and three films."""
        now = utc_now()
        for _ in range(3):
            name = uuid.uuid4().hex[:20]
            user = await User.create(
                username=name, username_folded=name, password_hash="", created_at=now,
                updated_at=now,
            )  # fmt: skip
            self.users.append(user.id)
            film = await self.catalogue.add(FilmFacts(title=f"Film {uuid.uuid4().hex}"))
            self.films.append(film.id)

    async def rate(self, user: UUID, film: UUID, score: int | None) -> None:
        values = RatingValues(vote="up" if (score or 0) > 5 else "down", score=score)
        await self.ratings.set(user, str(film), values)

    async def change_rating(self, user: UUID, film: UUID, score: int | None) -> None:
        rating = await Rating.get_or_none(user_id=user, film_id=film)
        if rating is not None:
            patch = RatingPatch(vote="up", score=score)
            await self.ratings.update(user, str(rating.id), patch)

    async def remove_rating(self, user: UUID, film: UUID, _: int | None) -> None:
        await self.ratings.remove(user, film)

    async def review(self, user: UUID, film: UUID, score: int | None) -> None:
        draft = ReviewDraft(title="Fine", body="*Fine*.", score=score)
        await self.reviews.add(user, str(film), draft, "en")

    async def edit_review(self, user: UUID, film: UUID, score: int | None) -> None:
        draft = ReviewDraft(title="Fine", body="Not fine.", score=score)
        await self.reviews.replace(user, await self._find_review(user, film), draft)

    async def delete_review(self, user: UUID, film: UUID, _: int | None) -> None:
        await self.reviews.delete(user, await self._find_review(user, film))

    async def like(self, user: UUID, film: UUID, score: int | None) -> None:
        author = self.users[(score or 0) % len(self.users)]
        review = await self._find_review(author, film)
        await (self.likes.remove if score == 9 else self.likes.add)(user, review)

    async def report(self, user: UUID, film: UUID, score: int | None) -> None:
        author = self.users[(score or 0) % len(self.users)]
        await self.moderation.report(user, await self._find_review(author, film), "spam", None)

    async def decide(self, user: UUID, film: UUID, score: int | None) -> None:
        report = await ReviewReport.filter(review__user_id=user, review__film_id=film).first()
        if report is not None:
            action = ("hide", "restore", "dismiss")[(score or 0) % 3]
            await self.moderation.decide(str(report.id), action, None)

    async def merge(self, _: UUID, film: UUID, score: int | None) -> None:
        await self.merger.merge(str(film), str(self.films[(score or 0) % len(self.films)]))

    async def delete_film(self, _: UUID, film: UUID, score: int | None) -> None:
        if score == 10:  # else nothing would be left soon
            await self.catalogue.delete(str(film), None)

    async def hide_account(self, user: UUID, _: UUID, score: int | None) -> None:
        await hide_account(user, keeps_reviews=score is None)

    async def restore_account(self, user: UUID, _: UUID, score: int | None) -> None:
        await restore_account(user)

    async def disable_account(self, user: UUID, _: UUID, score: int | None) -> None:
        await disable_account(user)

    async def enable_account(self, user: UUID, _: UUID, score: int | None) -> None:
        await enable_account(user)

    async def erase_account(self, user: UUID, _: UUID, score: int | None) -> None:
        if score is not None and score > 8:
            await erase_account(user, (COMMUNITY_DATA,))

    async def _find_review(self, user: UUID, film: UUID) -> str:
        review = await Review.get_or_none(user_id=user, film_id=film)
        return str(review.id) if review else str(uuid.uuid4())


ACTIONS = (
    "rate", "change_rating", "remove_rating", "review", "edit_review", "delete_review", "like",
    "report", "decide", "merge", "delete_film", "hide_account", "restore_account", "erase_account",
    "disable_account", "enable_account",
)  # fmt: skip
steps = st.tuples(
    st.sampled_from(ACTIONS),
    st.integers(0, 2),
    st.integers(0, 2),
    st.one_of(st.none(), st.integers(1, 10)),
    st.integers(-30, 14).map(lambda number: None if number < 0 else number),
)


@run_uncancelled
async def hide_account(user: UUID, *, keeps_reviews: bool) -> None:
    """Hide an account as its owner's request to delete it does."""
    async with in_transaction():
        erase_at = utc_now() + timedelta(days=7)
        pending = User.filter(id=user, erase_at=None)
        if await pending.update(erase_at=erase_at, keep_reviews=keeps_reviews):
            await COMMUNITY_DATA.hide(user)


@run_uncancelled
async def restore_account(user: UUID) -> None:
    """Restore an account that is hidden."""
    async with in_transaction():
        if await User.filter(id=user, erase_at__isnull=False).update(erase_at=None):
            await COMMUNITY_DATA.restore(user)
            await User.filter(id=user).update(keep_reviews=False)


@run_uncancelled
async def disable_account(user: UUID) -> None:
    """Disable an account as an admin does."""
    async with in_transaction():
        if await User.filter(id=user, disabled_at=None).update(disabled_at=utc_now()):
            await COMMUNITY_DATA.disable(user)


@run_uncancelled
async def enable_account(user: UUID) -> None:
    """Enable an account that is disabled."""
    async with in_transaction():
        if await User.filter(id=user, disabled_at__isnull=False).update(disabled_at=None):
            await COMMUNITY_DATA.enable(user)


async def count_by_hand() -> dict[UUID, Tallies]:
    """Return what the rows say, worked out row by row."""
    users = {user.id: user for user in await User.all()}
    tallies = {film.id: Tallies() for film in await Film.all()}

    def add(film_id: UUID, more: Tallies) -> None:
        if film_id in tallies:
            tallies[film_id] = tallies[film_id].plus(more)

    for rating in await Rating.all():
        if users[rating.user_id].is_usable:
            add(rating.film_id, to_tallies(rating))
    for review in await Review.filter(hidden_at=None):
        author = users.get(review.user_id) if review.user_id else None
        is_kept = author is not None and author.keep_reviews and author.disabled_at is None
        if author is None or author.is_usable or is_kept:
            add(review.film_id, review_service.to_tallies(review))
    return tallies


async def assert_tallies_are_those_of_the_rows() -> None:
    counted = await count_by_hand()
    assert {film.id: Tallies.of(film) for film in await Film.all()} == counted
    assert [film_id async for page in find_differences() for film_id in page.film_ids] == []
    likes = [like.review_id for like in await ReviewLike.all()]
    for review in await Review.all():
        assert review.likes == likes.count(review.id)


@pytest.fixture
def create_world(
    catalogue: Catalogue,
    ratings: Ratings,
    reviews: Reviews,
    review_likes: ReviewLikes,
    moderation: Moderation,
    merger: FilmMerger,
) -> Callable[[], Awaitable[World]]:
    async def create() -> World:
        world = World(catalogue, ratings, reviews, review_likes, moderation, merger)
        await world.populate()
        return world

    return create


async def take(world: World, step: tuple[str, int, int, int | None, int | None]) -> None:
    """Do one thing, interrupted at a statement if the step says so."""
    action, user, film, score, statement = step
    with interrupt_at(statement), suppress(DomainError, Interrupted):
        await getattr(world, action)(world.users[user], world.films[film], score)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sequence=st.lists(steps, min_size=20, max_size=40))
async def test_tallies_are_those_of_the_rows_after_any_sequence_of_actions(
    create_world: Callable[[], Awaitable[World]],
    sequence: list[tuple[str, int, int, int | None, int | None]],
) -> None:
    world = await create_world()
    for step in sequence:
        await take(world, step)
    await assert_tallies_are_those_of_the_rows()


SETTING = (("rate", 0, 0, 9), ("rate", 0, 1, 4), ("rate", 1, 1, 8), ("review", 0, 0, 7),
           ("review", 0, 1, None), ("review", 1, 1, 3), ("like", 2, 0, 3), ("report", 2, 0, 3),
           ("decide", 0, 0, 3))  # fmt: skip
MAX_STATEMENTS = 40


@pytest.mark.parametrize(
    ("action", "user", "film", "score"),
    [
        ("rate", 2, 0, 6),
        ("change_rating", 0, 0, 2),
        ("remove_rating", 0, 0, None),
        ("review", 2, 0, 6),
        ("edit_review", 1, 1, 9),
        ("delete_review", 1, 1, None),
        ("like", 2, 1, 1),
        ("decide", 0, 0, 1),
        ("merge", 0, 1, 3),
        ("hide_account", 0, 0, 1),
        ("hide_account", 0, 0, None),
        ("disable_account", 0, 0, None),
        ("erase_account", 0, 0, 9),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_action_interrupted_at_any_statement_happens_wholly_or_not_at_all(
    create_world: Callable[[], Awaitable[World]],
    action: str,
    user: int,
    film: int,
    score: int | None,
) -> None:
    world = await create_world()
    for step in SETTING:
        await take(world, (*step, None))
    for statement in range(MAX_STATEMENTS):
        before = await count_by_hand()
        try:
            with interrupt_at(statement):
                await getattr(world, action)(world.users[user], world.films[film], score)
        except Interrupted:
            assert await count_by_hand() == before
            await assert_tallies_are_those_of_the_rows()
        else:
            break
    else:
        pytest.fail("the action never came to its end")
    assert statement > 2
    await assert_tallies_are_those_of_the_rows()

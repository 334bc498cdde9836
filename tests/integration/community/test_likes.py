"""Numbers of likes of reviews that went wrong are found and mended."""

import asyncio
from uuid import UUID

from service.community.reviews.likes import ReviewLikes, find_miscounted_reviews, recount_likes
from service.community.reviews.models import Review
from service.community.reviews.schemas import ReviewDraft
from service.community.reviews.service import Reviews
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from tests.support.accounts import AccountActions

DRAFT = ReviewDraft(title="Fine", body="*Fine*.", score=7)


async def add_review(
    catalogue: Catalogue, reviews: Reviews, users: AccountActions, author: str
) -> UUID:
    film = await catalogue.add(FilmFacts(title=f"Jaws of {author}", year=1975))
    user = await users.create_user(author)
    return (await reviews.add(user.id, str(film.id), DRAFT, "en")).id


async def read_likes(review_id: UUID) -> int:
    return (await Review.get(id=review_id)).likes


async def test_likes_that_went_wrong_are_found_and_mended(
    catalogue: Catalogue, reviews: Reviews, review_likes: ReviewLikes, users: AccountActions
) -> None:
    liked, unliked, right = [
        await add_review(catalogue, reviews, users, author) for author in ("ada", "bob", "cleo")
    ]
    reader = await users.create_user("dora")
    for review in (liked, right):
        await review_likes.add(reader.id, str(review))
    assert await find_miscounted_reviews() == []
    await Review.filter(id=liked).update(likes=5)
    await Review.filter(id=unliked).update(likes=2)
    assert set(await find_miscounted_reviews()) == {liked, unliked}
    difference = await recount_likes(liked, repair=False)
    assert difference is not None
    assert (difference.stored, difference.counted) == (5, 1)
    assert await read_likes(liked) == 5
    for review in (liked, unliked):
        assert await recount_likes(review) is not None
        assert await recount_likes(review) is None
    assert await find_miscounted_reviews() == []
    assert [await read_likes(review) for review in (liked, unliked, right)] == [1, 0, 1]


async def test_likes_while_a_review_is_counted_again_are_counted_once(
    catalogue: Catalogue, reviews: Reviews, review_likes: ReviewLikes, users: AccountActions
) -> None:
    review = await add_review(catalogue, reviews, users, "ada")
    readers = [await users.create_user(f"reader{number}") for number in range(6)]
    await Review.filter(id=review).update(likes=9)
    await asyncio.gather(
        *(review_likes.add(reader.id, str(review)) for reader in readers),
        *(recount_likes(review) for _ in range(5)),
    )
    assert await read_likes(review) == 6

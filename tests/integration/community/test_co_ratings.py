"""The films that the users who like a film like as well."""

from uuid import UUID

from service.accounts.models import User
from service.clock import utc_now
from service.community.discovery.co_ratings import read_co_ratings
from service.community.ratings.models import Rating
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, Provenance


async def add_films(catalogue: Catalogue, count: int) -> list[UUID]:
    names = [f"Film {number}" for number in range(count)]
    return [
        (await catalogue.upsert(FilmFacts(title=name), Provenance(source="user"))).id
        for name in names
    ]


async def add_user(number: int, **columns: object) -> UUID:
    name, now = f"user{number}", utc_now()
    user = await User.create(
        username=name,
        username_folded=name,
        password_hash="",
        created_at=now,
        updated_at=now,
        **columns,
    )
    return user.id


async def rate(user_id: UUID, film_id: UUID, **opinion: object) -> None:
    now = utc_now()
    times = {"rated_at": now, "created_at": now, "updated_at": now}
    await Rating.create(user_id=user_id, film_id=film_id, title="?", **times, **opinion)


async def test_films_count_by_the_share_of_users_who_like_both(catalogue: Catalogue) -> None:
    film, loved, liked, disliked, rare = await add_films(catalogue, 5)
    for number in range(4):
        user_id = await add_user(number)
        await rate(user_id, film, score=9)
        await rate(user_id, loved, vote="up")
        await rate(user_id, disliked, vote="down", score=3)
        if number:
            await rate(user_id, liked, score=7)
        if number > 1:
            await rate(user_id, rare, score=10)
    assert await read_co_ratings(film) == {loved: 1.0, liked: 0.75}


async def test_users_who_do_not_like_the_film_or_are_to_be_erased_do_not_count(
    catalogue: Catalogue,
) -> None:
    film, other = await add_films(catalogue, 2)
    for number in range(6):
        erased = {"erase_at": utc_now()} if number == 5 else {}
        user_id = await add_user(number, **erased)
        await rate(user_id, film, score=2 if number < 3 else 8)
        await rate(user_id, other, score=10)
    assert await read_co_ratings(film) == {}

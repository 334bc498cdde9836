"""Ratings at once, of hidden and erased users, and films whose tallies went wrong."""

import asyncio
from uuid import UUID

from service.accounts.deletion.erasure import erase_account
from service.accounts.models import User
from service.community.personal_data import COMMUNITY_DATA
from service.community.ratings.models import Rating
from service.community.ratings.schemas import RatingPatch, RatingValues
from service.community.ratings.service import Ratings
from service.community.tallies import find_differences, recount_film
from service.errors import Conflict
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.schemas import FilmFacts
from service.films.tallies import Tallies
from tests.support.accounts import AccountActions
from tests.support.clock import FakeClock

UP = RatingValues(vote="up", score=9)
DOWN = RatingValues(vote="down")
COUNTED_UP = Tallies(votes_up=1, score_count=1, score_sum=9)


async def add_film(catalogue: Catalogue, title: str = "Jaws") -> str:
    return str((await catalogue.add(FilmFacts(title=title, year=1975))).id)


async def add_users(users: AccountActions, count: int) -> list[UUID]:
    return [(await users.create_user(f"user{number}")).id for number in range(count)]


async def read_tallies(film_id: str) -> Tallies:
    return Tallies.of(await Film.get(id=film_id))


async def find_wrong_films() -> list[UUID]:
    return [film_id async for page in find_differences() for film_id in page.film_ids]


async def test_users_who_vote_for_one_film_at_once_are_all_counted(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions
) -> None:
    film, voters = await add_film(catalogue), await add_users(users, 25)
    await asyncio.gather(*(ratings.add(voter, film, UP) for voter in voters))
    assert await read_tallies(film) == Tallies(votes_up=25, score_count=25, score_sum=225)
    rows = {rating.user_id: rating for rating in await Rating.all()}
    await asyncio.gather(
        *(
            ratings.update(user, str(row.id), RatingPatch(vote="down"))
            for user, row in rows.items()
        ),
    )
    assert await read_tallies(film) == Tallies(votes_down=25, score_count=25, score_sum=225)
    await asyncio.gather(*(ratings.delete(user, str(row.id)) for user, row in rows.items()))
    assert await read_tallies(film) == Tallies()
    assert await find_wrong_films() == []


async def test_a_user_who_rates_a_film_several_times_at_once_has_one_rating(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions
) -> None:
    film, [ada] = await add_film(catalogue), await add_users(users, 1)
    outcomes = await asyncio.gather(
        *(ratings.add(ada, film, UP) for _ in range(8)), return_exceptions=True
    )
    refused = [error for error in outcomes if isinstance(error, Conflict)]
    assert {error.code for error in refused} == {"rating_exists"}
    assert (len(refused), await Rating.all().count()) == (7, 1)
    assert await read_tallies(film) == COUNTED_UP


async def test_votes_while_films_are_merged_count_for_the_film_that_stays(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions, merger: FilmMerger
) -> None:
    film, merged = await add_film(catalogue), await add_film(catalogue, "Der weiße Hai")
    voters = await add_users(users, 12)
    await asyncio.gather(
        *(ratings.add(voter, merged, UP) for voter in voters[:6]),
        merger.merge(merged, film),
        *(ratings.add(voter, merged, UP) for voter in voters[6:]),
    )
    assert await read_tallies(film) == Tallies(votes_up=12, score_count=12, score_sum=108)
    assert {str(rating.film_id) for rating in await Rating.all()} == {film}


async def test_a_hidden_user_does_not_count_until_the_account_is_restored(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions, clock: FakeClock
) -> None:
    film, [ada, bob] = await add_film(catalogue), await add_users(users, 2)
    rating = await ratings.add(ada, film, UP)
    await ratings.add(bob, film, DOWN)
    await User.filter(id=ada).update(erase_at=clock())
    await COMMUNITY_DATA.hide(ada)
    assert await read_tallies(film) == Tallies(votes_down=1)
    assert await find_wrong_films() == []
    await ratings.replace(ada, str(rating.id), RatingValues(score=4))
    assert await read_tallies(film) == Tallies(votes_down=1)
    await COMMUNITY_DATA.restore(ada)
    await User.filter(id=ada).update(erase_at=None)
    assert await read_tallies(film) == Tallies(votes_down=1, score_count=1, score_sum=4)
    assert await find_wrong_films() == []


async def test_an_erased_user_leaves_no_rating_and_no_count(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions, clock: FakeClock
) -> None:
    films = [await add_film(catalogue, title) for title in ("Jaws", "Alien", "Dune")]
    ada, bob = await add_users(users, 2)
    for film in films:
        await ratings.add(ada, film, UP)
        await ratings.add(bob, film, UP)
    await User.filter(id=bob).update(erase_at=clock())
    await COMMUNITY_DATA.hide(bob)
    for user in (ada, bob):
        assert await erase_account(user, (COMMUNITY_DATA,))
    assert [await read_tallies(film) for film in films] == [Tallies()] * 3
    assert not await Rating.all().exists()
    assert await find_wrong_films() == []


async def test_tallies_that_went_wrong_are_found_and_mended(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions
) -> None:
    film, other = await add_film(catalogue), await add_film(catalogue, "Alien")
    [ada] = await add_users(users, 1)
    await ratings.add(ada, film, UP)
    await Film.filter(id=film).update(votes_up=7, review_count=2)
    await Film.filter(id=other).update(score_sum=3)
    before = {str(wrong.id): wrong.counters for wrong in await Film.all()}
    assert set(map(str, await find_wrong_films())) == {film, other}
    difference = await recount_film(UUID(film), repair=False)
    assert difference is not None
    assert (difference.stored.votes_up, difference.counted) == (7, COUNTED_UP)
    assert await read_tallies(film) != COUNTED_UP
    for film_id in await find_wrong_films():
        assert await recount_film(film_id) is not None
        assert await recount_film(film_id) is None
    assert await find_wrong_films() == []
    assert [await read_tallies(film), await read_tallies(other)] == [COUNTED_UP, Tallies()]
    for mended in await Film.all():
        assert mended.counters == before[str(mended.id)] + 1


async def test_votes_while_a_film_is_counted_again_are_counted_once(
    catalogue: Catalogue, ratings: Ratings, users: AccountActions
) -> None:
    film, voters = await add_film(catalogue), await add_users(users, 10)
    await asyncio.gather(
        *(ratings.add(voter, film, UP) for voter in voters),
        *(recount_film(UUID(film)) for _ in range(5)),
    )
    assert await read_tallies(film) == Tallies(votes_up=10, score_count=10, score_sum=90)

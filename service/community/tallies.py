"""The tallies of films as their rows of ratings and reviews have them.

Changes of single rows add their difference by themselves; see `service.films.tallies`. Here are the
changes of many rows at once, and the comparison of tallies with rows. A user does not count whose
account is disabled, or hidden since the user has asked for its deletion.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.database.connection import is_postgres
from service.database.sql import fetch_rows, to_id_parameter
from service.database.transactions import run_uncancelled
from service.films.models import Film
from service.films.tallies import Tallies, add_to_tallies

PAGE = 2_000  # films that are compared at once


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that count for films.

    Args:
        sums: the tallies that they add to, and how.
        counted: which rows count if their user does.
        visible: which rows' users count.
    """

    name: str
    sums: dict[str, str]
    counted: str
    visible: str

    def select_sums(self, condition: str) -> str:
        """Return the statement for the sums by film of the rows that meet `condition`."""
        columns = ", ".join(f"{sum} AS {name}" for name, sum in self.sums.items())
        return (
            f"SELECT film_id, {columns} FROM {self.name} "  # noqa: S608  # names of ours
            f"WHERE {self.counted} AND {condition} GROUP BY film_id"
        )


RATINGS = Table(
    "ratings",
    {
        "votes_up": "COUNT(CASE WHEN vote = 'up' THEN 1 END)",
        "votes_down": "COUNT(CASE WHEN vote = 'down' THEN 1 END)",
        "score_count": "COUNT(score)",
        "score_sum": "COALESCE(SUM(score), 0)",
    },
    "1 = 1",
    "user_id IN (SELECT id FROM users WHERE disabled_at IS NULL AND erase_at IS NULL)",
)
REVIEWS = Table(
    "reviews",
    {
        "review_count": "COUNT(*)",
        "review_score_count": "COUNT(score)",
        "review_score_sum": "COALESCE(SUM(score), 0)",
    },
    "hidden_at IS NULL",
    "(user_id IS NULL OR user_id IN (SELECT id FROM users "
    "WHERE disabled_at IS NULL AND (erase_at IS NULL OR keep_reviews)))",
)
TABLES = (RATINGS, REVIEWS)


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """How many films were compared, and those that differed while they were."""

    compared: int
    film_ids: list[UUID]


@dataclass(frozen=True, slots=True)
class TallyDifference:
    """A film whose tallies are not what its rows add up to."""

    film_id: UUID
    stored: Tallies
    counted: Tallies


async def find_differences() -> AsyncIterator[ComparedPage]:
    """Yield page by page the films whose tallies differ from their rows.

    A film that changes meanwhile may be among them; `recount_film` knows better.
    """
    last = UUID(int=0)
    while True:
        page = Film.filter(id__gt=last).order_by("id").limit(PAGE)
        films = await page.only("id", *Tallies._fields)
        if not films:
            return
        last = films[-1].id
        counted = await _sum_rows(films[0].id, last)
        differing = [f.id for f in films if Tallies.of(f) != counted.get(f.id, Tallies())]
        yield ComparedPage(len(films), differing)


@run_uncancelled
async def recount_film(film_id: UUID, *, repair: bool = True) -> TallyDifference | None:
    """Return how a film's tallies differ from its rows, if they do; by default, mend them.

    Each change of a row holds the film's lock from the change of the tallies to the commit. So
    under this lock, a row and what it adds are both there or both not.
    """
    async with in_transaction():
        return await _recount(film_id, repair=repair)


async def recount_merged(_: Film, film: Film) -> None:
    """Count the rows that `film` has got from a film that is merged into it."""
    await _recount(film.id, repair=True)
    await film.refresh_from_db(fields=["counters", *Tallies._fields])


async def _recount(film_id: UUID, *, repair: bool) -> TallyDifference | None:
    if not await Film.filter(id=film_id).update(counters=F("counters")):
        return None
    film = await Film.get(id=film_id)
    counted = (await _sum_rows(film_id, film_id)).get(film_id, Tallies())
    difference = TallyDifference(film_id, Tallies.of(film), counted)
    if difference.stored == counted:
        return None
    if repair:
        await add_to_tallies(film_id, counted.minus(difference.stored))
    return difference


async def shift_user(
    user_id: UUID, sign: Literal["+", "-"], tables: Sequence[Table] = TABLES
) -> None:
    """Add all that a user's rows count to the films, or subtract it; in a transaction."""
    for table in tables:
        sums = table.select_sums("user_id = $1")
        await _lock_films(sums, user_id)
        columns = ", ".join(f"{name} = films.{name} {sign} sums.{name}" for name in table.sums)
        await fetch_rows(
            f"UPDATE films SET {columns}, counters = counters + 1 "  # noqa: S608  # names of ours
            f"FROM ({sums}) AS sums WHERE films.id = sums.film_id",
            to_id_parameter(user_id),
        )


async def _lock_films(sums: str, user_id: UUID) -> None:
    """Lock the films of these sums in the order of ids; SQLite has one writer anyway."""
    if is_postgres():
        await fetch_rows(
            f"SELECT id FROM films WHERE id IN (SELECT film_id FROM ({sums}) AS sums) "  # noqa: S608  # names of ours
            "ORDER BY id FOR NO KEY UPDATE",
            user_id,
        )


async def _sum_rows(first: UUID, last: UUID) -> dict[UUID, Tallies]:
    """Return what the rows of the films from `first` to `last` add up to, by film."""
    tallies: dict[UUID, Tallies] = {}
    for table in TABLES:
        statement = table.select_sums(f"film_id BETWEEN $1 AND $2 AND {table.visible}")
        for row in await fetch_rows(statement, to_id_parameter(first), to_id_parameter(last)):
            film_id = UUID(str(row.pop("film_id")))
            row_tallies = Tallies(**{name: int(value) for name, value in row.items()})
            tallies[film_id] = tallies.get(film_id, Tallies()).plus(row_tallies)
    return tallies

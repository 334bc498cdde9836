"""The films that are rated best, by IMDb's users and by those of this service.

A mean of few votes says little. So each film begins with `PRIOR_VOTES` votes of the mean of all
candidates (a Bayesian mean), and a vote of this service's users weighs as many of IMDb's: there are
far fewer of them, and it is their service.
"""

from dataclasses import dataclass
from uuid import UUID

from service.community.discovery.trends import Trends
from service.database.sql import fetch_rows
from service.films.rows import get_rows_by_id

PRIOR_VOTES = 10_000  # of IMDb's; a film with as many is half its own mean, half that of all
OWN_VOTE_WEIGHT = 2_000  # of IMDb's votes
UP_SCORE, DOWN_SCORE = 9.0, 3.0  # what a vote without a score counts as, from 1 to 10
MAX_CANDIDATES = 1_000  # with most votes of IMDb's; and with most going on

_COLUMNS = "id, imdb_rating, imdb_votes, popularity, votes_up, votes_down, score_count, score_sum"


@dataclass(frozen=True, slots=True)
class Opinions:
    """What is known of the opinions on one film."""

    film_id: UUID
    imdb_rating: float | None
    imdb_votes: int
    popularity: float
    own_count: int
    own_sum: float


@dataclass(frozen=True, slots=True)
class RankedFilm:
    """A film and its mean score, from 1 to 10."""

    film_id: UUID
    score: float


async def rank_popular(trends: Trends) -> list[RankedFilm]:
    """Return the films that are rated best, at most two thousand."""
    most_voted = await fetch_rows(
        f"SELECT {_COLUMNS} FROM films WHERE imdb_votes IS NOT NULL AND type <> 'episode' "  # noqa: S608  # names of ours
        "ORDER BY imdb_votes DESC LIMIT $1",
        MAX_CANDIDATES,
    )
    most_voted_ids = {str(row["id"]) for row in most_voted}
    active = [str(film_id) for film_id, _ in await trends.read_top(MAX_CANDIDATES)]
    others = await get_rows_by_id(
        f"SELECT {_COLUMNS} FROM films",  # noqa: S608  # names of ours
        [film_id for film_id in active if film_id not in most_voted_ids],
    )
    return rank_opinions([_to_opinions(row) for row in (*most_voted, *others)])


def rank_opinions(films: list[Opinions]) -> list[RankedFilm]:
    """Return the films with any opinion, the best first."""
    rated = [film for film in films if _count_votes(film) > 0]
    if not rated:
        return []
    prior = sum(map(_mean, rated)) / len(rated)
    scored = [(_bayesian_mean(film, prior), film) for film in rated]
    scored.sort(
        key=lambda pair: (-pair[0], -_count_votes(pair[1]), -pair[1].popularity, pair[1].film_id)
    )
    return [RankedFilm(film.film_id, score) for score, film in scored]


def _to_opinions(row: dict[str, object]) -> Opinions:
    up, down, count, total = (
        int(str(row[name])) for name in ("votes_up", "votes_down", "score_count", "score_sum")
    )
    rating, votes, popularity = row["imdb_rating"], row["imdb_votes"], row["popularity"]
    return Opinions(
        film_id=UUID(str(row["id"])),
        imdb_rating=None if rating is None else float(str(rating)),
        imdb_votes=0 if rating is None or votes is None else int(str(votes)),
        popularity=0.0 if popularity is None else float(str(popularity)),
        own_count=up + down + count,
        own_sum=up * UP_SCORE + down * DOWN_SCORE + total,
    )


def _count_votes(film: Opinions) -> float:
    return film.imdb_votes + film.own_count * OWN_VOTE_WEIGHT


def _sum_votes(film: Opinions) -> float:
    return (film.imdb_rating or 0.0) * film.imdb_votes + film.own_sum * OWN_VOTE_WEIGHT


def _mean(film: Opinions) -> float:
    return _sum_votes(film) / _count_votes(film)


def _bayesian_mean(film: Opinions, prior: float) -> float:
    return (PRIOR_VOTES * prior + _sum_votes(film)) / (PRIOR_VOTES + _count_votes(film))

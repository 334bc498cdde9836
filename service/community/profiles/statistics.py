"""What a user has seen and how it was scored, counted for the plots of a profile."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import orjson

from service.database.connection import is_postgres
from service.database.sql import fetch_rows, to_id_parameter

YEARS_OF_A_DECADE = 10

_MONTHS = """
SELECT {month} AS month, COUNT(*) AS viewings
FROM history_entries WHERE user_id = $1
GROUP BY 1 ORDER BY 1 DESC LIMIT $2
"""
_FILMS = """
SELECT year, CAST(genres AS TEXT) AS genres, COUNT(*) AS films
FROM films WHERE id IN (SELECT film_id FROM history_entries WHERE user_id = $1)
GROUP BY 1, 2
"""
_SCORES = """
SELECT score, COUNT(*) AS films
FROM ratings WHERE user_id = $1 AND score IS NOT NULL
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class ProfileStatistics:
    """Pairs of a value and how often it occurs, in the order of the values; genres by number."""

    months: list[tuple[str, int]]
    decades: list[tuple[int, int]]
    genres: list[tuple[str, int]]
    scores: list[tuple[int, int]]


async def read_statistics(user_id: UUID, max_months: int) -> ProfileStatistics:
    """Count a user's viewings of the last months that have some, films seen, and scores.

    Films that were deleted count only in their months.
    """
    owner = to_id_parameter(user_id)
    month = "to_char(watched_at AT TIME ZONE 'UTC', 'YYYY-MM')"
    months = _MONTHS.format(month=month if is_postgres() else "substr(watched_at, 1, 7)")
    month_rows = await fetch_rows(months, owner, max_months)
    score_rows = await fetch_rows(_SCORES, owner)
    decades, genres = Counter[int](), Counter[str]()
    for row in await fetch_rows(_FILMS, owner):
        if row["year"] is not None:
            decades[row["year"] // YEARS_OF_A_DECADE * YEARS_OF_A_DECADE] += row["films"]
        for genre in orjson.loads(row["genres"] or "[]"):
            genres[genre] += row["films"]
    return ProfileStatistics(
        months=[(row["month"], row["viewings"]) for row in reversed(month_rows)],
        decades=sorted(decades.items()),
        genres=sorted(genres.items(), key=lambda genre: (-genre[1], genre[0])),
        scores=[(row["score"], row["films"]) for row in score_rows],
    )

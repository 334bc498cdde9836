"""The films that the users who like a film like as well."""

from uuid import UUID

from service.database.sql import fetch_rows, to_id_parameter

MIN_LIKED_SCORE = 7
MAX_USERS = 100  # who rated the film last
MAX_FILMS = 100
MIN_COMMON_USERS = 3  # so that no answer tells what a single user likes

_LIKED = "({0}.vote = 'up' OR {0}.score >= {1})"
_STATEMENT = f"""
WITH likers AS (
    SELECT r.user_id FROM ratings AS r JOIN users AS u ON u.id = r.user_id
    WHERE r.film_id = $1 AND u.erase_at IS NULL AND u.disabled_at IS NULL
        AND {_LIKED.format("r", MIN_LIKED_SCORE)}
    ORDER BY r.updated_at DESC LIMIT {MAX_USERS}
)
SELECT r.film_id, COUNT(*) AS common_users, (SELECT COUNT(*) FROM likers) AS users
FROM likers JOIN ratings AS r ON r.user_id = likers.user_id
WHERE r.film_id <> $1 AND {_LIKED.format("r", MIN_LIKED_SCORE)}
GROUP BY r.film_id HAVING COUNT(*) >= {MIN_COMMON_USERS}
ORDER BY common_users DESC, r.film_id LIMIT {MAX_FILMS}
"""  # noqa: S608  # numbers of ours


async def read_co_ratings(film_id: UUID) -> dict[UUID, float]:
    """Return films by the share of users who like them among those who like this film."""
    rows = await fetch_rows(_STATEMENT, to_id_parameter(film_id))
    return {UUID(str(row["film_id"])): row["common_users"] / row["users"] for row in rows}

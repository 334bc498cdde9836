"""Tallies of what people think of a film: sums in its row, which change by deltas.

Each change of a vote, a score or a review adds the difference to the film's row in the same
transaction, under the row's lock. `counters` rises with it, so that the ETag changes; the film's
version, its index document and the outbox stay as they are.
"""

from typing import NamedTuple, Self
from uuid import UUID

from tortoise.expressions import F

from service.films.models import Film


class Tallies(NamedTuple):
    """The sums of one film, or a difference of them; the fields are columns of the film.

    `score_…` are of ratings, `review_score_…` of reviews.
    """

    votes_up: int = 0
    votes_down: int = 0
    score_count: int = 0
    score_sum: int = 0
    review_count: int = 0
    review_score_count: int = 0
    review_score_sum: int = 0

    @classmethod
    def of(cls, film: Film) -> Self:
        """Return the sums that the film's row holds."""
        return cls._make(getattr(film, name) for name in cls._fields)

    def plus(self, other: "Tallies") -> "Tallies":
        """Return the sum of both, field by field."""
        return Tallies._make(mine + theirs for mine, theirs in zip(self, other, strict=True))

    def minus(self, other: "Tallies") -> "Tallies":
        """Return what has to be added to `other` to get these."""
        return Tallies._make(mine - theirs for mine, theirs in zip(self, other, strict=True))


async def add_to_tallies(film_id: UUID, delta: Tallies) -> None:
    """Add `delta` to the film's sums and raise its `counters`; without a difference, do nothing."""
    if not any(delta):
        return
    columns = {name: F(name) + value for name, value in delta._asdict().items() if value}
    await Film.filter(id=film_id).update(**columns, counters=F("counters") + 1)

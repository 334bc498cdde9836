"""Votes and scores: one rating of each user for each film, counted in the film's tallies.

Every change locks its user, then the rating, and last the film, whose lock is held only until the
commit. So many users who vote for one film hardly wait for each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.models import User
from service.community.film_references import delete_older_of_both, move_references
from service.community.own_rows import find_own_row, lock_owner, require_room
from service.community.ratings.models import Rating
from service.community.ratings.schemas import Opinion, RatingPatch
from service.database.transactions import run_uncancelled
from service.errors import Conflict, FieldError, Invalid
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.tallies import Tallies, add_to_tallies

MAX_RATINGS = 50_000  # of one user; three films a day for forty years
MAX_CLOCK_SKEW = timedelta(minutes=5)  # by which a client's clock may be ahead


@dataclass(frozen=True, slots=True)
class SavedRating:
    """A rating, and whether it is new."""

    rating: Rating
    is_new: bool


class Ratings:
    """The ratings of all users."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now

    def find_ratings(self, user_id: UUID) -> QuerySet[Rating]:
        """Return the ratings of a user."""
        return Rating.filter(user_id=user_id)

    async def get(self, user_id: UUID, rating_id: str) -> Rating:
        """Return a rating.

        Raises:
            NotFound: `rating_not_found`, also for a rating of somebody else.
        """
        return await find_own_row(
            self.find_ratings(user_id), rating_id, "rating_not_found", "rating"
        )

    async def add(self, user_id: UUID, movie: str, opinion: Opinion) -> Rating:
        """Rate a film that the user has not rated.

        Raises:
            Conflict: `rating_exists`, or `limit_reached`.
            NotFound: `movie_not_found`.
            Invalid: the time has not come yet.
        """
        return (await self._save(user_id, movie, opinion, can_replace=False)).rating

    async def set(self, user_id: UUID, movie: str, opinion: Opinion) -> SavedRating:
        """Rate a film, or replace the rating of it. Raises what `add` raises, but for the first."""
        return await self._save(user_id, movie, opinion, can_replace=True)

    @run_uncancelled
    async def _save(
        self, user_id: UUID, movie: str, opinion: Opinion, *, can_replace: bool
    ) -> SavedRating:
        now = self._now()
        columns: dict[str, Any] = {
            "vote": opinion.vote,
            "score": opinion.score,
            "rated_at": _to_moment(opinion.rated_at, now),
        }
        async with in_transaction():
            await lock_owner(user_id)
            film = await self._catalogue.get_current(movie)
            rating = await self.find_ratings(user_id).get_or_none(film_id=film.id)
            if rating is not None:
                if not can_replace:
                    raise Conflict(
                        f"You have rated this film already: {rating.id}.", code="rating_exists"
                    )
                return SavedRating(await _change(rating, columns, now), is_new=False)
            await require_room(self.find_ratings(user_id), MAX_RATINGS, "ratings")
            rating = await Rating.create(
                user_id=user_id,
                film_id=film.id,
                title=film.title,
                year=film.year,
                created_at=now,
                updated_at=now,
                **columns,
            )
            await _count(rating, to_tallies(rating))
            return SavedRating(rating, is_new=True)

    @run_uncancelled
    async def replace(self, user_id: UUID, rating_id: str, opinion: Opinion) -> Rating:
        """Replace what a rating says. Raises what `get` raises, and Invalid."""
        now = self._now()
        columns: dict[str, Any] = {
            "vote": opinion.vote,
            "score": opinion.score,
            "rated_at": _to_moment(opinion.rated_at, now),
        }
        async with in_transaction():
            await lock_owner(user_id)
            return await _change(await self.get(user_id, rating_id), columns, now)

    @run_uncancelled
    async def update(self, user_id: UUID, rating_id: str, patch: RatingPatch) -> Rating:
        """Change a rating; a changed opinion is of now. Raises what `get` raises, and Invalid."""
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            rating = await self.get(user_id, rating_id)
            columns: dict[str, Any] = patch.model_dump(exclude_unset=True)
            values = {name: columns.get(name, getattr(rating, name)) for name in ("vote", "score")}
            if not any(values.values()):
                reason = "must keep a vote, a score or both"
                raise Invalid(f"A rating {reason}.", errors=(FieldError("/", reason),))
            is_changed = any(value != getattr(rating, name) for name, value in values.items())
            if is_changed or columns.get("rated_at"):
                columns["rated_at"] = _to_moment(columns.get("rated_at"), now)
            else:
                columns.pop("rated_at", None)
            return await _change(rating, columns, now)

    @run_uncancelled
    async def delete(self, user_id: UUID, rating_id: str) -> None:
        """Delete a rating. Raises what `get` raises."""
        async with in_transaction():
            await lock_owner(user_id)
            await _delete(await self.get(user_id, rating_id))

    @run_uncancelled
    async def remove(self, user_id: UUID, film_id: UUID) -> bool:
        """Delete the rating of a film; return whether there was one."""
        async with in_transaction():
            await lock_owner(user_id)
            rating = await self.find_ratings(user_id).get_or_none(film_id=film_id)
            if rating is not None:
                await _delete(rating)
            return rating is not None


def to_tallies(rating: Rating) -> Tallies:
    """Return what a rating adds to its film's tallies."""
    return Tallies(
        votes_up=int(rating.vote == "up"),
        votes_down=int(rating.vote == "down"),
        score_count=int(rating.score is not None),
        score_sum=rating.score or 0,
    )


async def move_ratings(merged: Film, film: Film) -> None:
    """Let the ratings of `merged` be of `film`; of two of one user, the newer stays."""
    await delete_older_of_both("ratings", "user_id", "rated_at", merged, film)
    await move_references("ratings", merged, film)


async def _change(rating: Rating, columns: dict[str, Any], now: datetime) -> Rating:
    """Set these columns; a rating that says the same already is not written."""
    if all(getattr(rating, name) == value for name, value in columns.items()):
        return rating
    before = to_tallies(rating)
    await rating.update_from_dict({**columns, "updated_at": now}).save(
        update_fields=[*columns, "updated_at"]
    )
    await _count(rating, to_tallies(rating).minus(before))
    return rating


async def _delete(rating: Rating) -> None:
    await rating.delete()
    await _count(rating, Tallies().minus(to_tallies(rating)))


def _to_moment(rated_at: datetime | None, now: datetime) -> datetime:
    """Return the time of a rating in UTC. Raises Invalid if it has not come yet."""
    if rated_at is None:
        return now
    if rated_at > now + MAX_CLOCK_SKEW:
        reason = "must not be in the future"
        raise Invalid(f"rated_at {reason}.", errors=(FieldError("/rated_at", reason),))
    return rated_at.astimezone(UTC)


async def _count(rating: Rating, delta: Tallies) -> None:
    """Add `delta` to the film, unless its user is hidden or disabled and so does not count."""
    if await User.exists(id=rating.user_id, erase_at=None, disabled_at=None):
        await add_to_tallies(rating.film_id, delta)

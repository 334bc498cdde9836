"""The films that a user has seen, and when: any number of entries for each film."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from service.community.film_references import move_references
from service.community.history.models import HistoryEntry
from service.community.own_rows import find_own_row, lock_owner, require_room
from service.database.transactions import run_uncancelled
from service.errors import FieldError, Invalid
from service.films.catalogue import Catalogue
from service.films.models import Film

MAX_ENTRIES = 50_000  # of one user; three films a day for forty years
LATEST_TIME = datetime(9999, 1, 1, tzinfo=UTC)  # a later one may not be a time in UTC
MAX_AHEAD = timedelta(days=1)  # of the clock: a day begins earlier elsewhere


class History:
    """The histories of all users."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now

    def find_entries(self, user_id: UUID, film_id: UUID | None = None) -> QuerySet[HistoryEntry]:
        """Return the entries of a user, or those of one film."""
        entries = HistoryEntry.filter(user_id=user_id)
        return entries if film_id is None else entries.filter(film_id=film_id)

    @run_uncancelled
    async def add(
        self,
        user_id: UUID,
        movie: str,
        watched_at: date | datetime | None = None,
        rewatch: bool | None = None,
        *,
        entry_id: UUID | None = None,
    ) -> HistoryEntry:
        """Add an entry.

        Args:
            entry_id: that of the entry, if a repeated request may have made it already.

        Raises:
            NotFound: `movie_not_found`.
            Invalid: the time has not come yet.
            Conflict: `limit_reached`.
        """
        now = self._now()
        moment = _to_moment(now if watched_at is None else watched_at)
        if moment > now + MAX_AHEAD:
            reason = "must not be in the future"
            raise Invalid(f"watched_at {reason}.", errors=(FieldError("/watched_at", reason),))
        async with in_transaction():
            await lock_owner(user_id)
            if entry_id is not None:
                entry = await self.find_entries(user_id).get_or_none(id=entry_id)
                if entry is not None:
                    return entry
            film = await self._catalogue.get_current(movie)
            await require_room(self.find_entries(user_id), MAX_ENTRIES, "entries of a history")
            if rewatch is None:
                rewatch = await self.find_entries(user_id, film.id).exists()
            return await HistoryEntry.create(
                id=entry_id or uuid7(),
                user_id=user_id,
                film_id=film.id,
                title=film.title,
                year=film.year,
                watched_at=moment,
                is_day=watched_at is not None and not isinstance(watched_at, datetime),
                is_rewatch=rewatch,
                created_at=now,
            )

    async def delete_entry(self, user_id: UUID, entry_id: str) -> None:
        """Delete one entry.

        Raises:
            NotFound: `history_entry_not_found`, also for an entry of somebody else.
        """
        entry = await find_own_row(
            self.find_entries(user_id), entry_id, "history_entry_not_found", "entry"
        )
        await entry.delete()

    async def delete_film(self, user_id: UUID, film_id: UUID) -> int:
        """Delete all entries of a film; return their number."""
        return await self.find_entries(user_id, film_id).delete()


async def move_history(merged: Film, film: Film) -> None:
    """Let the entries of `merged` be entries of `film`, into which it is merged."""
    await move_references("history_entries", merged, film)


def _to_moment(value: date | datetime) -> datetime:
    """Return a time in UTC, or the beginning of a day."""
    if isinstance(value, datetime):
        return min(value, LATEST_TIME).astimezone(UTC)
    return datetime.combine(value, time(), UTC)

"""The films that a user wants to see: each once, in the order of the user's choice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.clock import epoch_ms
from service.community.film_references import delete_older_of_both, move_references
from service.community.own_rows import lock_owner, require_room
from service.community.watchlist.models import WatchlistEntry
from service.community.watchlist.schemas import WatchlistSort
from service.database.transactions import run_uncancelled
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.search.criteria.sorting import SortKey, sort_column, sort_numbers
from service.text.analysis import full_title_key

MAX_ENTRIES = 5_000  # of one user; they are sorted in memory


@dataclass(frozen=True, slots=True)
class AddedEntry:
    """An entry, and whether it is new."""

    entry: WatchlistEntry
    is_new: bool


@dataclass(frozen=True, slots=True)
class SortedEntry:
    """An entry and its position in the order asked for."""

    sort_key: SortKey
    entry: WatchlistEntry


class Watchlists:
    """The watchlists of all users."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now

    def find_entries(self, user_id: UUID) -> QuerySet[WatchlistEntry]:
        """Return the entries of a user."""
        return WatchlistEntry.filter(user_id=user_id)

    @run_uncancelled
    async def add(self, user_id: UUID, film_id: UUID) -> AddedEntry:
        """Add a film; one that is there already stays as it is.

        Raises:
            NotFound: `movie_not_found`.
            Moved: the film was merged into another one.
            Conflict: `limit_reached`.
        """
        async with in_transaction():
            await lock_owner(user_id)
            film = await self._catalogue.get(str(film_id))
            entries = self.find_entries(user_id)
            entry = await entries.get_or_none(film_id=film.id)
            if entry is not None:
                return AddedEntry(entry, is_new=False)
            await require_room(entries, MAX_ENTRIES, "films of a watchlist")
            entry = await WatchlistEntry.create(
                user_id=user_id,
                film_id=film.id,
                title=film.title,
                year=film.year,
                added_at=self._now(),
            )
            return AddedEntry(entry, is_new=True)

    async def remove(self, user_id: UUID, film_id: UUID) -> bool:
        """Remove a film; return whether it was there."""
        return bool(await self.find_entries(user_id).filter(film_id=film_id).delete())

    async def sort_entries(
        self, user_id: UUID, sort: WatchlistSort, film_id: UUID | None = None
    ) -> list[SortedEntry]:
        """Return the entries of a user, or only that of a film, in this order."""
        wanted = {} if film_id is None else {"film_id": film_id}
        entries = await self.find_entries(user_id).filter(**wanted)
        films = {} if sort.endswith("added") else await _read_sort_columns(entries)
        ranked = [SortedEntry(_to_sort_key(entry, sort, films), entry) for entry in entries]
        return sorted(ranked, key=lambda ranked_entry: ranked_entry.sort_key)


async def move_watchlists(merged: Film, film: Film) -> None:
    """Let the entries of `merged` be entries of `film`; of two of one user, the newer stays."""
    await delete_older_of_both("watchlist_entries", "user_id", "added_at", merged, film)
    await move_references("watchlist_entries", merged, film)


@dataclass(frozen=True, slots=True)
class _SortColumns:
    year: int | None
    rating: float | None
    popularity: float | None
    votes: int
    title: str


async def _read_sort_columns(entries: list[WatchlistEntry]) -> dict[UUID, _SortColumns]:
    """Return what films are sorted by, by id."""
    films = Film.filter(id__in=[entry.film_id for entry in entries])
    rows = await films.values_list(
        "id", "year", "imdb_rating", "popularity", "imdb_votes", "whole_title"
    )
    return {
        film_id: _SortColumns(year, rating, popularity, votes or 0, title)
        for film_id, year, rating, popularity, votes, title in rows
    }


def _to_sort_key(
    entry: WatchlistEntry, sort: WatchlistSort, films: dict[UUID, _SortColumns]
) -> SortKey:
    """Return the position of an entry; of a deleted film, only title and year are known."""
    row_id = str(entry.film_id)
    if sort == "added" or sort == "-added":  # noqa: PLR1714  # mypy narrows only this
        added_ms = epoch_ms(entry.added_at)
        return (added_ms if sort == "added" else -added_ms, row_id)
    film = films.get(entry.film_id) or _SortColumns(
        entry.year, None, None, 0, full_title_key(entry.title)
    )
    column = sort_column(sort, has_words=True)
    if column is None or column == "title":
        return (film.title, -film.votes, row_id)
    numbers = sort_numbers(
        year=film.year, rating=film.rating, popularity=film.popularity, votes=film.votes
    )
    return (numbers[column], row_id)

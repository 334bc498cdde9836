"""Merge one film into another: two rows that are one film become one.

The film that stays keeps its facts. What is unknown of it comes from the other film, which
disappears: its title becomes an alias, and its addresses lead to the film that stays for good.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.audit.log import record
from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import FieldError, Invalid, NotFound
from service.films.catalogue import Catalogue
from service.films.film_writes import (
    film_subject,
    merge_columns,
    move_episodes,
    save_films,
)
from service.films.insert_locks import InsertLocks
from service.films.models import Film
from service.films.redirects import redirect_film
from service.films.row_locks import lock_film
from service.films.schemas import MAX_NAMES, FilmFacts
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.text.titles import exact_title_key

FACT_COLUMNS = tuple(FilmFacts(title="?").to_columns(complete=True))
"""The columns that sources state."""

KEPT_COLUMNS = frozenset({"title", "type", "aliases", "poster_source"})
"""The fact columns that are never unknown, or that follow rules of their own."""

POSTER_COLUMNS = tuple(name for name in Film._meta.fields_map if name.startswith("poster_"))

SOURCE_RANKS = {"sample": 0, "user": 1, "omdb": 2}
"""Which source a film is of that has facts of two; OMDb's licence asks for its attribution."""


RowMover = Callable[[Film, Film], Awaitable[None]]
"""Moves rows from a film, given first, to the one into which it is merged."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The film that stays, with the facts of both, and the one that is gone as it was last."""

    film: Film
    merged: Film


class FilmMerger:
    """Merges films.

    Args:
        movers: let what people did with the film that disappears count for the one that stays; each
            is called in the transaction, before the film is deleted.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        notifier: OutboxNotifier,
        now: Callable[[], datetime],
        movers: Sequence[RowMover] = (),
    ) -> None:
        self._catalogue = catalogue
        self._movers = movers
        self._notifier = notifier
        self._now = now
        self._insert_locks = InsertLocks()

    async def merge(
        self, movie: str, into: str, check: Callable[[Film, Film], None] | None = None
    ) -> Merge:
        """Merge the film `movie` into the film `into`.

        Args:
            movie: the id or IMDb id of the film that disappears.
            into: the id or IMDb id of the film that stays; one that was merged itself stands for
                the film that it was merged into.
            check: called with both films under their locks; what it raises prevents the merge.

        Raises:
            NotFound: there is no film `movie`.
            Moved: `movie` was merged into another film already.
            Invalid: there is no film `into`, or both are the same film.
        """
        merge = await self._merge(movie, into, check)
        await self._notifier.notify()
        return merge

    @run_uncancelled
    async def _merge(
        self, movie: str, into: str, check: Callable[[Film, Film], None] | None
    ) -> Merge:
        now = self._now()
        async with self._insert_locks.acquire([]):  # no other merge, and no film is added
            merged, film = await self._lock_films(movie, into)
            if check is not None:
                check(merged, film)
            for move_rows in self._movers:
                await move_rows(merged, film)
            await merged.delete()  # frees its IMDb id
            fill_unknown_facts(film, merged, now)
            film.version += 1
            merged.version += 1
            await save_films([], [film], now)
            await store.append_pointers([(merged.id, merged.version, "withdrawn")], epoch_ms(now))
            await redirect_film(merged, film, now)
            await move_episodes(merged.imdb_id, film.imdb_id, now)
            await record("film_merged", film_subject(merged), into=str(film.id))
        return Merge(film, merged)

    async def _lock_films(self, movie: str, into: str) -> tuple[Film, Film]:
        """Return both films under their row locks, taken in the order of ids."""
        merged_id = (await self._catalogue.get(movie)).id
        try:
            film_id = (await self._catalogue.get_current(into)).id
        except NotFound:
            raise _invalid_target("is no film of the catalogue") from None
        if merged_id == film_id:
            raise _invalid_target("is the film itself, or one that was merged into it")
        films: dict[UUID, Film] = {}
        for locked_id in sorted((merged_id, film_id)):
            films[locked_id] = await lock_film(locked_id)
        return films[merged_id], films[film_id]


def fill_unknown_facts(film: Film, merged: Film, now: datetime) -> None:
    """Give `film` the facts that are known of `merged` alone, and both films' titles."""
    columns: dict[str, Any] = {
        name: getattr(merged, name)
        for name in FACT_COLUMNS
        if name not in KEPT_COLUMNS and is_unknown(film, name) and not is_unknown(merged, name)
    }
    year, end_year = (columns.get(name, getattr(film, name)) for name in ("year", "end_year"))
    if year and end_year and end_year < year:
        columns.pop("end_year", None)
        columns.pop("year", None)
    columns["aliases"] = join_titles(film, merged)
    merge_columns(film, columns, now)
    film.updated_at = now
    if lacks_poster(film, merged):
        for name in POSTER_COLUMNS:
            setattr(film, name, getattr(merged, name))
    if SOURCE_RANKS[merged.source] > SOURCE_RANKS[film.source]:
        for name in ("source", "fetched_at", "refresh_after"):
            setattr(film, name, getattr(merged, name))


def is_unknown(film: Film, column: str) -> bool:
    """Return whether nothing is known of this fact of the film."""
    return getattr(film, column) in (None, [])


def join_titles(film: Film, merged: Film) -> list[str]:
    """Return the aliases of both films and the title of `merged`, without the film's own title."""
    title_key = exact_title_key(film.title)
    titles = (merged.title, *merged.aliases)
    other_titles = (title for title in titles if exact_title_key(title) != title_key)
    return list(dict.fromkeys((*film.aliases, *other_titles)))[:MAX_NAMES]


def lacks_poster(film: Film, merged: Film) -> bool:
    """Return whether `merged` has a poster for a film that has none."""
    if film.poster_source is None:
        return merged.poster_source is not None
    is_bad = film.poster_status in ("missing", "rejected")
    return is_bad and merged.poster_status == "stored"


def _invalid_target(reason: str) -> Invalid:
    return Invalid(f"into {reason}.", errors=(FieldError("/into", reason),))

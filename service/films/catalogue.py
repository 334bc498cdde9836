"""All changes of films: each one writes the film and its outbox row in one transaction."""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from service.audit.log import record
from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, Moved, NotFound
from service.films.deduplication import DuplicateFinder
from service.films.film_upsert import FilmUpsert, save_freshness
from service.films.film_writes import (
    Outcome,
    check_year_order,
    claim_sample,
    create_film,
    film_subject,
    merge_columns,
    move_episodes,
    save_films,
)
from service.films.genres import add_genres, check_genres
from service.films.insert_locks import InsertLocks, lock_out_merges
from service.films.models import Film
from service.films.redirects import claim_imdb_id, delete_redirects, raise_if_moved
from service.films.row_locks import lock_film
from service.films.schemas import MAX_TITLE_KEY_LENGTH, FilmFacts, FilmPatch, Provenance
from service.films.versions import FilmVersion
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.text.analysis import full_title_key, tokenize
from service.text.imdb_ids import parse_imdb_id
from service.text.titles import exact_title_key
from service.text.uuids import parse_uuid


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The films of an upsert, and what the facts did to each, in the order of the facts.

    `described` holds the ids, as integers, of these films and of those that hold the same facts.
    """

    films: tuple[Film, ...]
    outcomes: tuple[Outcome, ...]
    described: frozenset[int]

    @property
    def added(self) -> int:
        return self.outcomes.count("added")

    @property
    def changed(self) -> int:
        return self.outcomes.count("changed")


class Catalogue:
    """The films in the database."""

    def __init__(self, notifier: OutboxNotifier, now: Callable[[], datetime]) -> None:
        self._notifier = notifier
        self._now = now
        self._insert_locks = InsertLocks()

    async def get(self, movie: str) -> Film:
        """Return the film with this id or IMDb id.

        Raises:
            Moved: it was merged into another one.
            NotFound: there is none.
        """
        film = None
        if (imdb_id := parse_imdb_id(movie)) is not None:
            film = await Film.get_or_none(imdb_id=imdb_id)
        elif (film_id := parse_uuid(movie)) is not None:
            film = await Film.get_or_none(id=film_id)
        if film is None:
            await raise_if_moved(movie)
            raise NotFound("The catalogue has no such film.", code="movie_not_found")
        return film

    async def get_current(self, movie: str) -> Film:
        """Return the film with this id or IMDb id, or the one into which that was merged.

        Raises:
            NotFound: there is none.
        """
        try:
            return await self.get(movie)
        except Moved as moved:
            return await self.get(moved.film_id)

    async def get_by_title(
        self, title: str, year: int | None = None, type: str | None = None
    ) -> Film:
        """Return the film of this full title: the one that is spelt so, else the best known.

        Signs count, so `Help!` is not `The Help`; then accents do not, then only words.

        Raises:
            NotFound: there is none.
        """
        title_key = full_title_key(title)
        if len(title_key) > MAX_TITLE_KEY_LENGTH:  # no stored title is as long
            raise NotFound("The catalogue has no film of this title.", code="movie_not_found")
        conditions: dict[str, Any] = {"whole_title": title_key}
        if year is not None:
            conditions["year"] = year
        if type is not None:
            conditions["type"] = type
        films = await Film.filter(**conditions)
        if not films:
            raise NotFound("The catalogue has no film of this title.", code="movie_not_found")
        spelling, exact_key, words = _fold_case(title), exact_title_key(title), tokenize(title)
        return max(
            films,
            key=lambda film: (
                _fold_case(film.title) == spelling,
                exact_title_key(film.title) == exact_key,
                tokenize(film.title) == words,
                film.imdb_votes or 0,
                str(film.id),
            ),
        )

    async def upsert(self, facts: FilmFacts, provenance: Provenance) -> Film:
        """Add or update one film from a source's facts; return the stored film."""
        return (await self.upsert_all([facts], provenance)).films[0]

    async def upsert_all(
        self,
        all_facts: Sequence[FilmFacts],
        provenance: Provenance,
        *,
        film_ids: Sequence[UUID | None] = (),
        described: set[int] | None = None,
    ) -> UpsertResult:
        """Add or update many films. A film that its facts do not change is not written.

        Args:
            all_facts: what a source states.
            provenance: which source that is.
            film_ids: the ids that facts come with, in the same order.
            described: the films that earlier lines of a file described, as integers; this call
                adds its own. A later line only fills in what is unknown, so that importing the
                same file again changes nothing.
        """
        ids = film_ids or [None] * len(all_facts)
        result = await self._upsert(list(zip(all_facts, ids, strict=True)), provenance, described)
        if described is not None:
            described.update(result.described)
        if result.added or result.changed:
            await self._notifier.notify()
        return result

    @run_uncancelled
    async def _upsert(
        self,
        descriptions: Sequence[tuple[FilmFacts, UUID | None]],
        provenance: Provenance,
        described: Collection[int] | None,
    ) -> UpsertResult:
        now = self._now()
        all_facts = [facts for facts, _ in descriptions]
        async with self._insert_locks.acquire(all_facts):
            duplicates = await DuplicateFinder.load(all_facts, [id for _, id in descriptions])
            upsert = FilmUpsert(duplicates, provenance, now, described)
            for facts, film_id in descriptions:
                upsert.apply(facts, film_id)
            for film in upsert.changed.values():
                film.version += 1
            await add_genres(upsert.films)
            await save_films(list(upsert.new.values()), list(upsert.changed.values()), now)
            if provenance.fetched_at:
                await save_freshness(upsert.unchanged)
        return UpsertResult(
            tuple(upsert.films), tuple(upsert.outcomes), frozenset(upsert.described)
        )

    async def add(self, facts: FilmFacts) -> Film:
        """Add a film on behalf of a user.

        Raises:
            Conflict: `movie_exists`; see `deduplication`.
            Invalid: `genre_not_found`.
        """
        film = await self._add(facts)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _add(self, facts: FilmFacts) -> Film:
        now = self._now()
        async with self._insert_locks.acquire([facts]):
            await check_genres(facts.genres)
            finder = await DuplicateFinder.load([facts])
            facts, film_id = finder.follow_redirects(facts, None)
            if duplicates := finder.find_all(facts, film_id):
                raise Conflict(
                    f"The catalogue has this film already: {duplicates[0].id}.", code="movie_exists"
                )
            film = create_film(facts, Provenance(source="user"), now)
            await save_films([film], [], now)
            await record("film_added", film_subject(film))
        return film

    async def replace(
        self, movie: str, versions: Collection[FilmVersion] | None, facts: FilmFacts
    ) -> Film:
        """Replace all facts of a film. Raises what `update` raises."""
        return await self._change(movie, versions, facts.to_columns(complete=True))

    async def update(
        self, movie: str, versions: Collection[FilmVersion] | None, patch: FilmPatch
    ) -> Film:
        """Change some facts of a film if it is one of these versions; None means any version.

        Raises:
            NotFound: there is no such film.
            Moved: it was merged into another one.
            VersionMismatch: the film has another version.
            Conflict: another film has that IMDb id.
            Invalid: `genre_not_found`, or the years are out of order.
        """
        return await self._change(movie, versions, patch.to_columns())

    async def _change(
        self, movie: str, versions: Collection[FilmVersion] | None, columns: dict[str, Any]
    ) -> Film:
        film_id = (await self.get(movie)).id
        film = await self._update_film(film_id, versions, columns)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _update_film(
        self, film_id: UUID, versions: Collection[FilmVersion] | None, columns: dict[str, Any]
    ) -> Film:
        now = self._now()
        try:
            async with in_transaction():
                if columns.get("imdb_id") is not None:
                    await lock_out_merges()
                film = await lock_film(film_id, versions)
                await check_genres(columns.get("genres", ()))
                await claim_imdb_id(columns.get("imdb_id"), film)
                await move_episodes(film.imdb_id, columns.get("imdb_id"), now)
                if changes := merge_columns(film, columns, now):
                    check_year_order(film)
                    claim_sample(film)
                    film.version += 1
                    await save_films([], [film], now)
                    await record(
                        "film_changed", film_subject(film), fields=changes, version=film.version
                    )
        except IntegrityError:
            raise Conflict("Another film has that IMDb id.", code="movie_exists") from None
        return film

    async def delete(self, movie: str, versions: Collection[FilmVersion] | None) -> Film:
        """Delete a film if it is one of these versions. Raises what `update` raises.

        Returns:
            The film as it was, with the version that its deletion took.
        """
        film_id = (await self.get(movie)).id
        film = await self._delete_film(film_id, versions)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _delete_film(self, film_id: UUID, versions: Collection[FilmVersion] | None) -> Film:
        async with in_transaction():
            film = await lock_film(film_id, versions)
            await film.delete()
            await delete_redirects([film_id])
            film.version += 1
            await store.append_pointers(
                [(film_id, film.version, "withdrawn")], epoch_ms(self._now())
            )
            await record("film_deleted", film_subject(film), version=film.version)
        return film

    async def remove_samples(self) -> int:
        """Delete the films whose source is still `sample`; return their number."""
        removed = 0
        while count := await self._remove_samples():
            removed += count
        if removed:
            await self._notifier.notify()
        return removed

    @run_uncancelled
    async def _remove_samples(self) -> int:
        ids = await Film.filter(source="sample").limit(500).values_list("id", flat=True)
        async with in_transaction():
            samples = Film.filter(id__in=list(ids), source="sample")
            await samples.update(counters=F("counters"))  # locks the rows before they are read
            versions = await samples.values_list("id", "version")
            await samples.delete()
            await delete_redirects([id for id, _ in versions])
            await store.append_pointers(
                [(id, version + 1, "withdrawn") for id, version in versions],
                epoch_ms(self._now()),
            )
            if versions:
                await record("samples_removed", films=len(versions))
        return len(ids)


def _fold_case(title: str) -> str:
    return " ".join(unicodedata.normalize("NFC", title).casefold().split())

"""Every change of a film goes through here: row and outbox row in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, FieldError, Invalid, NotFound, VersionMismatch
from service.films.deduplication import DuplicateFinder
from service.films.insert_locks import InsertLocks
from service.films.models import Film, Genre
from service.films.schemas import FilmFacts, FilmPatch, Provenance
from service.films.search_text import build_search_texts
from service.outbox import store
from service.outbox.notifications import OutboxNotifier
from service.text.analysis import full_title_key as whole_title
from service.text.imdb_ids import is_imdb_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NEW = Film(title="", whole_title="", created_at=EPOCH, updated_at=EPOCH)
"""What every new film is a copy of: working out each column's default again takes the longest of
all. Its lists are shared, which is safe because `_merge` puts new ones in their place.
"""

SEARCH_TEXT_COLUMNS = (
    "title",
    "aliases",
    "directors",
    "writers",
    "genres",
    "languages",
    "countries",
)
UPDATED_COLUMNS = tuple(name for name in Film._meta.fields_map if name not in ("id", "created_at"))


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of told facts: the films, in their order, and how many were new or changed."""

    films: tuple[Film, ...]
    added: int
    changed: int


class Catalogue:
    """The films that are kept here."""

    def __init__(self, notifier: OutboxNotifier, now: Callable[[], datetime]) -> None:
        self._notifier = notifier
        self._now = now
        self._turns = InsertLocks()

    async def get(self, movie: str) -> Film:
        """The film with this id of ours, or this IMDb id.

        Raises:
            NotFound: there is none.
        """
        found = None
        if is_imdb_id(movie):
            found = await Film.get_or_none(imdb_id=movie)
        elif (film_id := parse_uuid(movie)) is not None:
            found = await Film.get_or_none(id=film_id)
        if found is None:
            raise NotFound("There is no such film here.", code="movie_not_found")
        return found

    async def get_by_title(
        self, title: str, year: int | None = None, type: str | None = None
    ) -> Film:
        """The film of exactly this whole title with most votes.

        Raises:
            NotFound: there is none.
        """
        wanted: dict[str, Any] = {"whole_title": whole_title(title)}
        if year is not None:
            wanted["year"] = year
        if type is not None:
            wanted["type"] = type
        found = await Film.filter(**wanted)
        if not found:
            raise NotFound("There is no film of this title here.", code="movie_not_found")
        return max(found, key=lambda film: (film.imdb_votes or 0, str(film.id)))

    async def upsert(self, facts: FilmFacts, provenance: Provenance) -> Film:
        """Merge what a source says into the catalogue; returns the stored film."""
        return (await self.upsert_all([facts], provenance)).films[0]

    async def upsert_all(self, told: Sequence[FilmFacts], provenance: Provenance) -> UpsertResult:
        """Merge many; what changes nothing writes nothing."""
        absorbed = await self._upsert(told, provenance)
        if absorbed.added or absorbed.changed:
            await self._notifier.notify()
        return absorbed

    @run_uncancelled
    async def _upsert(self, told: Sequence[FilmFacts], provenance: Provenance) -> UpsertResult:
        now = self._now()
        async with self._turns.acquire(told):
            known = await DuplicateFinder.load(told)
            films: list[Film] = []
            new: dict[UUID, Film] = {}
            changed: dict[UUID, Film] = {}
            for facts in told:
                film = known.find(facts)
                if film is None:
                    film = _made(facts, provenance, now)
                    new[film.id] = film
                    known.add(film)
                elif _merge(film, facts.to_columns(), now) and film.id not in new:
                    changed[film.id] = film
                    known.add(film)
                if provenance.fetched_at:
                    film.source = provenance.source
                    film.fetched_at = provenance.fetched_at
                    film.refresh_after = provenance.refresh_after
                films.append(film)
            for film in changed.values():
                film.version += 1
            await _remember_genres(films)
            await _store(list(new.values()), list(changed.values()), now)
            if provenance.fetched_at:
                await _refetched([f for f in films if f.id not in new and f.id not in changed])
        return UpsertResult(tuple(films), len(new), len(changed))

    async def add(self, facts: FilmFacts) -> Film:
        """Add a film by hand.

        Raises:
            Conflict: `movie_exists`, by the rule of what is one film.
            Invalid: `genre_not_found`.
        """
        film = await self._add(facts)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _add(self, facts: FilmFacts) -> Film:
        now = self._now()
        async with self._turns.acquire([facts]):
            await _refuse_unknown_genres(facts.genres)
            twin = (await DuplicateFinder.load([facts])).find(facts)
            if twin is not None:
                raise Conflict(f"This film is here already: {twin.id}.", code="movie_exists")
            film = _made(facts, Provenance(source="user"), now)
            await _store([film], [], now)
        return film

    async def replace(self, movie: str, version: int | None, facts: FilmFacts) -> Film:
        """Put `facts` in place of all that was known; errors as `amend`."""
        return await self._change(movie, version, facts.to_columns(complete=True))

    async def update(self, movie: str, version: int | None, patch: FilmPatch) -> Film:
        """Change some facts of a film that the caller has seen in `version`.

        Raises:
            NotFound: there is no such film.
            VersionMismatch: somebody changed it since; never when `version` is None.
            Conflict: another film has that IMDb id.
            Invalid: `genre_not_found`, or years out of order.
        """
        return await self._change(movie, version, patch.to_columns())

    async def _change(self, movie: str, version: int | None, columns: dict[str, Any]) -> Film:
        film_id = (await self.get(movie)).id
        film = await self._update_film(film_id, version, columns)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _update_film(
        self, film_id: UUID, version: int | None, columns: dict[str, Any]
    ) -> Film:
        now = self._now()
        try:
            async with in_transaction():
                film = await _locked(film_id, version)
                await _refuse_unknown_genres(columns.get("genres", ()))
                if _merge(film, columns, now):
                    if film.year and film.end_year and film.end_year < film.year:
                        reason = "must not lie before year"
                        raise Invalid(
                            f"end_year {reason}.", errors=(FieldError("/end_year", reason),)
                        )
                    film.version += 1
                    await _store([], [film], now)
        except IntegrityError:
            raise Conflict("Another film has that IMDb id.", code="movie_exists") from None
        return film

    async def delete(self, movie: str, version: int | None) -> Film:
        """Delete a film that the caller has seen in `version`; errors as `amend`.

        Returns:
            The film as it was, under the version that its deletion took.
        """
        film_id = (await self.get(movie)).id
        film = await self._delete_film(film_id, version)
        await self._notifier.notify()
        return film

    @run_uncancelled
    async def _delete_film(self, film_id: UUID, version: int | None) -> Film:
        async with in_transaction():
            film = await _locked(film_id, version)
            await film.delete()
            film.version += 1
            await store.append_pointers(
                [(film_id, film.version, "withdrawn")], epoch_ms(self._now())
            )
        return film


def parse_uuid(text: str) -> UUID | None:
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


async def _locked(film_id: UUID, version: int | None) -> Film:
    """The film under its row's lock; writing first is what makes SQLite wait its turn."""
    held = await Film.filter(id=film_id).update(counters=F("counters"))
    film = await Film.get_or_none(id=film_id) if held else None
    if film is None:
        raise NotFound("There is no such film here.", code="movie_not_found")
    if version is not None and film.version != version:
        raise VersionMismatch(f"The film has changed since; it is at version {film.version}.")
    return film


def _made(facts: FilmFacts, provenance: Provenance, now: datetime) -> Film:
    film = _NEW.clone(pk=uuid7())
    film.source = provenance.source
    film.fetched_at = provenance.fetched_at
    film.refresh_after = provenance.refresh_after
    film.created_at = now
    _merge(film, facts.to_columns(), now)
    return film


def _merge(film: Film, columns: dict[str, Any], now: datetime) -> bool:
    """Put told facts on the row; says whether anything is different now."""
    different = {k: v for k, v in columns.items() if getattr(film, k) != v}
    if not different:
        return False
    for name, value in different.items():
        setattr(film, name, value)
    if "title" in different:
        film.whole_title = whole_title(film.title)
    if not different.keys().isdisjoint(SEARCH_TEXT_COLUMNS):
        for column, text in build_search_texts(
            **{name: getattr(film, name) for name in SEARCH_TEXT_COLUMNS}
        ).items():
            setattr(film, column, text)
    if "poster_source" in different:
        _ask_for_poster(film, now)
    film.updated_at = now
    return True


def _ask_for_poster(film: Film, now: datetime) -> None:
    film.poster_attempts = 0
    film.poster_reason = None
    film.poster_status = "pending" if film.poster_source else "missing"
    film.poster_due_at = epoch_ms(now) if film.poster_source else None


async def _store(new: list[Film], changed: list[Film], now: datetime) -> None:
    if new:
        await Film.bulk_create(new, batch_size=500)
    if changed:
        await Film.bulk_create(
            changed, batch_size=500, on_conflict=["id"], update_fields=list(UPDATED_COLUMNS)
        )
    await store.append_pointers(
        [(film.id, film.version, "film") for film in (*new, *changed)], epoch_ms(now)
    )


async def _refetched(films: list[Film]) -> None:
    """Seen again, unchanged: only the freshness moves, which the index does not hold."""
    for film in films:
        film.counters += 1
        await film.save(update_fields=["source", "fetched_at", "refresh_after", "counters"])


async def _remember_genres(films: Sequence[Film]) -> None:
    names = {name for film in films for name in film.genres}
    await Genre.bulk_create([Genre(name=name) for name in sorted(names)], ignore_conflicts=True)


async def _refuse_unknown_genres(genres: Sequence[str]) -> None:
    if not genres:
        return
    known = {genre.name for genre in await Genre.filter(name__in=list(genres))}
    unknown = [name for name in genres if name not in known]
    if unknown:
        faults = tuple(FieldError("/genres", f"{name!r} is not a known genre") for name in unknown)
        raise Invalid("A genre is not known.", code="genre_not_found", errors=faults)

"""Explain why one film is found or not, for an operator who follows up a user's complaint."""

from dataclasses import dataclass

from service.errors import DomainError, Invalid, NotFound
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.indexing.drift import OUTDATED_MESSAGE
from service.indexing.outbox_admin import OutboxAdmin, PointerView
from service.search.criteria.filters import DEFAULT_FILTERS, UNLISTED_TYPES, Filters
from service.search.engines.base import Engine, IndexEntry, Inventory
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan
from service.text.uuids import parse_uuid

MAX_RANK = 100  # a search by title must find the film among this many hits


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Sentences on one film; its id, and its rank in a search for its title, where it has them."""

    lines: list[str]
    film_id: str | None = None
    rank: int | None = None


class IndexDiagnosis:
    """Follows one film from the database through the outbox and the index to the search."""

    def __init__(
        self,
        catalogue: Catalogue,
        outbox_admin: OutboxAdmin,
        inventory: Inventory,
        engine: Engine,
    ) -> None:
        self._catalogue = catalogue
        self._outbox_admin = outbox_admin
        self._inventory = inventory
        self._engine = engine

    async def explain(self, movie: str) -> Diagnosis:
        """Explain the film with this id, IMDb id or full title.

        Raises:
            Unavailable: the index cannot be read.
        """
        film = await self._find_film(movie)
        name = await self._inventory.live_index()
        if name is None:
            lines = ["There is no index yet: no indexer has been started."]
            return Diagnosis(lines, str(film.id) if film else None)
        if film is None:
            return Diagnosis(await self._explain_missing_film(movie, name))
        lines = [f"The database has {film.title!r} ({film.year or 'no year'}), id {film.id}."]
        last_pointers = (await self._outbox_admin.pointers_of(film))[:1]
        lines += [_explain_pointer(pointer) for pointer in last_pointers]
        entry = await self._inventory.get_entry(name, str(film.id))
        lines.append(_explain_entry(film, entry, name))
        if not await self._inventory.is_current_schema(name):
            lines.append(f"But {OUTDATED_MESSAGE}.")
        line, rank = await self._explain_search(film)
        return Diagnosis([*lines, line], str(film.id), rank)

    async def _find_film(self, movie: str) -> Film | None:
        try:
            return await self._catalogue.get_current(movie)
        except NotFound:
            pass
        try:
            return await self._catalogue.get_by_title(movie)
        except NotFound:
            return None

    async def _explain_missing_film(self, movie: str, name: str) -> list[str]:
        lines = [f"The database has no film called {movie!r}, so no search finds it."]
        film_id = parse_uuid(movie)
        entry = await self._inventory.get_entry(name, str(film_id)) if film_id else None
        if entry is not None and entry.gone:
            lines.append(f"It was deleted in version {entry.version}; the index knows.")
        elif entry is not None:
            lines.append("The index still holds it: `movies check --repair` removes it.")
        return lines

    async def _explain_search(self, film: Film) -> tuple[str, int | None]:
        """Return a sentence on a search for the film's title, and the film's rank in it."""
        is_unlisted = film.type in UNLISTED_TYPES
        filters = Filters(types=(film.type,)) if is_unlisted else DEFAULT_FILTERS
        search = f"A search with type={film.type}" if is_unlisted else "A search"
        try:
            plan = Plan.exact(Query.parse(film.title))
            hits = await self._engine.search(plan, 0, MAX_RANK, filters=filters)
        except Invalid:
            return "Its title cannot be searched for; its id finds it.", None
        except DomainError as error:
            return f"A search for its title failed: {error.detail}", None
        film_ids = [hit.film_id for hit in hits.hits]
        if str(film.id) not in film_ids:
            line = f"{search} for its exact title does not find it among the first {MAX_RANK} hits."
            return line, None
        rank = film_ids.index(str(film.id)) + 1
        line = (
            f"{search} for its exact title finds it: hit {rank} of {hits.total}, before reranking."
        )
        return (f"{line} Without the type no search does." if is_unlisted else line), rank


def _explain_pointer(pointer: PointerView) -> str:
    if pointer.state == "done":
        return f"Its last change was indexed at {pointer.done_at:%Y-%m-%d %H:%M:%S} UTC."
    if pointer.state == "quarantined":
        return (
            f"Its last change cannot be indexed and is in quarantine: {pointer.reason} "
            f"(outbox row {pointer.id}; retry it once the cause is fixed)."
        )
    if pointer.state == "retrying":
        return (
            f"Its last change failed {pointer.attempts} times and is retried at "
            f"{pointer.due_at:%H:%M:%S} UTC: {pointer.reason}"
        )
    return "Its last change is waiting in the outbox; if it stays there, no indexer is running."


def _explain_entry(film: Film, entry: IndexEntry | None, name: str) -> str:
    if entry is None:
        return f"The index {name} does not hold it: `movies check --repair` has it indexed."
    if entry.gone:
        return f"The index {name} holds it as deleted: `movies check --repair` restores it."
    if entry.version != film.version:
        return f"The index {name} holds version {entry.version}, the database {film.version}."
    try:
        same_content = MovieDocument.from_film(film).materialize().digest() == entry.digest
    except DOCUMENT_ERRORS as error:
        return f"No document can be made of it: {error}."
    if not same_content:
        return f"The index {name} holds version {entry.version} with other content."
    return f"The index {name} holds exactly what the database does, version {entry.version}."

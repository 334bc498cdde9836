"""Why one film is found, or is not, in plain words: what an operator asks when a user complains."""

from service.errors import DomainError, Invalid, NotFound
from service.films.catalogue import Catalogue, parse_uuid
from service.films.models import Film
from service.indexing.drift import OUTDATED_MESSAGE
from service.indexing.outbox_admin import OutboxAdmin, PointerView
from service.search.engines.base import Engine, IndexEntry, Inventory
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.query.parser import Query
from service.search.query.plan import Plan

FIRST = 100  # hits among which a film is looked for by its title


class IndexDiagnosis:
    """Follows one film from the database to the search's answer."""

    def __init__(
        self, catalogue: Catalogue, pointers: OutboxAdmin, inventory: Inventory, engine: Engine
    ) -> None:
        self._catalogue = catalogue
        self._pointers = pointers
        self._inventory = inventory
        self._engine = engine

    async def explain(self, movie: str) -> list[str]:
        """Sentences on the film with this id of ours, IMDb id, or whole title.

        Raises:
            Unavailable: the index cannot be read.
        """
        film = await self._film(movie)
        name = await self._inventory.live_index()
        if name is None:
            return ["There is no index yet: no indexer has been started."]
        if film is None:
            return await self._of_none(movie, name)
        lines = [f"The database has {film.title!r} ({film.year or 'no year'}), id {film.id}."]
        lines += [_of_pointer(row) for row in (await self._pointers.pointers_of(film))[:1]]
        lines.append(_of_held(film, await self._inventory.get_entry(name, str(film.id)), name))
        if not await self._inventory.is_current_schema(name):
            lines.append(f"But {OUTDATED_MESSAGE}.")
        lines.append(await self._of_search(film))
        return lines

    async def _film(self, movie: str) -> Film | None:
        try:
            return await self._catalogue.get(movie)
        except NotFound:
            pass
        try:
            return await self._catalogue.get_by_title(movie)
        except NotFound:
            return None

    async def _of_none(self, movie: str, name: str) -> list[str]:
        lines = [f"The database has no film by the name of {movie!r}, so none is found."]
        film_id = parse_uuid(movie)
        held = await self._inventory.get_entry(name, str(film_id)) if film_id else None
        if held is not None and held.gone:
            lines.append(f"It was deleted in version {held.version}; the index knows.")
        elif held is not None:
            lines.append("The index still holds it: `movies check --repair` removes it.")
        return lines

    async def _of_search(self, film: Film) -> str:
        try:
            hits = await self._engine.search(Plan.exact(Query.parse(film.title)), 0, FIRST)
        except Invalid:
            return "Its title is nothing that one can search for; its id finds it."
        except DomainError as fault:
            return f"Its title could not be tried: {fault.detail}"
        found = [hit.film_id for hit in hits.hits]
        if str(film.id) not in found:
            return f"Its title, typed as it is, does not find it among the first {FIRST} hits."
        place = found.index(str(film.id)) + 1
        return f"Its title, typed as it is, finds it: hit {place} of {hits.total}, before ranking."


def _of_pointer(row: PointerView) -> str:
    if row.state == "done":
        return f"Its last change was indexed at {row.done_at:%Y-%m-%d %H:%M:%S} UTC."
    if row.state == "quarantined":
        return (
            f"Its last change cannot be indexed and was set aside: {row.reason} "
            f"(outbox row {row.id}; retry it once the cause is mended)."
        )
    if row.state == "retrying":
        return (
            f"Its last change failed {row.attempts} times and is tried again at "
            f"{row.due_at:%H:%M:%S} UTC: {row.reason}"
        )
    return "Its last change is on its way; if it stays so, no indexer is running."


def _of_held(film: Film, held: IndexEntry | None, name: str) -> str:
    if held is None:
        return f"The index {name} does not hold it: `movies check --repair` has it indexed."
    if held.gone:
        return f"The index {name} holds it as deleted: `movies check --repair` brings it back."
    if held.version != film.version:
        return f"The index {name} holds version {held.version}, the database {film.version}."
    try:
        same = MovieDocument.from_film(film).materialize().digest() == held.digest
    except DOCUMENT_ERRORS as fault:
        return f"No document can be made of it: {fault}."
    if not same:
        return f"The index {name} holds version {held.version} with other content."
    return f"The index {name} holds exactly what the database does, version {held.version}."

"""Database and index laid side by side, film by film, without stopping anything.

A film counts as different when the hash of its document, as it would be built now, is not the one
that the index holds. Both sides are read in pages of ids and never at the same instant, so a film
that is on its way, or arrived while its page was read, is not held against the index: the outbox
knows which these are.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from service.database.connection import is_postgres
from service.database.sql import fetch_rows, now_ms
from service.film_fields import DOCUMENT_COLUMNS
from service.outbox import store
from service.search.engines.base import IndexEntry, Inventory
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.index.index_row import IndexRow, parse_index_row

PAGE_SIZE = 500  # films and documents read at once
MIN_FILM_ID, MAX_FILM_ID = str(UUID(int=0)), str(UUID(int=2**128 - 1))

DifferenceKind = Literal["missing", "stale", "orphaned"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A film that the index does not hold, holds otherwise, or holds though it is gone."""

    film_id: str
    kind: DifferenceKind
    database_version: int | None
    index_version: int | None


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """One page: how many films of the database it had, and which differ."""

    films: int
    differences: tuple[Difference, ...]


async def compare_pages(
    inventory: Inventory,
    name: str,
    *,
    by_content: bool = True,
    since_ms: int | None = None,
    page: int | None = None,
) -> AsyncIterator[ComparedPage]:
    """Every film and every document of the index `name`, page by page.

    Args:
        by_content: compare hashes; else versions alone, for an index that another analysis made.
        since_ms: what changed since then is not expected in the index; a page's own beginning when
            left out, as is right for the live index.
        page: films and documents read at once; `PAGE_SIZE` when left out.

    Raises:
        Unavailable: the index cannot be read.
    """
    after, size = MIN_FILM_ID, page or PAGE_SIZE
    while True:
        began = await now_ms() if since_ms is None else since_ms
        films = await fetch_films_after(after, size)
        held = await inventory.list_entries(name, after, size)
        # Both pages end where the shorter one does, so that neither side is ahead of the other.
        ends = [films[-1]["id"]] if len(films) == size else []
        ends += [held[-1].film_id] if len(held) == size else []
        end = min(ends, default=MAX_FILM_ID)
        here = [film for film in films if film["id"] <= end]
        there = {one.film_id: one for one in held if one.film_id <= end}
        yield ComparedPage(len(here), await _settled(_differences(here, there, by_content), began))
        if end == MAX_FILM_ID:
            return
        after = end


async def fetch_films_after(film_id: str, limit: int) -> list[IndexRow]:
    """At most `limit` films behind this id, in the order of ids.

    Raises the database's own errors.
    """
    after = UUID(film_id) if is_postgres() else film_id
    found = await fetch_rows(
        f"SELECT {', '.join(DOCUMENT_COLUMNS)} FROM films WHERE id > $1 ORDER BY id LIMIT $2",  # noqa: S608
        after,
        limit,
    )
    for row in found:
        row["id"] = str(row["id"])
    return list(found)


async def _settled(found: list[Difference], since_ms: int) -> tuple[Difference, ...]:
    if not found:
        return ()
    moving = await store.changing_film_ids([each.film_id for each in found], since_ms)
    return tuple(each for each in found if each.film_id not in moving)


def _differences(
    films: Sequence[IndexRow], there: dict[str, IndexEntry], by_content: bool
) -> list[Difference]:
    found = []
    for film in films:
        film_id, version = film["id"], film["version"]
        held = there.pop(film_id, None)
        if held is None or held.gone:
            found.append(Difference(film_id, "missing", version, held.version if held else None))
        elif held.version != version or (by_content and not _alike(film, held)):
            found.append(Difference(film_id, "stale", version, held.version))
    found += [
        Difference(one.film_id, "orphaned", None, one.version)
        for one in there.values()
        if not one.gone
    ]
    return found


def _alike(film: IndexRow, held: IndexEntry) -> bool:
    try:
        return MovieDocument.from_film(parse_index_row(film)).digest() == held.digest
    except DOCUMENT_ERRORS:
        return False  # no document can be made of it, so the one that is there is not its own

"""Compare database and index film by film, while both are in use.

A film differs if the hash of its document, as it would be built now, is not the hash in the index.
Both sides are read in pages of ids, and never at the same instant. A film whose change is still in
the outbox, or was indexed while its page was read, therefore does not count as a difference.
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

PAGE_SIZE = 500  # films and index entries read at once
MIN_FILM_ID, MAX_FILM_ID = str(UUID(int=0)), str(UUID(int=2**128 - 1))

DifferenceKind = Literal["missing", "stale", "orphaned"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A film that is missing from the index, stale in it, or in it without being in the database.

    A version is None where that side does not have the film.
    """

    film_id: str
    kind: DifferenceKind
    database_version: int | None
    index_version: int | None


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """The number of films that the database has on one page, and the differences found there."""

    films: int
    differences: tuple[Difference, ...]


async def compare_pages(
    inventory: Inventory,
    name: str,
    *,
    by_content: bool = True,
    since_ms: int | None = None,
    page_size: int = PAGE_SIZE,
) -> AsyncIterator[ComparedPage]:
    """Compare every film with the index `name`, page by page.

    Args:
        by_content: compare hashes; if false, versions only, for an index of another analysis.
        since_ms: changes since then are not expected in the index yet. By default this is the time
            at which a page's reading began, as is right for the live index.
        page_size: films and index entries read at once.

    Raises:
        Unavailable: the index cannot be read.
    """
    after = MIN_FILM_ID
    while True:
        page_began_ms = await now_ms() if since_ms is None else since_ms
        films = await fetch_films_after(after, page_size)
        entries = await inventory.list_entries(name, after, page_size)
        # Both pages end where the shorter one does, so that neither side is ahead of the other.
        ends = [films[-1]["id"]] if len(films) == page_size else []
        ends += [entries[-1].film_id] if len(entries) == page_size else []
        end = min(ends, default=MAX_FILM_ID)
        page_films = [film for film in films if film["id"] <= end]
        page_entries = {entry.film_id: entry for entry in entries if entry.film_id <= end}
        differences = _find_differences(page_films, page_entries, by_content)
        yield ComparedPage(len(page_films), await _drop_changing(differences, page_began_ms))
        if end == MAX_FILM_ID:
            return
        after = end


async def fetch_films_after(film_id: str, limit: int) -> list[IndexRow]:
    """Return at most `limit` films with a greater id, in the order of ids.

    Raises the database's own errors.
    """
    after = UUID(film_id) if is_postgres() else film_id
    rows = await fetch_rows(
        f"SELECT {', '.join(DOCUMENT_COLUMNS)} FROM films WHERE id > $1 ORDER BY id LIMIT $2",  # noqa: S608
        after,
        limit,
    )
    for row in rows:
        row["id"] = str(row["id"])
    return list(rows)


async def _drop_changing(
    differences: Sequence[Difference], since_ms: int
) -> tuple[Difference, ...]:
    """Drop films whose change is still in the outbox, or was indexed since `since_ms`."""
    if not differences:
        return ()
    changing = await store.changing_film_ids([diff.film_id for diff in differences], since_ms)
    return tuple(diff for diff in differences if diff.film_id not in changing)


def _find_differences(
    films: Sequence[IndexRow], entries: dict[str, IndexEntry], by_content: bool
) -> list[Difference]:
    differences = []
    orphans = dict(entries)
    for film in films:
        film_id, version = film["id"], film["version"]
        entry = orphans.pop(film_id, None)
        if entry is None or entry.gone:
            index_version = entry.version if entry else None
            differences.append(Difference(film_id, "missing", version, index_version))
        elif entry.version != version or (by_content and not _has_same_content(film, entry)):
            differences.append(Difference(film_id, "stale", version, entry.version))
    differences += [
        Difference(entry.film_id, "orphaned", None, entry.version)
        for entry in orphans.values()
        if not entry.gone
    ]
    return differences


def _has_same_content(film: IndexRow, entry: IndexEntry) -> bool:
    try:
        return MovieDocument.from_film(parse_index_row(film)).digest() == entry.digest
    except DOCUMENT_ERRORS:
        return False  # no document can be made of the film, so the entry is not its own

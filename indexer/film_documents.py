"""Make the documents of films that the outbox names, as the database has them now."""

from collections.abc import Sequence
from uuid import UUID

from service.film_fields import DOCUMENT_COLUMNS
from service.films.rows import get_rows_by_id
from service.outbox import store
from service.search.engines.base import WriteError
from service.search.index.document import DOCUMENT_ERRORS, MovieDocument
from service.search.index.index_row import parse_index_row

SELECT_FILMS = f"SELECT {', '.join(DOCUMENT_COLUMNS)} FROM films"  # noqa: S608  # names of ours


async def load_documents(
    pointers: Sequence[store.Pointer],
) -> tuple[list[MovieDocument], list[WriteError]]:
    """Load the films behind `pointers` as they are now.

    Returns:
        One document per film, a tombstone for a deleted one; and an error for each film of which
        no document can be made.
    """
    versions: dict[UUID, int] = {}
    for pointer in pointers:
        versions[pointer.film_id] = max(pointer.version, versions.get(pointer.film_id, 0))
    rows = await get_rows_by_id(SELECT_FILMS, list(map(str, versions)))
    films = {str(row["id"]): row for row in rows}
    documents, errors = [], []
    for film_id, version in versions.items():
        row = films.get(str(film_id))
        try:
            if row is None:
                documents.append(MovieDocument.tombstone(str(film_id), version))
            else:
                documents.append(MovieDocument.from_film(parse_index_row(row)).materialize())
        except DOCUMENT_ERRORS as error:
            errors.append(WriteError(str(film_id), f"cannot become a document: {error}", False))
    return documents, errors

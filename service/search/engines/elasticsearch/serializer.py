"""A document in Elasticsearch's form: terms to find it by, plain fields to read.

Apart from the writer, and without the client, so that processes that only prepare documents are
small.
"""

from dataclasses import fields
from typing import Any

import orjson

from service.search.index.document import INDEXED_TERM_FIELDS, MovieDocument

READABLE = tuple(
    field.name
    for field in fields(MovieDocument)
    if field.name not in ("film_id", "version", "gone")
)


def source(document: MovieDocument) -> dict[str, Any]:
    """What Elasticsearch keeps of a document."""
    values: dict[str, Any] = {
        "id": document.film_id,
        "version": document.version,
        "gone": document.gone,
        "digest": document.digest(),
        "boost": document.boost,
        "votes": document.votes,
    }
    if document.gone:
        return values
    values |= {name: getattr(document, name) for name in READABLE}
    values["order"] = {**document.sort_numbers, "title": document.full_title_key}
    terms = {
        name: found for name in INDEXED_TERM_FIELDS if (found := getattr(document.terms, name))
    }
    values["find"] = terms | document.filter_keys
    return values


def serialize(document: MovieDocument) -> bytes:
    """The same as JSON. Raises TypeError for what JSON cannot hold."""
    return orjson.dumps(source(document))

"""A document in Elasticsearch's format: indexed terms, and the facts to read.

Separate from the writer and free of the client, so that processes that only prepare documents stay
small.
"""

from dataclasses import fields
from typing import Any

import orjson

from service.search.index.document import INDEXED_TERM_FIELDS, MovieDocument

SOURCE_FIELDS = tuple(
    field.name
    for field in fields(MovieDocument)
    if field.name not in ("film_id", "version", "gone")
)


def to_source(document: MovieDocument) -> dict[str, Any]:
    """Return the document as Elasticsearch receives it."""
    source: dict[str, Any] = {
        "id": document.film_id,
        "version": document.version,
        "gone": document.gone,
        "digest": document.digest(),
        "boost": document.boost,
        "votes": document.votes,
    }
    if document.gone:
        return source
    source |= {name: getattr(document, name) for name in SOURCE_FIELDS}
    source["order"] = {**document.sort_numbers, "title": document.full_title_key}
    terms = {
        name: values for name in INDEXED_TERM_FIELDS if (values := getattr(document.terms, name))
    }
    source["find"] = terms | document.filter_keys
    return source


def serialize(document: MovieDocument) -> bytes:
    """Return `to_source` as JSON; raise TypeError for values that JSON cannot hold."""
    return orjson.dumps(to_source(document))

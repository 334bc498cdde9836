"""A document in tantivy's format: indexed terms, columns to filter, sort and count by."""

from typing import Any
from uuid import UUID

import orjson

from service.search.criteria.sorting import title_prefix_number
from service.search.engines.tantivy.schema import FACET_FIELDS, UNCUT_TERM_FIELDS
from service.search.index.document import NGRAM_FIELDS, MovieDocument

_HALF = 1 << 63


def serialize(document: MovieDocument) -> bytes:
    """Return the document as JSON; raise TypeError for values that JSON cannot hold."""
    high, low = id_to_columns(document.film_id)
    values: dict[str, Any] = {
        "id": document.film_id,
        "digest": document.digest(),
        "id_high": high,
        "id_low": low,
        "version": document.version,
        "votes": document.votes,
        "weight": 2**document.boost - 2,  # tantivy multiplies a score by log2(2 + weight)
    }
    if document.gone:
        values["gone"] = "1"
    else:
        values |= _column_values(document)
    for name in UNCUT_TERM_FIELDS:
        if terms := getattr(document.terms, name):
            values[name] = " ".join(terms)
    for name, spec in NGRAM_FIELDS.items():
        values[name] = [t for field in spec.source_fields for t in getattr(document.terms, field)]
    return orjson.dumps(values)


def id_to_columns(film_id: str) -> tuple[int, int]:
    """Return a film's id as two signed 64-bit integers, which sort as ids do."""
    number = int(film_id.replace("-", ""), 16)
    return (number >> 64) - _HALF, (number & (2 * _HALF - 1)) - _HALF


def columns_to_id(high: int, low: int) -> str:
    """Return the film's id from its two columns."""
    return str(UUID(int=((high + _HALF) << 64) | (low + _HALF)))


def _column_values(document: MovieDocument) -> dict[str, Any]:
    """Return what filters, sort orders and facets use, without unknown values."""
    title = document.full_title_key
    values: dict[str, Any] = {
        "is_type": document.type,
        "is_source": document.source,
        "n_year": document.year,
        "n_minutes": document.runtime_minutes,
        "n_rating": document.rating,
        "n_title": title_prefix_number(title),
        "by_title": title,
    }
    values |= {name: getattr(document, fact) for name, fact in FACET_FIELDS.items()}
    values |= {name: " ".join(keys) for name, keys in document.filter_keys.items()}
    values |= {f"by_{name}": number for name, number in document.sort_numbers.items()}
    return {name: value for name, value in values.items() if value or value == 0}

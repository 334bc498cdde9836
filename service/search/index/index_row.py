"""Rows of films from which documents are made, without a model around each.

Jobs that go through the whole catalogue read only the columns that a document needs
(`DOCUMENT_COLUMNS`), as the database returns them. Such a row costs a fifth of a model, and is
cheap to send to another process.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import orjson

from service.film_fields import JSON_COLUMNS
from service.search.index.document import IndexableFilm

IndexRow = Mapping[str, Any]
"""The values of `DOCUMENT_COLUMNS` by name; `id` may be text, and lists may still be JSON."""


def parse_index_row(row: IndexRow) -> IndexableFilm:
    """Return `row` as a film for `MovieDocument.from_film`.

    Raises:
        ValueError: a list is malformed JSON.
    """
    lists = {name: orjson.loads(row[name]) for name in JSON_COLUMNS if isinstance(row[name], str)}
    return SimpleNamespace(**{**row, **lists})

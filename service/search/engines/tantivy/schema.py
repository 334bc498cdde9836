"""The layout and the schema of the embedded index.

    root/current   the name of the live index; replaced atomically, so readers never see half of it
    root/lock      held by the one process that writes
    root/<name>/   an index; `made-by` beside its segments identifies the schema it was made with

Fields hold ready-made terms, split at blanks and otherwise left alone. What only orders or names a
hit (version, votes, id) is a column of integers: reading a hundred hits then touches no stored
document. Names that begin with `is_` or `n_` are what filters look at, `by_` what hits are sorted
by, `of_` what is counted."""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import orjson
import tantivy
from tantivy import FieldType

from service.film_fields import NAME_FILTER_COLUMNS
from service.search.criteria.sorting import NUMBER_COLUMNS, title_prefix_number
from service.search.index.document import ANALYSIS, INDEXED_TERM_FIELDS, NGRAM_FIELDS, MovieDocument
from service.search.query.plan import Field

POINTER, LOCK, MARK = "current", "lock", "made-by"

TERM_FIELDS = get_args(Field)
WHOLE_TERMS = tuple(name for name in INDEXED_TERM_FIELDS if name not in NGRAM_FIELDS)
NAMES = ("is_type", *(f"is_{name}" for name in NAME_FILTER_COLUMNS))
COUNTS = {
    "of_type": "type",
    "of_genre": "genres",
    "of_language": "languages",
    "of_country": "countries",
}
"""What is counted, and the fact of a document that it is."""
MEASURES = {
    "n_year": FieldType.Integer,
    "n_minutes": FieldType.Integer,
    "n_rating": FieldType.Float,
    "n_title": FieldType.Integer,
}
ORDERS = tuple(f"by_{name}" for name in NUMBER_COLUMNS)
_HALF = 1 << 63


def schema() -> tantivy.Schema:
    """The fields of every index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("gone", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("digest", tokenizer_name="raw", index_option="basic", stored=True)
    for name in TERM_FIELDS:
        cut = name if name in NGRAM_FIELDS else "whitespace"
        builder.add_text_field(name, tokenizer_name=cut, index_option="basic")
    for name in ("id_high", "id_low", "version", "votes"):
        builder.add_integer_field(name, fast=True)
    builder.add_float_field("weight", fast=True)
    for name in NAMES:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name, kind in MEASURES.items():
        add = builder.add_float_field if kind is FieldType.Float else builder.add_integer_field
        add(name, indexed=True, fast=True)
    for name in ORDERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ("by_title", *COUNTS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


RELEASE = version("tantivy")
SCHEMA = schema()


def _fingerprint() -> str:
    """Hash what an index is made of, spelt as in every release so far.

    The names in the text below are frozen: other names would call for a rebuild of every index.
    """
    ngrams = ", ".join(
        f"{name!r}: Cut(of={spec.source_fields!r}, least={spec.min_length}, "
        f"longest={spec.max_length}, inside={spec.anywhere})"
        for name, spec in NGRAM_FIELDS.items()
    )
    text = (
        f"({ANALYSIS!r}, {TERM_FIELDS!r}, {{{ngrams}}}, {NAMES!r}, {[*MEASURES]!r}, {ORDERS!r}, "
        f"{[*COUNTS]!r}, {RELEASE.split('.')[:2]!r})"
    )
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


FINGERPRINT = _fingerprint()
"""Changes whenever an index made before could not be read or compared any more."""


def made(folder: Path) -> tantivy.Index:
    """An empty index in this folder, ready to be written."""
    return cutting(tantivy.Index(SCHEMA, str(folder)))


def opened(folder: Path) -> tantivy.Index:
    """The index in this folder, ready to be written; a reader needs no more than tantivy's own."""
    return cutting(tantivy.Index.open(str(folder)))


def cutting(index: tantivy.Index) -> tantivy.Index:
    """The same index, able to cut terms into the pieces of `NGRAM_FIELDS`."""
    for name, cut in NGRAM_FIELDS.items():
        ngrams = tantivy.Tokenizer.ngram(
            cut.min_length, cut.max_length, prefix_only=not cut.anywhere
        )
        index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(ngrams).build())
    return index


def serialize(document: MovieDocument) -> bytes:
    """A document in tantivy's form, as JSON. Raises TypeError for what JSON cannot hold."""
    high, low = columns_of(document.film_id)
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
        values |= _facts(document)
    terms = document.terms
    for name in WHOLE_TERMS:
        if found := getattr(terms, name):
            values[name] = " ".join(found)
    for name, cut in NGRAM_FIELDS.items():
        values[name] = [term for field in cut.source_fields for term in getattr(terms, field)]
    return orjson.dumps(values)


def columns_of(film_id: str) -> tuple[int, int]:
    """The two columns of a film's id, in whose order ids sort."""
    number = int(film_id.replace("-", ""), 16)
    return (number >> 64) - _HALF, (number & (2 * _HALF - 1)) - _HALF


def _facts(document: MovieDocument) -> dict[str, Any]:
    """What filters, orders and counts look at; what is not known is left out."""
    title = document.full_title_key
    values: dict[str, Any] = {
        "is_type": document.type,
        "n_year": document.year,
        "n_minutes": document.runtime_minutes,
        "n_rating": document.rating,
        "n_title": title_prefix_number(title),
        "by_title": title,
    }
    values |= {name: getattr(document, fact) for name, fact in COUNTS.items()}
    values |= {name: " ".join(found) for name, found in document.filter_keys.items()}
    values |= {f"by_{name}": place for name, place in document.sort_numbers.items()}
    return {name: value for name, value in values.items() if value or value == 0}


def id_of(high: int, low: int) -> str:
    """The film's id from its two columns."""
    return str(UUID(int=((high + _HALF) << 64) | (low + _HALF)))


def fields_of(folder: Path) -> frozenset[str]:
    """The names of an index's fields. Raises `OSError`, or `ValueError` for what is no index."""
    held = orjson.loads((folder / "meta.json").read_bytes())
    return frozenset(field["name"] for field in held["schema"])


def pointed(root: Path) -> str | None:
    """The live index's name. Raises `OSError`."""
    try:
        return (root / POINTER).read_text().strip() or None
    except FileNotFoundError:
        return None


def point(root: Path, name: str) -> None:
    """Make `name` the live index; readers see the old name or the new, power cut or not."""
    fresh = root / f"{POINTER}.new"
    with fresh.open("w") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(root / POINTER)
    folder = os.open(root, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""The schema of the embedded index.

Text fields hold ready-made terms, split at spaces and otherwise left as they are. Values that only
sort or identify a hit (version, votes, id) are integer columns, so that reading a hundred hits
loads no stored document. Prefixes tell what a field is for: `is_` and `n_` filters, `by_` sorting,
`of_` facet counts.
"""

import hashlib
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import tantivy
from tantivy import FieldType

from service.film_fields import NAME_FILTER_COLUMNS
from service.search.criteria.sorting import NUMBER_COLUMNS
from service.search.index.document import ANALYSIS, INDEXED_TERM_FIELDS, NGRAM_FIELDS
from service.search.query.slots import Field

TANTIVY_VERSION = version("tantivy")
TERM_FIELDS = get_args(Field)
UNCUT_TERM_FIELDS = tuple(name for name in INDEXED_TERM_FIELDS if name not in NGRAM_FIELDS)
FILTER_FIELDS = ("is_type", *(f"is_{name}" for name in NAME_FILTER_COLUMNS), "is_source")
FACET_FIELDS = {
    "of_type": "type",
    "of_genre": "genres",
    "of_language": "languages",
    "of_country": "countries",
}
"""Fields with facet counts, and the attribute of a document that each holds."""
NUMBER_FIELDS = {
    "n_year": FieldType.Integer,
    "n_minutes": FieldType.Integer,
    "n_rating": FieldType.Float,
    "n_title": FieldType.Integer,
}
SORT_FIELDS = tuple(f"by_{name}" for name in NUMBER_COLUMNS)


def build_schema(
    term_fields: Collection[str] = TERM_FIELDS,
    filter_fields: Collection[str] = FILTER_FIELDS,
    facet_fields: Collection[str] = tuple(FACET_FIELDS),
) -> tantivy.Schema:
    """Return the schema of an index; with fewer fields, that of an earlier release."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("gone", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("digest", tokenizer_name="raw", index_option="basic", stored=True)
    for name in term_fields:
        tokenizer = name if name in NGRAM_FIELDS else "whitespace"
        builder.add_text_field(name, tokenizer_name=tokenizer, index_option="basic")
    for name in ("id_high", "id_low", "version", "votes"):
        builder.add_integer_field(name, fast=True)
    builder.add_float_field("weight", fast=True)
    for name in filter_fields:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name, kind in NUMBER_FIELDS.items():
        add = builder.add_float_field if kind is FieldType.Float else builder.add_integer_field
        add(name, indexed=True, fast=True)
    for name in SORT_FIELDS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ("by_title", *facet_fields):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


SCHEMA = build_schema()


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
        f"({ANALYSIS!r}, {TERM_FIELDS!r}, {{{ngrams}}}, {FILTER_FIELDS!r}, {[*NUMBER_FIELDS]!r}, "
        f"{SORT_FIELDS!r}, {[*FACET_FIELDS]!r}, {TANTIVY_VERSION.split('.')[:2]!r})"
    )
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


FINGERPRINT = _fingerprint()
"""Changes whenever an index made before can no longer be read, or compared with the database."""


def create_index(folder: Path) -> tantivy.Index:
    """Create an empty index in this folder, ready for writing."""
    return register_tokenizers(tantivy.Index(SCHEMA, str(folder)))


def open_index(folder: Path) -> tantivy.Index:
    """Open the index in this folder for writing; reading needs no tokenizers."""
    return register_tokenizers(tantivy.Index.open(str(folder)))


def register_tokenizers(index: tantivy.Index) -> tantivy.Index:
    """Return the index, able to cut terms into the n-grams of `NGRAM_FIELDS`."""
    for name, spec in NGRAM_FIELDS.items():
        ngrams = tantivy.Tokenizer.ngram(
            spec.min_length, spec.max_length, prefix_only=not spec.anywhere
        )
        index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(ngrams).build())
    return index

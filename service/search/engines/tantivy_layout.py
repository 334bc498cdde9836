"""How the embedded index lies on disk, and how a plan reads in tantivy's language.

    root/current      the name of the live index; replaced as a whole, so that readers never see
    half of it root/lock         held by the one process that writes root/<name>/      an index,
    with `made-by` beside its segments: a mark of the schema that it was made with

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
from tantivy import FieldType, Occur, Query

from service.search.document import ANALYSIS, CUTS, TERMS, MovieDocument
from service.search.order import NUMBERS, title_start
from service.search.plan import Clause, Field, Group, Plan, Slot
from service.search.selection import Range, Selection

POINTER, LOCK, MARK = "current", "lock", "made-by"

TERM_FIELDS = get_args(Field)
WHOLE_TERMS = tuple(name for name in TERMS if name not in CUTS)
NAMES = ("is_type", "is_genre", "is_director")
MEASURES = {
    "n_year": FieldType.Integer,
    "n_minutes": FieldType.Integer,
    "n_rating": FieldType.Float,
    "n_title": FieldType.Integer,
}
ORDERS = tuple(f"by_{name}" for name in NUMBERS)
_HALF = 1 << 63


def schema() -> tantivy.Schema:
    """The fields of every index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("gone", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("digest", tokenizer_name="raw", index_option="basic", stored=True)
    for name in TERM_FIELDS:
        cut = name if name in CUTS else "whitespace"
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
    for name in ("by_title", "of_type", "of_genre"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


RELEASE = version("tantivy")
SCHEMA = schema()
FINGERPRINT = hashlib.blake2b(
    repr(
        (ANALYSIS, TERM_FIELDS, CUTS, NAMES, [*MEASURES], ORDERS, RELEASE.split(".")[:2])
    ).encode(),
    digest_size=8,
).hexdigest()
"""Changes whenever an index made before could not be read or compared any more."""


def made(folder: Path) -> tantivy.Index:
    """An empty index in this folder, ready to be written."""
    return _cutting(tantivy.Index(SCHEMA, str(folder)))


def opened(folder: Path) -> tantivy.Index:
    """The index in this folder, ready to be written; a reader needs no more than tantivy's own."""
    return _cutting(tantivy.Index.open(str(folder)))


def _cutting(index: tantivy.Index) -> tantivy.Index:
    for name, cut in CUTS.items():
        ngrams = tantivy.Tokenizer.ngram(cut.least, cut.longest, prefix_only=not cut.inside)
        index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(ngrams).build())
    return index


def packed(document: MovieDocument) -> bytes:
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
    for name, cut in CUTS.items():
        values[name] = [term for field in cut.of for term in getattr(terms, field)]
    return orjson.dumps(values)


def columns_of(film_id: str) -> tuple[int, int]:
    """The two columns of a film's id, in whose order ids sort."""
    number = UUID(film_id).int
    return (number >> 64) - _HALF, (number & (2 * _HALF - 1)) - _HALF


def _facts(document: MovieDocument) -> dict[str, Any]:
    """What filters, orders and counts look at; what is not known is left out."""
    title = document.whole_title
    values: dict[str, Any] = {
        "is_type": document.type,
        "n_year": document.year,
        "n_minutes": document.runtime_minutes,
        "n_rating": document.rating,
        "n_title": title_start(title),
        "by_title": title,
        "of_type": document.type,
        "of_genre": list(document.genres),
    }
    values |= {name: " ".join(found) for name, found in document.kept_by.items()}
    values |= {f"by_{name}": place for name, place in document.places.items()}
    return {name: value for name, value in values.items() if value not in (None, [], "")}


def id_of(high: int, low: int) -> str:
    """The film's id from its two columns."""
    return str(UUID(int=((high + _HALF) << 64) | (low + _HALF)))


def translated(plan: Plan | None, selection: Selection) -> Query:
    """The plan, of the selected films alone, as a query; tombstones never match."""
    wanted = _words(plan) if plan else [(Occur.Must, Query.all_query())]
    filters = [(Occur.Must, Query.const_score_query(each, 0.0)) for each in _filters(selection)]
    return Query.boolean_query([*wanted, *filters, (Occur.MustNot, GONE)])


def between(name: str, bounds: Range) -> Query:
    """Films whose measure lies in `bounds`."""
    kind = MEASURES.get(name, FieldType.Integer)
    number = float if kind is FieldType.Float else int
    least, most = (None if end is None else number(end) for end in (bounds.least, bounds.most))
    return Query.range_query(SCHEMA, name, kind, least, most)


def _filters(selection: Selection) -> list[Query]:
    named = zip(NAMES, (selection.types, selection.genres, selection.directors), strict=True)
    found = [Query.term_set_query(SCHEMA, name, values) for name, values in named if values]
    ranges = {
        "n_year": selection.years,
        "n_rating": selection.ratings,
        "n_minutes": selection.minutes,
    }
    return found + [between(name, each) for name, each in ranges.items() if not each.open]


def _words(plan: Plan) -> list[tuple[Occur, Query]]:
    ways = [_group(group) for group in plan.groups]
    if plan.whole is not None:
        ways.append(_best(plan.whole))
    words = Query.boolean_query([(Occur.Should, way) for way in ways])
    return [(Occur.Must, words), *((Occur.Should, _best(slot)) for slot in plan.extra)]


def _group(group: Group) -> Query:
    slots = [(Occur.Should, query) for s in group.slots for query in [_best(s)] * s.counts]
    return Query.boolean_query(slots, minimum_number_should_match=group.needed)


def _best(slot: Slot) -> Query:
    return Query.disjunction_max_query([_clause(clause) for clause in slot.clauses])


def _clause(clause: Clause) -> Query:
    # A set of terms in one query costs three times what its terms cost one by one.
    terms = [Query.term_query(SCHEMA, clause.field, t, index_option="basic") for t in clause.terms]
    found = terms[0] if len(terms) == 1 else Query.boolean_query([(Occur.Should, t) for t in terms])
    return Query.const_score_query(found, clause.worth)


GONE = Query.term_query(SCHEMA, "gone", "1", index_option="basic")


def is_gone(searcher: tantivy.Searcher, film_id: str) -> bool:
    """Whether all that is left of this film is a tombstone."""
    this = Query.term_query(SCHEMA, "id", film_id, index_option="basic")
    both = Query.boolean_query([(Occur.Must, this), (Occur.Must, GONE)])
    return bool(searcher.search(both, limit=1, count=False).hits)


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

"""Plans, filters and sort orders in tantivy's query language. Tombstones never match.

A tantivy query names a field by its number, and an index of an earlier release may number its
fields differently. A query is therefore built for the schema of the index that it searches.
"""

from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import FieldType, Occur, Query

from service.search.criteria.facets import MAX_VALUES
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import Column
from service.search.engines.tantivy.schema import NUMBER_FIELDS, SCHEMA
from service.search.query.plan import Group, Plan
from service.search.query.slots import Clause, Slot

FACET_AGGREGATIONS: dict[Facet, dict[str, Any]] = {
    "genre": {"terms": {"field": "of_genre", "size": MAX_VALUES}},
    "language": {"terms": {"field": "of_language", "size": MAX_VALUES}},
    "country": {"terms": {"field": "of_country", "size": MAX_VALUES}},
    "type": {"terms": {"field": "of_type", "size": MAX_VALUES}},
    "decade": {"histogram": {"field": "n_year", "interval": 10, "min_doc_count": 1}},
    "rating": {"histogram": {"field": "n_rating", "interval": 1, "min_doc_count": 1}},
}


@dataclass(frozen=True, slots=True)
class QueryBuilder:
    """Builds queries for indexes of one schema; raises ValueError for a field that it lacks."""

    schema: tantivy.Schema

    def build_query(self, plan: Plan | None, filters: Filters) -> Query:
        """Return the query for a plan, or for every film, among the films that pass the filters.

        Filters do not count towards the score.
        """
        query = self._translate_plan(plan) if plan else [(Occur.Must, Query.all_query())]
        unscored = [
            (Occur.Must, Query.const_score_query(condition, 0.0))
            for condition in self._build_filters(filters)
        ]
        excluded = [self.tombstones, *(self.term("is_type", t) for t in filters.hidden_types)]
        return Query.boolean_query(
            [*query, *unscored, *((Occur.MustNot, condition) for condition in excluded)]
        )

    @property
    def tombstones(self) -> Query:
        """A query for all tombstones."""
        return self.term("gone", "1")

    def term(self, field: str, term: str) -> Query:
        """Return a query for documents that have `term` in `field`."""
        return Query.term_query(self.schema, field, term, index_option="basic")

    def between(self, field: str, bounds: Range) -> Query:
        """Return a query for documents whose number in `field` lies within the bounds."""
        field_type = NUMBER_FIELDS.get(field, FieldType.Integer)
        convert = float if field_type is FieldType.Float else int
        minimum, maximum = (
            None if end is None else convert(end) for end in (bounds.minimum, bounds.maximum)
        )
        return Query.range_query(self.schema, field, field_type, minimum, maximum)

    def has_tombstone(self, searcher: tantivy.Searcher, film_id: str) -> bool:
        """Return whether the index holds a tombstone of this film."""
        query = Query.boolean_query(
            [(Occur.Must, self.term("id", film_id)), (Occur.Must, self.tombstones)]
        )
        return bool(searcher.search(query, limit=1, count=False).hits)

    def _build_filters(self, filters: Filters) -> list[Query]:
        names = _named_filters(filters).items()
        ranges = _ranges(filters).items()
        return [
            *(Query.term_set_query(self.schema, name, values) for name, values in names),
            *(self.between(name, bounds) for name, bounds in ranges),
        ]

    def _translate_plan(self, plan: Plan) -> list[tuple[Occur, Query]]:
        alternatives = [self._translate_group(group) for group in plan.groups]
        if plan.full_title is not None:
            alternatives.append(self._translate_slot(plan.full_title))
        any_of = Query.boolean_query([(Occur.Should, query) for query in alternatives])
        optional = ((Occur.Should, self._translate_slot(slot)) for slot in plan.optional)
        return [(Occur.Must, any_of), *optional]

    def _translate_group(self, group: Group) -> Query:
        slots = [
            (Occur.Should, query)
            for slot in group.slots
            for query in [self._translate_slot(slot)] * slot.multiplicity
        ]
        return Query.boolean_query(slots, minimum_number_should_match=group.min_matches)

    def _translate_slot(self, slot: Slot) -> Query:
        clauses = [self._translate_clause(clause) for clause in slot.clauses]
        return Query.disjunction_max_query(clauses)

    def _translate_clause(self, clause: Clause) -> Query:
        # One term-set query costs three times as much as its terms in separate queries.
        terms = [self.term(clause.field, term) for term in clause.terms]
        any_of = [(Occur.Should, term) for term in terms]
        query = terms[0] if len(terms) == 1 else Query.boolean_query(any_of)
        return Query.const_score_query(query, clause.weight)


CURRENT_QUERIES = QueryBuilder(SCHEMA)
"""Builds queries for indexes of this release."""


def required_fields(
    plan: Plan | None, filters: Filters, sort_column: Column | None = None
) -> frozenset[str]:
    """Return the fields that a search and its sort order need."""
    fields = {*_named_filters(filters), *_ranges(filters)}
    if filters.hidden_types:
        fields.add("is_type")
    if plan is not None:
        fields.update(clause.field for clause in plan.clauses)
    if sort_column is not None:
        fields.add(f"by_{sort_column}")
    if sort_column == "title":
        fields.add("n_title")
    return frozenset(fields)


def facet_field(facet: Facet) -> str:
    """Return the field whose values a facet counts."""
    (options,) = FACET_AGGREGATIONS[facet].values()
    return str(options["field"])


def _named_filters(filters: Filters) -> dict[str, tuple[str, ...]]:
    named = {f"is_{name}": values for name, values in filters.name_filters.items()}
    exact = {"is_type": filters.types, "is_source": filters.sources}
    return named | {name: values for name, values in exact.items() if values}


def _ranges(filters: Filters) -> dict[str, Range]:
    ranges = {
        "n_year": filters.years,
        "n_rating": filters.ratings,
        "n_minutes": filters.minutes,
    }
    return {name: bounds for name, bounds in ranges.items() if not bounds.is_open}

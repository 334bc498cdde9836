"""A plan, a selection and an order in tantivy's language; tombstones never match.

A query names a field by its number, which is another one in an index that an earlier release made
with other fields: so every query is phrased for the index that is asked."""

from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import FieldType, Occur, Query

from service.search.criteria.facets import MAX_VALUES
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import Column
from service.search.engines.tantivy.schema import MEASURES, SCHEMA
from service.search.query.plan import Clause, Group, Plan, Slot

COUNTED: dict[Facet, dict[str, Any]] = {
    "genre": {"terms": {"field": "of_genre", "size": MAX_VALUES}},
    "language": {"terms": {"field": "of_language", "size": MAX_VALUES}},
    "country": {"terms": {"field": "of_country", "size": MAX_VALUES}},
    "type": {"terms": {"field": "of_type", "size": MAX_VALUES}},
    "decade": {"histogram": {"field": "n_year", "interval": 10, "min_doc_count": 1}},
    "rating": {"histogram": {"field": "n_rating", "interval": 1, "min_doc_count": 1}},
}


@dataclass(frozen=True, slots=True)
class QueryBuilder:
    """How an index of one schema is asked. Raises ValueError for a field that it does not have."""

    schema: tantivy.Schema

    def query(self, plan: Plan | None, selection: Filters) -> Query:
        """The plan, of the selected films alone."""
        wanted = self._words(plan) if plan else [(Occur.Must, Query.all_query())]
        filters = self._filters(selection)
        unscored = [(Occur.Must, Query.const_score_query(each, 0.0)) for each in filters]
        return Query.boolean_query([*wanted, *unscored, (Occur.MustNot, self.gone)])

    @property
    def gone(self) -> Query:
        """Every tombstone."""
        return self.term("gone", "1")

    def term(self, field: str, term: str) -> Query:
        """Documents that have `term` in `field`."""
        return Query.term_query(self.schema, field, term, index_option="basic")

    def between(self, name: str, bounds: Range) -> Query:
        """Films whose measure lies in `bounds`."""
        kind = MEASURES.get(name, FieldType.Integer)
        number = float if kind is FieldType.Float else int
        least, most = (
            None if end is None else number(end) for end in (bounds.minimum, bounds.maximum)
        )
        return Query.range_query(self.schema, name, kind, least, most)

    def is_gone(self, searcher: tantivy.Searcher, film_id: str) -> bool:
        """Whether all that is left of this film is a tombstone."""
        this = self.term("id", film_id)
        both = Query.boolean_query([(Occur.Must, this), (Occur.Must, self.gone)])
        return bool(searcher.search(both, limit=1, count=False).hits)

    def _filters(self, selection: Filters) -> list[Query]:
        names = _names(selection).items()
        found = [Query.term_set_query(self.schema, name, values) for name, values in names]
        return found + [self.between(name, each) for name, each in _ranges(selection).items()]

    def _words(self, plan: Plan) -> list[tuple[Occur, Query]]:
        ways = [self._group(group) for group in plan.groups]
        if plan.full_title is not None:
            ways.append(self._best(plan.full_title))
        words = Query.boolean_query([(Occur.Should, way) for way in ways])
        return [(Occur.Must, words), *((Occur.Should, self._best(slot)) for slot in plan.optional)]

    def _group(self, group: Group) -> Query:
        slots = [
            (Occur.Should, query) for s in group.slots for query in [self._best(s)] * s.multiplicity
        ]
        return Query.boolean_query(slots, minimum_number_should_match=group.min_matches)

    def _best(self, slot: Slot) -> Query:
        return Query.disjunction_max_query([self._clause(clause) for clause in slot.clauses])

    def _clause(self, clause: Clause) -> Query:
        # A set of terms in one query costs three times what its terms cost one by one.
        terms = [self.term(clause.field, term) for term in clause.terms]
        any_of = [(Occur.Should, term) for term in terms]
        found = terms[0] if len(terms) == 1 else Query.boolean_query(any_of)
        return Query.const_score_query(found, clause.weight)


NOW = QueryBuilder(SCHEMA)
"""How an index of this release is asked."""


def asked(plan: Plan | None, selection: Filters, by: Column | None = None) -> frozenset[str]:
    """The fields that this query and its order look at."""
    found = {*_names(selection), *_ranges(selection)}
    if plan is not None:
        slots = [slot for group in plan.groups for slot in group.slots]
        slots += [*plan.optional, *([plan.full_title] if plan.full_title else [])]
        found.update(clause.field for slot in slots for clause in slot.clauses)
    if by is not None:
        found.update((f"by_{by}", "n_title") if by == "title" else (f"by_{by}",))
    return frozenset(found)


def _names(selection: Filters) -> dict[str, tuple[str, ...]]:
    named = {f"is_{name}": values for name, values in selection.name_filters.items()}
    return named | ({"is_type": selection.types} if selection.types else {})


def _ranges(selection: Filters) -> dict[str, Range]:
    ranges = {
        "n_year": selection.years,
        "n_rating": selection.ratings,
        "n_minutes": selection.minutes,
    }
    return {name: each for name, each in ranges.items() if not each.is_open}

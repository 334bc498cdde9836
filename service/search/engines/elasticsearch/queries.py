"""Plans, filters and sort orders in Elasticsearch's query language. Tombstones never match."""

from collections.abc import Sequence
from typing import Any, get_args

from service.search.criteria.facets import MAX_VALUES
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import NUMBER_COLUMNS, Column
from service.search.query.plan import Group, Plan
from service.search.query.slots import Clause, Field, Slot

FACET_AGGREGATIONS: dict[Facet, dict[str, Any]] = {
    "genre": {"terms": {"field": "genres", "size": MAX_VALUES}},
    "language": {"terms": {"field": "languages", "size": MAX_VALUES}},
    "country": {"terms": {"field": "countries", "size": MAX_VALUES}},
    "type": {"terms": {"field": "type", "size": MAX_VALUES}},
    "decade": {"histogram": {"field": "year", "interval": 10, "min_doc_count": 1}},
    "rating": {"histogram": {"field": "rating", "interval": 1, "min_doc_count": 1}},
}

ALWAYS_MAPPED_FIELDS = frozenset(get_args(Field)) - {
    "cast", "cast_edge", "writer", "writer_edge", "plot",
}  # fmt: skip
"""The plan fields for titles and directors, which indexes of every release have."""

_IS_TOMBSTONE = {"term": {"gone": True}}


def build_query(plan: Plan | None, filters: Filters, scored: bool) -> dict[str, Any]:
    """Return the query for a plan, or for every film, among the films that pass the filters.

    Filters do not count towards the score.
    """
    query: dict[str, Any] = {"must_not": [_IS_TOMBSTONE, *_build_exclusions(filters)]}
    if plan is not None:
        query["must"] = [_translate_plan(plan)]
    if conditions := build_filters(filters):
        query["filter"] = conditions
    if not scored:
        return {"bool": query}
    return {
        "function_score": {
            "query": {"bool": query},
            "field_value_factor": {"field": "boost", "missing": 1.0},
            "boost_mode": "multiply",
        }
    }


def build_filter_query(filters: Filters) -> dict[str, Any]:
    """Return a query for all films that pass the filters."""
    return {"bool": {"filter": build_filters(filters), "must_not": _build_exclusions(filters)}}


def build_filters(filters: Filters) -> list[dict[str, Any]]:
    """Return one condition for each filter that is set."""
    conditions: list[dict[str, Any]] = [
        {"terms": {name: list(values)}} for name, values in _named_filters(filters).items()
    ]
    ranges = {
        "year": filters.years,
        "rating": filters.ratings,
        "runtime_minutes": filters.minutes,
    }
    conditions += [{"range": {n: _bounds(r)}} for n, r in ranges.items() if not r.is_open]
    return conditions


def _build_exclusions(filters: Filters) -> list[dict[str, Any]]:
    """Return what excludes films; an index without the field has no film to exclude."""
    return [{"terms": {"type": list(filters.hidden_types)}}] if filters.hidden_types else []


def build_sort(column: Column | None) -> list[dict[str, str]]:
    """Return the total order of hits by a column, or by score for None."""
    if column is None:
        return [{"_score": "desc"}, {"votes": "desc"}, {"id": "asc"}]
    if column in NUMBER_COLUMNS:
        return [{f"order.{column}": "asc"}, {"id": "asc"}]
    return [{f"order.{column}": "asc"}, {"votes": "desc"}, {"id": "asc"}]


def required_fields(
    plan: Plan | None, filters: Filters, facets: Sequence[Facet] = ()
) -> frozenset[str]:
    """Return the mapped fields that a search needs beyond `ALWAYS_MAPPED_FIELDS`."""
    fields = set(_named_filters(filters))
    for facet in facets:
        fields.update(str(options["field"]) for options in FACET_AGGREGATIONS[facet].values())
    if plan is not None:
        slots = (slot for group in plan.groups for slot in group.slots)
        plan_fields = {clause.field for slot in slots for clause in slot.clauses}
        fields.update(f"find.{field}" for field in plan_fields - ALWAYS_MAPPED_FIELDS)
    return frozenset(fields)


def _named_filters(filters: Filters) -> dict[str, tuple[str, ...]]:
    named = {f"find.is_{name}": values for name, values in filters.name_filters.items()}
    exact = {"type": filters.types, "source": filters.sources}
    return named | {name: values for name, values in exact.items() if values}


def _bounds(bounds: Range) -> dict[str, float]:
    ends = {"gte": bounds.minimum, "lte": bounds.maximum}
    return {name: end for name, end in ends.items() if end is not None}


def _translate_plan(plan: Plan) -> dict[str, Any]:
    alternatives = [_translate_group(group) for group in plan.groups]
    if plan.full_title is not None:
        alternatives.append(_translate_slot(plan.full_title))
    query = alternatives[0]
    if len(alternatives) > 1:
        query = {"bool": {"should": alternatives, "minimum_should_match": 1}}
    if plan.optional:
        query = {
            "bool": {"must": [query], "should": [_translate_slot(slot) for slot in plan.optional]}
        }
    return query


def _translate_group(group: Group) -> dict[str, Any]:
    slots = [_translate_slot(slot) for slot in group.slots for _ in range(slot.multiplicity)]
    return {"bool": {"should": slots, "minimum_should_match": group.min_matches}}


def _translate_slot(slot: Slot) -> dict[str, Any]:
    clauses = [_translate_clause(clause) for clause in slot.clauses]
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}


def _translate_clause(clause: Clause) -> dict[str, Any]:
    terms = {"terms": {f"find.{clause.field}": list(clause.terms)}}
    return {"constant_score": {"filter": terms, "boost": clause.weight}}

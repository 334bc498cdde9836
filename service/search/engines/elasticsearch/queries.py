"""A plan, a selection and an order in Elasticsearch's language; tombstones never match."""

from collections.abc import Sequence
from typing import Any, get_args

from service.search.criteria.facets import MAX_VALUES
from service.search.criteria.filters import Facet, Filters, Range
from service.search.criteria.sorting import NUMBER_COLUMNS, Column
from service.search.query.plan import Clause, Field, Group, Plan, Slot

COUNTED: dict[Facet, dict[str, Any]] = {
    "genre": {"terms": {"field": "genres", "size": MAX_VALUES}},
    "language": {"terms": {"field": "languages", "size": MAX_VALUES}},
    "country": {"terms": {"field": "countries", "size": MAX_VALUES}},
    "type": {"terms": {"field": "type", "size": MAX_VALUES}},
    "decade": {"histogram": {"field": "year", "interval": 10, "min_doc_count": 1}},
    "rating": {"histogram": {"field": "rating", "interval": 1, "min_doc_count": 1}},
}

BY_DEFAULT = frozenset(get_args(Field)) - {"cast", "writer", "plot"}
"""The fields of a plan for titles and directors, which every index has."""

_GONE = {"term": {"gone": True}}


def searched(plan: Plan | None, selection: Filters, scored: bool) -> dict[str, Any]:
    """The plan, or every film, of the selected films alone; the score is its words' alone."""
    wanted: dict[str, Any] = {"must_not": [_GONE]}
    if plan is not None:
        wanted["must"] = [_words(plan)]
    if found := filters(selection):
        wanted["filter"] = found
    if not scored:
        return {"bool": wanted}
    return {
        "function_score": {
            "query": {"bool": wanted},
            "field_value_factor": {"field": "boost", "missing": 1.0},
            "boost_mode": "multiply",
        }
    }


def asked(plan: Plan | None, selection: Filters, facets: Sequence[Facet] = ()) -> frozenset[str]:
    """What is looked at beside titles and directors, as the mapping calls it."""
    found = {
        *_named(selection),
        *(str(way["field"]) for f in facets for way in COUNTED[f].values()),
    }
    if plan is not None:
        slots = (slot for group in plan.groups for slot in group.slots)
        fields = {clause.field for slot in slots for clause in slot.clauses}
        found.update(f"find.{field}" for field in fields - BY_DEFAULT)
    return frozenset(found)


def selected(selection: Filters) -> dict[str, Any]:
    """The selected films as a filter."""
    return {"bool": {"filter": filters(selection)}}


def filters(selection: Filters) -> list[dict[str, Any]]:
    """One filter for each that is set."""
    ranges = {
        "year": selection.years,
        "rating": selection.ratings,
        "runtime_minutes": selection.minutes,
    }
    found: list[dict[str, Any]] = [
        {"terms": {name: list(values)}} for name, values in _named(selection).items()
    ]
    return found + [{"range": {n: _bounds(each)}} for n, each in ranges.items() if not each.is_open]


def _named(selection: Filters) -> dict[str, tuple[str, ...]]:
    named = {f"find.is_{name}": values for name, values in selection.name_filters.items()}
    return named | ({"type": selection.types} if selection.types else {})


def sorting(by: Column | None) -> list[dict[str, str]]:
    """The total order of hits by a column, or by score."""
    if by is None:
        return [{"_score": "desc"}, {"votes": "desc"}, {"id": "asc"}]
    if by in NUMBER_COLUMNS:
        return [{f"order.{by}": "asc"}, {"id": "asc"}]
    return [{f"order.{by}": "asc"}, {"votes": "desc"}, {"id": "asc"}]


def _bounds(each: Range) -> dict[str, float]:
    ends = {"gte": each.minimum, "lte": each.maximum}
    return {name: end for name, end in ends.items() if end is not None}


def _words(plan: Plan) -> dict[str, Any]:
    ways = [_group(group) for group in plan.groups]
    if plan.full_title is not None:
        ways.append(_best(plan.full_title))
    words = {"bool": {"should": ways, "minimum_should_match": 1}} if len(ways) > 1 else ways[0]
    if plan.optional:
        words = {"bool": {"must": [words], "should": [_best(slot) for slot in plan.optional]}}
    return words


def _group(group: Group) -> dict[str, Any]:
    slots = [_best(slot) for slot in group.slots for _ in range(slot.multiplicity)]
    return {"bool": {"should": slots, "minimum_should_match": group.min_matches}}


def _best(slot: Slot) -> dict[str, Any]:
    clauses = [_clause(clause) for clause in slot.clauses]
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}


def _clause(clause: Clause) -> dict[str, Any]:
    terms = {"terms": {f"find.{clause.field}": list(clause.terms)}}
    return {"constant_score": {"filter": terms, "boost": clause.weight}}

"""The fields that a search looks at: titles and directors, on request also cast, writers and plot.

A plan is made for titles and directors. `restrict_plan` removes the clauses of fields that are not
searched and adds clauses for the other ones. Ranking compares names and titles letter by letter, so
names can take the place of titles. A plot is too long for that and counts by its words alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypedDict

from service.search.query.plan import Group, Plan
from service.search.query.slots import Clause, Field, Slot
from service.search.query.typo_budget import MIN_FUZZY_LENGTH, find_near_names
from service.search.vocabulary.vocabulary import CAST, WRITER, Vocabulary

SearchField = Literal["title", "director", "cast", "writer", "plot"]
SearchFields = frozenset[SearchField]

DEFAULT_FIELDS: SearchFields = frozenset({"title", "director"})
PEOPLE_FIELDS: SearchFields = DEFAULT_FIELDS | {"cast", "writer"}

# Factors for a word in these fields; the same word in a title has 1.
NAME_WEIGHT, NAME_PREFIX_WEIGHT, NAME_EDIT_WEIGHT, PLOT_WEIGHT = 0.80, 0.75, 0.50, 0.50
NO_TEXT = "–"  # the title for ranking of a film that has none of the searched texts

_NAME_FIELDS: dict[Literal["cast", "writer"], tuple[int, Field]] = {
    "cast": (CAST, "cast_edge"),
    "writer": (WRITER, "writer_edge"),
}
"""The fields of people's names that are searched on request, with their masks and beginnings."""

_TITLE_FIELDS: tuple[Field, ...] = (
    "title",
    "alt",
    "joined",
    "edge",
    "whole",
    "whole_edge",
    "initials",
)
_DIRECTOR_FIELDS: tuple[Field, ...] = ("director", "director_edge")
_SHARED_FIELDS: tuple[Field, ...] = ("grams", "sound")


def restrict_plan(
    plan: Plan, search_fields: SearchFields, vocabulary: Vocabulary, *, typos: bool
) -> Plan:
    """Return `plan` with clauses for `search_fields` alone.

    With `typos`, it has clauses for misspelt names of the cast and the writers, too.
    """
    if search_fields == DEFAULT_FIELDS:
        return plan
    index_fields: set[Field] = {"year"}
    if "title" in search_fields:
        index_fields.update(_TITLE_FIELDS)
    if "director" in search_fields:
        index_fields.update(_DIRECTOR_FIELDS)
    if len(index_fields) > 1:
        index_fields.update(_SHARED_FIELDS)

    def restrict_slots(slots: Sequence[Slot]) -> tuple[Slot, ...]:
        restricted = []
        for slot in slots:
            clauses = [clause for clause in slot.clauses if clause.field in index_fields]
            clauses += _extra_clauses(slot, search_fields, vocabulary, typos)
            if clauses:
                restricted.append(replace(slot, clauses=tuple(clauses)))
        return tuple(restricted)

    groups = [Group(restrict_slots(group.slots), group.min_matches) for group in plan.groups]
    full_title = plan.full_title if "title" in search_fields else None
    possible_groups = tuple(group for group in groups if group.is_possible)
    return Plan(possible_groups, restrict_slots(plan.optional), full_title)


def _extra_clauses(
    slot: Slot, search_fields: SearchFields, vocabulary: Vocabulary, typos: bool
) -> list[Clause]:
    """Return a slot's clauses for fields beside titles and directors, by its first clause."""
    title_clause = slot.clauses[0]
    if title_clause.field != "title":
        return []
    is_unfinished = any(clause.field == "director_edge" for clause in slot.clauses)
    clauses: list[Clause] = []
    for field, (field_mask, edge_field) in _NAME_FIELDS.items():
        if field in search_fields:
            # Two words run together are taken as typed; each of them may be misspelt by itself.
            fuzzy = typos and slot.multiplicity == 1
            clauses += _name_clauses(field, field_mask, title_clause, vocabulary, fuzzy)
            if is_unfinished:
                clauses += _prefix_clauses(edge_field, field_mask, title_clause, vocabulary)
    if "plot" in search_fields:
        clauses.append(Clause("plot", title_clause.terms, PLOT_WEIGHT * title_clause.weight))
    return clauses


def _name_clauses(
    field: Field, field_mask: int, title_clause: Clause, vocabulary: Vocabulary, typos: bool
) -> list[Clause]:
    """Return the clauses of one field of names; there are none for a word that no name has."""
    clauses = []
    names, word = vocabulary.names, title_clause.terms[0]
    if not all(names.surely_absent(term, field_mask) for term in title_clause.terms):
        clauses.append(Clause(field, title_clause.terms, NAME_WEIGHT * title_clause.weight))
    if typos and len(word) >= MIN_FUZZY_LENGTH and not word.isdigit():
        near_names = find_near_names(word, names)
        terms = tuple(near.word for near in near_names if near.field_mask & field_mask)
        if terms:
            clauses.append(Clause(field, terms, NAME_EDIT_WEIGHT * title_clause.weight))
    return clauses


def _prefix_clauses(
    field: Field, field_mask: int, title_clause: Clause, vocabulary: Vocabulary
) -> list[Clause]:
    """Return the clause for names that begin with the last word, unless none does."""
    names, word = vocabulary.names, title_clause.terms[0]
    if names.known_fields & field_mask and not names.has_prefix(word):
        return []
    return [Clause(field, (word,), NAME_PREFIX_WEIGHT * title_clause.weight)]


class RankingTexts(TypedDict):
    """The texts of a film that ranking compares with a query."""

    title: str
    aliases: list[str]
    directors: list[str]


def ranking_texts(
    search_fields: SearchFields,
    *,
    titles: Sequence[str],
    directors: Sequence[str],
    writers: Sequence[str],
    actors: Sequence[str],
) -> RankingTexts:
    """Return a film's texts for ranking.

    The names of all searched people take the place of the directors; if titles are not searched,
    they take the place of the titles.
    """
    people = {"director": directors, "writer": writers, "cast": actors}
    names = [
        name
        for field, field_names in people.items()
        if field in search_fields
        for name in field_names
    ]
    names = list(dict.fromkeys(names))  # somebody who writes and directs is one name
    if "title" in search_fields:
        return {"title": titles[0], "aliases": [*titles[1:]], "directors": names}
    return {"title": names[0] if names else NO_TEXT, "aliases": names[1:], "directors": []}

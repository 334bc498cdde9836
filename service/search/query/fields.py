"""Where words are looked for: titles and directors by default, cast, writers and plot when asked.

A plan is made for titles and directors; this takes out of it what is not wanted and adds what is.
Ranking compares names and titles letter by letter, so names can stand in for titles; a plot is too
long for that and counts by its words alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypedDict

from service.search.query.plan import MIN_FUZZY_LENGTH, Clause, Field, Group, Plan, Slot
from service.search.vocabulary.vocabulary import CAST, WRITER, Vocabulary

SearchField = Literal["title", "director", "cast", "writer", "plot"]
SearchFields = frozenset[SearchField]

DEFAULT_FIELDS: SearchFields = frozenset({"title", "director"})

NAME_WEIGHT, NAME_EDIT_WEIGHT, PLOT_WEIGHT = 0.80, 0.50, 0.50  # beside the same word in a title
NO_TEXT = "–"  # stands where a film has none of the texts that are looked at

_NAME_FIELDS: dict[Field, int] = {"cast": CAST, "writer": WRITER}
"""The parts that are people, each a field of its own, and where their words stand."""

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


def restrict_plan(plan: Plan, scope: SearchFields, vocabulary: Vocabulary, *, typos: bool) -> Plan:
    """`plan` with clauses for the parts of `scope` alone, with `typos` for misspelt names too."""
    if scope == DEFAULT_FIELDS:
        return plan
    fields: set[Field] = {"year"}
    if "title" in scope:
        fields.update(_TITLE_FIELDS)
    if "director" in scope:
        fields.update(_DIRECTOR_FIELDS)
    if len(fields) > 1:
        fields.update(_SHARED_FIELDS)

    def kept(slots: Sequence[Slot]) -> tuple[Slot, ...]:
        added = (
            (slot, _extra_clauses(slot.clauses[0], scope, vocabulary, typos)) for slot in slots
        )
        new = ((s, [c for c in s.clauses if c.field in fields] + more) for s, more in added)
        return tuple(replace(slot, clauses=tuple(clauses)) for slot, clauses in new if clauses)

    groups = tuple(Group(kept(group.slots), group.min_matches) for group in plan.groups)
    whole = plan.full_title if "title" in scope else None
    return Plan(tuple(g for g in groups if g.is_possible), kept(plan.optional), whole)


def _extra_clauses(
    exact: Clause, scope: SearchFields, vocabulary: Vocabulary, typos: bool
) -> list[Clause]:
    """What a slot has beside titles and directors, by its first clause."""
    if exact.field != "title":
        return []
    found: list[Clause] = []
    for field, place in _NAME_FIELDS.items():
        if field in scope:
            found += _name_clauses(field, place, exact, vocabulary, typos)
    if "plot" in scope:
        found.append(Clause("plot", exact.terms, PLOT_WEIGHT * exact.weight))
    return found


def _name_clauses(
    field: Field, place: int, exact: Clause, vocabulary: Vocabulary, typos: bool
) -> list[Clause]:
    """A word among the names of one part; an engine is not asked for what no name there has."""
    found = []
    names, word = vocabulary.names, exact.terms[0]
    if not all(names.surely_absent(term, place) for term in exact.terms):
        found.append(Clause(field, exact.terms, NAME_WEIGHT * exact.weight))
    if typos and len(word) >= MIN_FUZZY_LENGTH and not word.isdigit():
        terms = tuple(near.word for near in names.expand(word, 1) if near.field_mask & place)
        if terms:
            found.append(Clause(field, terms, NAME_EDIT_WEIGHT * exact.weight))
    return found


class RankingTexts(TypedDict):
    """What ranking looks at."""

    title: str
    aliases: list[str]
    directors: list[str]


def ranking_texts(
    fields: SearchFields,
    *,
    titles: Sequence[str],
    directors: Sequence[str],
    writers: Sequence[str],
    actors: Sequence[str],
) -> RankingTexts:
    """A film's texts for ranking; without titles in `scope` its people's names are its titles."""
    people = {"director": directors, "writer": writers, "cast": actors}
    names = [name for part, theirs in people.items() if part in fields for name in theirs]
    names = list(dict.fromkeys(names))  # who writes and directs is one name
    if "title" in fields:
        return {"title": titles[0], "aliases": [*titles[1:]], "directors": names}
    return {"title": names[0] if names else NO_TEXT, "aliases": names[1:], "directors": []}

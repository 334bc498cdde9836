"""Where words are looked for: titles and directors by default, cast and plot when asked.

A plan is made for titles and directors; this takes out of it what is not wanted and adds what is.
Ranking compares names and titles letter by letter, so names can stand in for titles; a plot is too
long for that and counts by its words alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypedDict

from service.search.plan import SHORTEST_FUZZY, Clause, Field, Group, Plan, Slot
from service.search.vocabulary import CAST, Vocabulary

Part = Literal["title", "director", "cast", "plot"]
Scope = frozenset[Part]

DEFAULT: Scope = frozenset({"title", "director"})

CAST_WORTH, CAST_EDIT, PLOT_WORTH = 0.80, 0.50, 0.50  # beside the same word in a title
NO_NAME = "–"  # stands where a film has none of the texts that are looked at

_TITLE: tuple[Field, ...] = ("title", "alt", "joined", "edge", "whole", "whole_edge", "initials")
_DIRECTOR: tuple[Field, ...] = ("director", "director_edge")
_EITHER: tuple[Field, ...] = ("grams", "sound")


def scoped(plan: Plan, scope: Scope, vocabulary: Vocabulary | None) -> Plan:
    """`plan` with clauses for the parts of `scope` alone; typos of the cast by `vocabulary`."""
    if scope == DEFAULT:
        return plan
    fields: set[Field] = {"year"}
    if "title" in scope:
        fields.update(_TITLE)
    if "director" in scope:
        fields.update(_DIRECTOR)
    if len(fields) > 1:
        fields.update(_EITHER)

    def kept(slots: Sequence[Slot]) -> tuple[Slot, ...]:
        return tuple(new for s in slots if (new := _kept(s, scope, fields, vocabulary)).clauses)

    groups = [replace(group, slots=kept(group.slots)) for group in plan.groups]
    groups = [Group(g.slots, min(g.needed, len(g.slots))) for g in groups if g.slots]
    whole = plan.whole if "title" in scope else None
    return Plan(tuple(groups), kept(plan.extra), whole)


def _kept(slot: Slot, scope: Scope, fields: set[Field], vocabulary: Vocabulary | None) -> Slot:
    clauses = [clause for clause in slot.clauses if clause.field in fields]
    exact = slot.clauses[0]
    if exact.field == "title":
        if "cast" in scope:
            clauses.append(Clause("cast", exact.terms, CAST_WORTH * exact.worth))
            clauses += _cast_edits(exact, vocabulary)
        if "plot" in scope:
            clauses.append(Clause("plot", exact.terms, PLOT_WORTH * exact.worth))
    return replace(slot, clauses=tuple(clauses))


def _cast_edits(exact: Clause, vocabulary: Vocabulary | None) -> list[Clause]:
    word = exact.terms[0]
    if vocabulary is None or len(word) < SHORTEST_FUZZY or word.isdigit():
        return []
    terms = tuple(near.word for near in vocabulary.expand(word, 1) if near.places & CAST)
    return [Clause("cast", terms, CAST_EDIT * exact.worth)] if terms else []


class Seen(TypedDict):
    """What ranking looks at."""

    title: str
    aliases: list[str]
    directors: list[str]


def seen(
    scope: Scope, *, titles: Sequence[str], directors: Sequence[str], actors: Sequence[str]
) -> Seen:
    """A film's texts for ranking; without titles in `scope` its people's names are its titles."""
    names = [*directors] if "director" in scope else []
    names += actors if "cast" in scope else []
    if "title" in scope:
        return {"title": titles[0], "aliases": [*titles[1:]], "directors": names}
    return {"title": names[0] if names else NO_NAME, "aliases": names[1:], "directors": []}

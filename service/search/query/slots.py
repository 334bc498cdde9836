"""Slots: the alternative ways in which a film can have a word of a query, each with a weight.

A word may be typed in full, as a prefix, misspelt, joined with its neighbour or written another
way; the words together may be a full title. The weights were measured with queries for known films.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from service.search.index.document import (
    MAX_EDGE,
    MAX_FULL_TITLE_EDGE,
    MAX_NGRAM,
    MAX_WORD,
    MIN_NGRAM,
)
from service.search.query.noise import STOP_WORDS
from service.search.query.parser import YEAR, Query
from service.search.query.synonyms import abbreviation_counterpart
from service.search.query.typo_budget import (
    MIN_FUZZY_LENGTH,
    MIN_SHORT_FUZZY_LENGTH,
    ONE_EDIT,
    TWO_EDITS,
    find_near_pairs,
    find_near_prefixes,
    find_near_titles,
    find_near_words,
    find_other_numbers,
)
from service.search.vocabulary.fuzzy_term_index import NearTerm
from service.search.vocabulary.vocabulary import (
    ALIAS,
    DIRECTOR,
    FULL_TITLE,
    JOINED,
    TITLE,
    Vocabulary,
)
from service.text import numerals
from service.text.analysis import MIN_INITIALS, is_unspaced, without_article
from service.text.phonetics import phonetic_key
from service.text.titles import full_title_keys, unique

Field = Literal[
    "title", "alt", "director", "cast", "writer", "plot", "joined", "whole",
    "edge", "director_edge", "cast_edge", "writer_edge", "whole_edge", "grams", "sound",
    "initials", "year",
]  # fmt: skip

# Weights of a match by field and edits, measured with queries for known films.
EXACT_WEIGHTS: dict[Field, float] = {"title": 1.0, "alt": 0.90, "joined": 0.90, "director": 0.85}
ONE_EDIT_WEIGHTS: dict[Field, float] = {
    "title": 0.62,
    "alt": 0.56,
    "joined": 0.56,
    "director": 0.53,
}
TWO_EDITS_WEIGHTS: dict[Field, float] = {"title": 0.42, "alt": 0.38, "director": 0.36}
SHORT_WORD_EDIT_WEIGHTS: dict[Field, float] = {"title": 0.37, "director": 0.32}  # of three letters
LAST_PREFIX_WEIGHTS: dict[Field, float] = {"edge": 0.80, "director_edge": 0.80}
INNER_PREFIX_WEIGHT = 0.45
INNER_PART_WEIGHT = 0.45  # of letters anywhere in a title without blanks
PREFIX_EDIT_WEIGHTS: dict[Field, float] = {"edge": 0.50, "director_edge": 0.43}
PAIR_WEIGHT, PAIR_EDIT_WEIGHT = 0.85, 0.53
PHONETIC_WEIGHT = 0.50  # of a word that sounds the same, if the typed word does not exist
INITIALS_WEIGHT = 2.0  # of a title's initials, which stand for all its words
FULL_TITLE_WEIGHT = 3.0
FULL_TITLE_PREFIX_WEIGHT = 0.80
FULL_TITLE_EDIT_WEIGHT = 0.75
SIMILAR_TITLE_WEIGHT = 2.0  # of a film that is far better known than those with the typed words
FULL_TITLE_PREFIX_EDIT_WEIGHT = 0.56
TITLE_RUN_WEIGHT = 1.0  # of a full title among other words
YEAR_WEIGHT, NEAR_YEAR_WEIGHT = 0.90, 0.45

MAX_INITIALS_LENGTH = 7
MAX_PARTS = 6  # pieces of one word that are looked up
MIN_TITLE_RUN_LENGTH = 2  # letters
MAX_TITLE_RUNS = 12  # full titles that are looked for in one query

FIELD_MASKS: dict[Field, int] = {
    "title": TITLE,
    "alt": ALIAS,
    "director": DIRECTOR,
    "joined": JOINED,
    "whole": FULL_TITLE,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """Films that have any of `terms` in `field` score `weight`."""

    field: Field
    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Slot:
    """The alternative clauses for one word: the best one counts, `multiplicity` times.

    The multiplicity is 2 for a pair of words run together, else 1.
    """

    clauses: tuple[Clause, ...]
    multiplicity: int = 1


def word_slot(
    word: str,
    vocabulary: Vocabulary | None,
    is_last: bool,
    factor: float = 1.0,
    *,
    relaxed: bool = False,
    is_numeral: bool = True,
) -> Slot:
    """Return the ways to have a word; without a vocabulary, only those of the word as typed."""
    counterpart = abbreviation_counterpart(word)
    numbers = numerals.query_forms(word) if is_numeral else (word,)
    forms = (*numbers, *([counterpart] if counterpart else []))
    clauses = [Clause(field, forms, factor * weight) for field, weight in EXACT_WEIGHTS.items()]
    if is_last and len(word) <= MAX_EDGE:
        clauses += [
            Clause(field, (word,), factor * weight) for field, weight in LAST_PREFIX_WEIGHTS.items()
        ]
    elif MAX_EDGE >= len(word) >= MIN_FUZZY_LENGTH:
        clauses.append(Clause("edge", (word,), factor * INNER_PREFIX_WEIGHT))
    if MIN_NGRAM <= len(word) <= MAX_NGRAM and is_unspaced(word):
        clauses.append(Clause("grams", (word,), factor * INNER_PART_WEIGHT))
    if vocabulary is not None and not word.isdigit():
        clauses += _typo_clauses(word, vocabulary, relaxed)
        if is_last and len(word) >= MIN_FUZZY_LENGTH and not vocabulary.has_prefix(word):
            clauses += _prefix_typo_clauses(word, vocabulary)
    return Slot(tuple(clauses))


def literal_slot(word: str, is_last: bool) -> Slot:
    """Return the ways to have a word as typed: not misspelt, and only the last one unfinished."""
    slot = word_slot(word, None, is_last)
    clauses = [clause for clause in slot.clauses if clause.weight != INNER_PREFIX_WEIGHT]
    if YEAR.fullmatch(word):
        clauses.append(Clause("year", (word,), YEAR_WEIGHT))
    return Slot(tuple(clauses))


def part_slots(word: str) -> list[Slot]:
    """Return slots for the pieces of a long word without blanks, which may be a part of a title."""
    if len(word) <= MAX_NGRAM or not is_unspaced(word):
        return []
    starts = [*range(0, len(word) - MAX_NGRAM, MAX_NGRAM), len(word) - MAX_NGRAM][:MAX_PARTS]
    pieces = [word[start : start + MAX_NGRAM] for start in starts]
    return [Slot((Clause("grams", (piece,), INNER_PART_WEIGHT),)) for piece in pieces]


def _typo_clauses(word: str, vocabulary: Vocabulary, relaxed: bool) -> list[Clause]:
    """Return clauses for words one or two edits away, and more for a word that does not exist."""
    length = len(word)
    if length < MIN_SHORT_FUZZY_LENGTH:
        return []
    is_known = bool(vocabulary.fields_of(word) & (TITLE | ALIAS | DIRECTOR))
    unknown_clauses = [] if is_known else _unknown_clauses(word)
    near = find_near_words(word, vocabulary, is_known=is_known, relaxed=relaxed)
    if length < MIN_FUZZY_LENGTH and not relaxed:
        return unknown_clauses + _clauses_by_field(SHORT_WORD_EDIT_WEIGHTS, near, ONE_EDIT)
    return (
        unknown_clauses
        + _clauses_by_field(ONE_EDIT_WEIGHTS, near, ONE_EDIT)
        + _clauses_by_field(TWO_EDITS_WEIGHTS, near, TWO_EDITS)
    )


def _unknown_clauses(word: str) -> list[Clause]:
    """Return clauses for a word that does not exist: its sound, and titles with these initials."""
    clauses = []
    if key := phonetic_key(word):
        clauses.append(Clause("sound", (key,), PHONETIC_WEIGHT))
    if MIN_INITIALS <= len(word) <= MAX_INITIALS_LENGTH:
        clauses.append(Clause("initials", (word,), INITIALS_WEIGHT))
    return clauses


def _prefix_typo_clauses(word: str, vocabulary: Vocabulary) -> list[Clause]:
    """Return clauses for prefixes of words that are one edit away from `word`."""
    near = find_near_prefixes(word, vocabulary)
    field_masks = {"edge": TITLE | ALIAS, "director_edge": DIRECTOR}
    clauses = []
    for field, weight in PREFIX_EDIT_WEIGHTS.items():
        terms = tuple(
            n.word for n in near if n.field_mask & field_masks[field] and len(n.word) <= MAX_EDGE
        )
        if terms:
            clauses.append(Clause(field, terms, weight))
    return clauses


def _clauses_by_field(
    weights: dict[Field, float], near: Iterable[NearTerm], edits: int
) -> list[Clause]:
    """Return a clause per field with the terms that occur there and are `edits` away."""
    clauses = []
    for field, weight in weights.items():
        terms = tuple(
            n.word for n in near if n.edits == edits and n.field_mask & FIELD_MASKS[field]
        )
        if terms:
            clauses.append(Clause(field, terms, weight))
    return clauses


def pair_slot(pair: str) -> Slot:
    """Return the ways to have two neighbouring words as one."""
    fields: tuple[Field, ...] = ("title", "alt", "director", "joined")
    return Slot(tuple([Clause(field, (pair,), PAIR_WEIGHT) for field in fields]), multiplicity=2)


def pair_slots(core: tuple[str, ...], vocabulary: Vocabulary | None) -> list[Slot]:
    """Return a slot for each two neighbouring words, run together."""
    slots = []
    for left, right in pairwise(core):
        if left in STOP_WORDS and right in STOP_WORDS:
            continue
        pair = left + right
        clauses = list(pair_slot(pair).clauses)
        if vocabulary is not None and _may_be_one_word(left, right, vocabulary):
            clauses += _clauses_by_field(
                {"title": PAIR_EDIT_WEIGHT, "alt": PAIR_EDIT_WEIGHT, "joined": PAIR_EDIT_WEIGHT},
                find_near_pairs(pair, vocabulary),
                ONE_EDIT,
            )
        slots.append(Slot(tuple(clauses), multiplicity=2))
    return slots


def _may_be_one_word(left: str, right: str, vocabulary: Vocabulary) -> bool:
    """Return whether two words may be one misspelt word: not if both exist by themselves."""
    pair = left + right
    if len(pair) <= MIN_FUZZY_LENGTH or pair.isdigit():
        return False
    return not (left in vocabulary and right in vocabulary)


def full_title_slot(
    query: Query, vocabulary: Vocabulary | None, relaxed: bool, similar_titles: tuple[str, ...] = ()
) -> Slot:
    """Return the ways in which a title can be what was typed as a whole, or a similar one."""
    titles = query.full_titles
    clauses = [Clause("whole", titles, FULL_TITLE_WEIGHT)]
    prefixes = tuple(title for title in titles if len(title) <= MAX_FULL_TITLE_EDGE)
    if prefixes:
        clauses.append(Clause("whole_edge", prefixes, FULL_TITLE_PREFIX_WEIGHT))
    if similar_titles:
        clauses.append(Clause("whole", similar_titles, SIMILAR_TITLE_WEIGHT))
    if vocabulary is not None and (runs := _find_title_runs(query, vocabulary)):
        clauses.append(Clause("whole", runs, TITLE_RUN_WEIGHT))
    shortest = min(full_title_keys(list(query.title)), key=len)
    if (
        vocabulary is not None
        and MAX_WORD >= len(shortest) >= MIN_FUZZY_LENGTH
        and not shortest.isdigit()
    ):
        near_titles = find_near_titles(shortest, vocabulary, relaxed=relaxed)
        terms = unique(near.word for near in near_titles)
        if relaxed or not terms:
            words = without_article(list(query.title))
            terms = unique((*terms, *find_other_numbers(words, vocabulary)))
        if terms:
            clauses.append(Clause("whole", terms, FULL_TITLE_EDIT_WEIGHT))
        if near_titles and not relaxed:
            return Slot(tuple(clauses))  # a near title is meant, so its prefixes are not
        near_prefixes = tuple(
            n.word
            for n in find_near_prefixes(shortest, vocabulary)
            if n.field_mask & FULL_TITLE and len(n.word) <= MAX_FULL_TITLE_EDGE
        )
        if near_prefixes:
            clauses.append(Clause("whole_edge", near_prefixes, FULL_TITLE_PREFIX_EDIT_WEIGHT))
    return Slot(tuple(clauses))


def _find_title_runs(query: Query, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the full titles that stand in the query beside other words."""
    runs = (run for run in query.title_runs if len(run) >= MIN_TITLE_RUN_LENGTH)
    titles = [run for run in runs if run in vocabulary and vocabulary.fields_of(run) & FULL_TITLE]
    return tuple(sorted(titles, key=lambda run: (-len(run), run))[:MAX_TITLE_RUNS])


def year_slot(word: str) -> Slot:
    """Return the ways in which a film can have a year: in its title, or as its own."""
    near_years = (str(int(word) - 1), str(int(word) + 1))
    clauses = [Clause(field, (word,), weight) for field, weight in EXACT_WEIGHTS.items()]
    return Slot(
        (
            *clauses,
            Clause("year", (word,), YEAR_WEIGHT),
            Clause("year", near_years, NEAR_YEAR_WEIGHT),
        )
    )

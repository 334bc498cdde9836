"""A query turned into clauses of exact terms, which every engine translates word for word.

Each word of the query is a slot: the ways in which a film can have it, each with what it is worth,
of which the best one counts. Slots are summed. Constant worths instead of term statistics, because
over misspelt words statistics rank the rare above the right; and exact terms only, taken from the
vocabulary, because then both engines are fast and find the same.

Bounds, whatever is typed: 16 words, 15 neighbouring pairs, at most 64 terms in a clause, 12 clauses
in a slot."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from service.search.index.document import MAX_EDGE, MAX_FULL_TITLE_EDGE, MAX_WORD
from service.search.query.parser import STOP_WORD_WEIGHT, STOP_WORDS, Query
from service.search.query.synonyms import abbreviation_counterpart
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
from service.text.analysis import MIN_INITIALS, character_ngrams
from service.text.phonetics import phonetic_key
from service.text.titles import full_title_keys

Field = Literal[
    "title", "alt", "director", "cast", "writer", "plot", "joined", "whole",
    "edge", "director_edge", "whole_edge", "grams", "sound", "initials", "year",
]  # fmt: skip

MAX_SLOTS = 16  # words of a query that are looked up; the others only count in ranking
MAX_NGRAMS = 48  # grams of the fallback: enough for 25 letters


# Worth of a match by place and edits, measured on known-item queries.
EXACT_WEIGHTS: dict[Field, float] = {"title": 1.0, "alt": 0.90, "joined": 0.90, "director": 0.85}
ONE_EDIT_WEIGHTS: dict[Field, float] = {
    "title": 0.62,
    "alt": 0.56,
    "joined": 0.56,
    "director": 0.53,
}
TWO_EDITS_WEIGHTS: dict[Field, float] = {"title": 0.42, "alt": 0.38, "director": 0.36}
SHORT_WORD_EDIT_WEIGHTS: dict[Field, float] = {"title": 0.37, "director": 0.32}  # in three letters
LAST_PREFIX_WEIGHTS: dict[Field, float] = {"edge": 0.80, "director_edge": 0.80}
INNER_PREFIX_WEIGHT = 0.45
PREFIX_EDIT_WEIGHTS: dict[Field, float] = {"edge": 0.50, "director_edge": 0.43}
PAIR_WEIGHT, PAIR_EDIT_WEIGHT = 0.85, 0.53
PHONETIC_WEIGHT = 0.50  # a word that sounds the same, when the typed one does not exist
INITIALS_WEIGHT = 2.0  # a word that is a title's initials stands for all of it
(
    FULL_TITLE_WEIGHT,
    FULL_TITLE_PREFIX_WEIGHT,
    FULL_TITLE_EDIT_WEIGHT,
    FULL_TITLE_PREFIX_EDIT_WEIGHT,
) = (
    3.0,
    0.80,
    0.75,
    0.56,
)
YEAR_WEIGHT, NEAR_YEAR_WEIGHT = 0.90, 0.45
MIN_NGRAM_SHARE, NGRAMS_WEIGHT = 0.4, 2.0  # of all pieces: what a hit needs, what all of them count

MAX_INITIALS_LENGTH = 7
MIN_FUZZY_LENGTH = 4  # letters; shorter words are one edit from anything
MIN_TWO_EDITS_LENGTH = 7
MIN_FULL_TITLE_TWO_EDITS_LENGTH = 9

FIELD_MASKS: dict[Field, int] = {
    "title": TITLE,
    "alt": ALIAS,
    "director": DIRECTOR,
    "joined": JOINED,
    "whole": FULL_TITLE,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """Films that have any of `terms` in `field` get `worth`."""

    field: Field
    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Slot:
    """Ways of having one word: the best clause counts, `counts` times (a pair run together stands
    for two).
    """

    clauses: tuple[Clause, ...]
    multiplicity: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Slots of which counts worth at least `needed` make a film a hit."""

    slots: tuple[Slot, ...]
    min_matches: int

    @property
    def is_possible(self) -> bool:
        """Whether a film that has all of it has what is needed."""
        return sum(slot.multiplicity for slot in self.slots) >= self.min_matches


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine is asked for.

    A film is a hit when any of `groups` has what it needs, or when the `full_title` slot matches.
    Its score is the sum of all slots that match, `extra` ones included, times its document's boost.
    """

    groups: tuple[Group, ...]
    optional: tuple[Slot, ...] = ()
    full_title: Slot | None = None

    @property
    def matches_nothing(self) -> bool:
        """Whether no film can be a hit, so that an engine need not be asked."""
        return not self.groups and self.full_title is None

    @classmethod
    def exact(cls, query: Query) -> "Plan":
        """Words as they are typed and beginnings: what a well-spelt query needs."""
        return _build(query, None, relaxed=False)

    @classmethod
    def fuzzy(cls, query: Query, vocabulary: Vocabulary) -> "Plan":
        """Everything the query may mean, with the vocabulary's words for its typos."""
        return _build(query, vocabulary, relaxed=False)

    @classmethod
    def relaxed(cls, query: Query, vocabulary: Vocabulary) -> "Plan":
        """For queries of which too little was explained: any one of the words, or enough grams."""
        plan = _build(query, vocabulary, relaxed=True)
        words = Group(plan.groups[0].slots, 1)
        pieces = character_ngrams(query.compact_key)[:MAX_NGRAMS]
        worth = NGRAMS_WEIGHT / len(pieces)
        slots = tuple(Slot((Clause("grams", (piece,), worth),)) for piece in pieces)
        needed = max(1, round(MIN_NGRAM_SHARE * len(slots)))
        return cls((words, Group(slots, needed)), plan.optional, plan.full_title)


def _build(query: Query, vocabulary: Vocabulary | None, relaxed: bool) -> Plan:
    core = query.core[:MAX_SLOTS]
    year = str(query.year) if query.year else None
    required: list[Slot] = []
    extra: list[Slot] = []
    doubted = _find_unknown_words(core, vocabulary, relaxed)
    whole = _full_title_slot(query, vocabulary, relaxed)
    # A title that is nearly what was typed is meant: pairs of words are then not guessed as well.
    found = any(clause.weight == FULL_TITLE_EDIT_WEIGHT for clause in whole.clauses)
    for place, word in enumerate(core):
        last = place == len(query.core) - 1
        if word == year:
            extra.append(_year_slot(word))
        elif word in STOP_WORDS:
            extra.append(_word_slot(word, None, last, STOP_WORD_WEIGHT))
        elif place and numerals.to_digits(word).isdigit():
            extra.append(_word_slot(word, None, last))
        else:
            near = vocabulary if not doubted or word in doubted else None
            required.append(_word_slot(word, near, last, loose=relaxed))
    if not required:
        required, extra = [_word_slot(word, None, word is core[-1]) for word in core], []
    needed = _required_matches(len(required))
    required += _pair_slots(core, None if found and not relaxed else vocabulary)
    extra += [
        _word_slot(word, None, False, STOP_WORD_WEIGHT)
        for word in set(query.words) - set(query.core)
    ]
    return Plan((Group(tuple(required), needed),), tuple(extra), whole)


def _find_unknown_words(
    core: tuple[str, ...], vocabulary: Vocabulary | None, loose: bool
) -> set[str]:
    """The words that no title and no name has; where there are some, the others are taken to be
    right at first. That saves look-ups, and what it loses the loose plan finds.
    """
    if loose or vocabulary is None:
        return set()
    return {word for word in core if not vocabulary.fields_of(word) & (TITLE | ALIAS | DIRECTOR)}


def _required_matches(slot_count: int) -> int:
    """How many of the words must be there: all of two, all but one of three, 60 % of more."""
    return max(1, slot_count if slot_count < 3 else 2 if slot_count == 3 else int(0.6 * slot_count))


def _word_slot(
    word: str,
    vocabulary: Vocabulary | None,
    last: bool,
    share: float = 1.0,
    *,
    loose: bool = False,
) -> Slot:
    other = abbreviation_counterpart(word)
    forms = (*numerals.query_forms(word), *([other] if other else []))
    clauses = [Clause(field, forms, share * worth) for field, worth in EXACT_WEIGHTS.items()]
    if last and len(word) <= MAX_EDGE:
        clauses += [
            Clause(field, (word,), share * worth) for field, worth in LAST_PREFIX_WEIGHTS.items()
        ]
    elif MAX_EDGE >= len(word) >= MIN_FUZZY_LENGTH:
        clauses.append(Clause("edge", (word,), share * INNER_PREFIX_WEIGHT))
    if vocabulary is not None and not word.isdigit():
        clauses += _typo_clauses(word, vocabulary, loose)
        if last and len(word) >= MIN_FUZZY_LENGTH and not vocabulary.has_prefix(word):
            clauses += _prefix_typo_clauses(word, vocabulary)
    return Slot(tuple(clauses))


def _typo_clauses(word: str, vocabulary: Vocabulary, loose: bool) -> list[Clause]:
    """Words a letter or two away; more is tried for a word that does not exist."""
    size = len(word)
    if size < MIN_FUZZY_LENGTH - 1:
        return []
    known = vocabulary.fields_of(word) & (TITLE | ALIAS | DIRECTOR)
    unknown = [] if known else _unknown_clauses(word)
    if size < MIN_FUZZY_LENGTH and not loose:
        return unknown + _clauses_by_field(SHORT_WORD_EDIT_WEIGHTS, vocabulary.expand(word, 1), 1)
    shortest = MIN_FUZZY_LENGTH + 1 if loose else MIN_TWO_EDITS_LENGTH
    near = vocabulary.expand(word, 1)
    if not near and not known and size >= shortest:
        near = vocabulary.expand(word, 2)
    return (
        unknown
        + _clauses_by_field(ONE_EDIT_WEIGHTS, near, 1)
        + _clauses_by_field(TWO_EDITS_WEIGHTS, near, 2)
    )


def _unknown_clauses(word: str) -> list[Clause]:
    found = []
    if key := phonetic_key(word):
        found.append(Clause("sound", (key,), PHONETIC_WEIGHT))
    if MIN_INITIALS <= len(word) <= MAX_INITIALS_LENGTH:
        found.append(Clause("initials", (word,), INITIALS_WEIGHT))
    return found


def _prefix_typo_clauses(word: str, vocabulary: Vocabulary) -> list[Clause]:
    near = vocabulary.expand(word, 1, prefix=True)
    places = {"edge": TITLE | ALIAS, "director_edge": DIRECTOR}
    found = []
    for field, worth in PREFIX_EDIT_WEIGHTS.items():
        terms = tuple(
            n.word for n in near if n.field_mask & places[field] and len(n.word) <= MAX_EDGE
        )
        if terms:
            found.append(Clause(field, terms, worth))
    return found


def _clauses_by_field(
    worths: dict[Field, float], near: Iterable[NearTerm], edits: int
) -> list[Clause]:
    found = []
    for field, worth in worths.items():
        terms = tuple(
            n.word for n in near if n.edits == edits and n.field_mask & FIELD_MASKS[field]
        )
        if terms:
            found.append(Clause(field, terms, worth))
    return found


def _pair_slots(core: tuple[str, ...], vocabulary: Vocabulary | None) -> list[Slot]:
    slots = []
    for left, right in pairwise(core):
        if left in STOP_WORDS and right in STOP_WORDS:
            continue
        pair = left + right
        clauses = [
            Clause(field, (pair,), PAIR_WEIGHT) for field in ("title", "alt", "director", "joined")
        ]
        if vocabulary is not None and _may_be_one_word(left, right, vocabulary):
            near = vocabulary.expand(pair, 1)
            clauses += _clauses_by_field(
                {"title": PAIR_EDIT_WEIGHT, "alt": PAIR_EDIT_WEIGHT, "joined": PAIR_EDIT_WEIGHT},
                near,
                1,
            )
        slots.append(Slot(tuple(clauses), multiplicity=2))
    return slots


def _may_be_one_word(left: str, right: str, vocabulary: Vocabulary) -> bool:
    """Whether two words may be one with a letter off: not if each is a word of its own."""
    pair = left + right
    if len(pair) <= MIN_FUZZY_LENGTH or pair.isdigit():
        return False
    return not (left in vocabulary and right in vocabulary)


def _full_title_slot(query: Query, vocabulary: Vocabulary | None, loose: bool) -> Slot:
    forms = query.full_titles
    clauses = [Clause("whole", forms, FULL_TITLE_WEIGHT)]
    beginnings = tuple(form for form in forms if len(form) <= MAX_FULL_TITLE_EDGE)
    if beginnings:
        clauses.append(Clause("whole_edge", beginnings, FULL_TITLE_PREFIX_WEIGHT))
    guessed = min(full_title_keys(list(query.title)), key=len)
    if (
        vocabulary is not None
        and MAX_WORD >= len(guessed) >= MIN_FUZZY_LENGTH
        and not guessed.isdigit()
    ):
        near = _clauses_by_field(
            {"whole": FULL_TITLE_EDIT_WEIGHT}, vocabulary.expand(guessed, 1), 1
        )
        if not near and loose and len(guessed) >= MIN_FULL_TITLE_TWO_EDITS_LENGTH:
            near = _clauses_by_field(
                {"whole": FULL_TITLE_EDIT_WEIGHT}, vocabulary.expand(guessed, 2), 2
            )
        clauses += near
        if near and not loose:
            return Slot(tuple(clauses))  # a title that is nearly what was typed: no beginnings
        starts = vocabulary.expand(guessed, 1, prefix=True)
        terms = tuple(
            n.word
            for n in starts
            if n.field_mask & FULL_TITLE and len(n.word) <= MAX_FULL_TITLE_EDGE
        )
        if terms:
            clauses.append(Clause("whole_edge", terms, FULL_TITLE_PREFIX_EDIT_WEIGHT))
    return Slot(tuple(clauses))


def _year_slot(word: str) -> Slot:
    near = (str(int(word) - 1), str(int(word) + 1))
    clauses = [Clause(field, (word,), worth) for field, worth in EXACT_WEIGHTS.items()]
    return Slot(
        (*clauses, Clause("year", (word,), YEAR_WEIGHT), Clause("year", near, NEAR_YEAR_WEIGHT))
    )

"""Plans: a query as clauses of exact terms, which every engine translates word for word.

Each word of the query is a slot: the alternative ways in which a film can have the word, each with
a weight. The best clause of a slot counts, and the slots are summed. Weights are constants instead
of term statistics, because for misspelt words statistics rank rare words above the right ones.
Terms are exact, taken from the vocabulary, because then both engines are fast and find the same.

A plan is bounded for any query: 16 words, 15 neighbouring pairs, at most 64 terms in a clause and
12 clauses in a slot.
"""

from dataclasses import dataclass, replace

from service.search.query.parser import STOP_WORD_WEIGHT, Query
from service.search.query.slots import (
    FULL_TITLE_EDIT_WEIGHT,
    FULL_TITLE_WEIGHT,
    Clause,
    Slot,
    full_title_slot,
    literal_slot,
    pair_slot,
    pair_slots,
    part_slots,
    word_slot,
    year_slot,
)
from service.search.vocabulary.vocabulary import ALIAS, DIRECTOR, TITLE, Vocabulary
from service.text import numerals
from service.text.analysis import character_ngrams, joined_pairs
from service.text.titles import full_title_keys, unique

MAX_SLOTS = 16  # words of a query that are looked up; further words only count in ranking
MAX_NGRAMS = 48  # of a relaxed plan: enough for 25 letters
MIN_NGRAM_SHARE = 0.4  # of all n-grams of the query, for a hit
NGRAMS_WEIGHT = 2.0  # of all n-grams together


@dataclass(frozen=True, slots=True)
class Group:
    """Slots that make a film a hit if the matching ones have `min_matches` in multiplicity."""

    slots: tuple[Slot, ...]
    min_matches: int

    @property
    def is_possible(self) -> bool:
        """Whether a film that matches all slots reaches `min_matches`."""
        return sum(slot.multiplicity for slot in self.slots) >= self.min_matches


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine searches for.

    A film is a hit if it has the matches that any of `groups` needs, or if the `full_title` slot
    matches. Its score is the sum of all slots that match, the `optional` ones included, times the
    boost of its document.
    """

    groups: tuple[Group, ...]
    optional: tuple[Slot, ...] = ()
    full_title: Slot | None = None

    @property
    def matches_nothing(self) -> bool:
        """Whether no film can be a hit, so that no engine is needed."""
        return not self.groups and self.full_title is None

    @property
    def clauses(self) -> list[Clause]:
        """All clauses, in no order."""
        slots = [slot for group in self.groups for slot in group.slots]
        slots += [*self.optional, *([self.full_title] if self.full_title else [])]
        return [clause for slot in slots for clause in slot.clauses]

    @classmethod
    def exact(cls, query: Query, similar_titles: tuple[str, ...] = ()) -> "Plan":
        """Plan for the words as they are typed and their prefixes, for well-spelt queries.

        Films with one of the `similar_titles` in full are hits as well.
        """
        return _build(query, None, relaxed=False, similar_titles=similar_titles)

    @classmethod
    def full_titles(cls, titles: tuple[str, ...]) -> "Plan":
        """Plan for films with one of these full titles."""
        return cls((), (), Slot((Clause("whole", titles, FULL_TITLE_WEIGHT),)))

    @classmethod
    def every_word(cls, query: Query, vocabulary: Vocabulary) -> "Plan":
        """Plan for films that have every word as it is typed, or are titled so.

        Two neighbouring words may be one in the film, so each such pair makes a group of its own.
        """
        core = query.core[:MAX_SLOTS]
        content = [place for place, word in enumerate(core) if word not in query.minor_words]
        content = content or list(range(len(core)))
        last = len(query.core) - 1
        slots = {place: literal_slot(core[place], place == last) for place in content}
        groups = [Group(tuple(slots.values()), len(slots))]
        for place, pair in enumerate(joined_pairs(list(core))):
            if pair in vocabulary and not slots.keys().isdisjoint((place, place + 1)):
                others = [slot for at, slot in slots.items() if at not in (place, place + 1)]
                groups.append(Group((pair_slot(pair), *others), len(others) + 2))
        minor = [word for word in core if word in query.minor_words]
        optional = [word_slot(word, None, False, STOP_WORD_WEIGHT) for word in minor]
        keys = unique(key for words in (core, query.words) for key in full_title_keys(list(words)))
        full_title = Slot((Clause("whole", keys, FULL_TITLE_WEIGHT),))
        return cls(tuple(groups), tuple(optional) if len(content) < len(core) else (), full_title)

    @classmethod
    def fuzzy(cls, query: Query, vocabulary: Vocabulary) -> "Plan":
        """Plan for everything the query may mean, with the vocabulary's words for its typos."""
        return _build(query, vocabulary, relaxed=False)

    @classmethod
    def relaxed(cls, query: Query, vocabulary: Vocabulary) -> "Plan":
        """Plan for any word or enough n-grams, if too little of the query is explained."""
        plan = _build(query, vocabulary, relaxed=True)
        any_word = Group(plan.groups[0].slots, 1)
        ngrams = character_ngrams(query.compact_key)[:MAX_NGRAMS]
        weight = NGRAMS_WEIGHT / len(ngrams)
        slots = tuple(Slot((Clause("grams", (ngram,), weight),)) for ngram in ngrams)
        min_matches = max(1, round(MIN_NGRAM_SHARE * len(slots)))
        return cls((any_word, Group(slots, min_matches)), plan.optional, plan.full_title)


def _build(
    query: Query,
    vocabulary: Vocabulary | None,
    relaxed: bool,
    similar_titles: tuple[str, ...] = (),
) -> Plan:
    core = query.core[:MAX_SLOTS]
    year = str(query.year) if query.year else None
    required: list[Slot] = []
    optional: list[Slot] = []
    match_count = 0  # of the words that are required; a long one without blanks counts by its parts
    unknown_words = _find_unknown_words(core, vocabulary, relaxed)
    full_title = full_title_slot(query, vocabulary, relaxed, similar_titles)
    # A title that is nearly what was typed is meant: pairs of words are then not corrected as well.
    has_near_title = any(clause.weight == FULL_TITLE_EDIT_WEIGHT for clause in full_title.clauses)
    for position, word in enumerate(core):
        is_last = position == len(query.core) - 1
        is_numeral = not (is_last and query.has_unfinished_numeral)
        if word == year:
            optional.append(year_slot(word))
        elif word in query.minor_words:
            optional.append(word_slot(word, None, is_last, STOP_WORD_WEIGHT))
        elif position and numerals.is_number(word):
            optional.append(word_slot(word, None, is_last, is_numeral=is_numeral))
        else:
            expander = vocabulary if not unknown_words or word in unknown_words else None
            slot = word_slot(word, expander, is_last, relaxed=relaxed, is_numeral=is_numeral)
            parts = part_slots(word)
            required += [replace(slot, multiplicity=max(1, len(parts))), *parts]
            match_count += max(1, len(parts))
    if not required:
        required, optional = [word_slot(word, None, word is core[-1]) for word in core], []
        match_count = len(required)
    min_matches = _required_matches(match_count)
    required += pair_slots(core, None if has_near_title and not relaxed else vocabulary)
    optional += [
        word_slot(word, None, False, STOP_WORD_WEIGHT)
        for word in set(query.words) - set(query.core)
    ]
    return Plan((Group(tuple(required), min_matches),), tuple(optional), full_title)


def _find_unknown_words(
    core: tuple[str, ...], vocabulary: Vocabulary | None, relaxed: bool
) -> set[str]:
    """Return the words that no title and no director's name has.

    If there are any, the other words are first taken to be right. That saves look-ups; films that
    are missed by it are found by the relaxed plan.
    """
    if relaxed or vocabulary is None:
        return set()
    return {word for word in core if not vocabulary.fields_of(word) & (TITLE | ALIAS | DIRECTOR)}


def _required_matches(slot_count: int) -> int:
    """Return how many of the words must match: all of two, two of three, 60 % of more."""
    return max(1, slot_count if slot_count < 3 else 2 if slot_count == 3 else int(0.6 * slot_count))

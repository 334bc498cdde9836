"""Where a film has the words of a query and how near they come: for highlights and `explain`.

It looks at the few films of one page, word by word, after ranking. So it can say more than ranking
needs: which letters of the original text match and how many of them differ. Ranges count characters
(code points) of the stored text; a list of names reads as one text with `, ` between them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.film_fields import FilmRow
from service.resilience.work_budget import WorkBudget
from service.search.query.fields import SearchField, SearchFields
from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.query.plan import MAX_SLOTS
from service.search.query.synonyms import abbreviation_counterpart
from service.search.ranking.similarity import MIN_PART_LENGTH
from service.text import numerals
from service.text.analysis import Span, initials, is_unspaced, tokenize, word_spans
from service.text.phonetics import phonetic_key

MatchField = Literal["title", "aliases", "directors", "writers", "actors", "plot"]
MatchKind = Literal[
    "exact",
    "one_letter_off",
    "two_letters_off",
    "three_letters_off",
    "beginning",
    "part",
    "beginning_one_letter_off",
    "same_sound",
    "same_number",
    "abbreviation",
    "initials",
]
"""How near a film's words come to the query's."""

TermMatches = dict[str, tuple[float, MatchKind]]
"""The words that a query's word may stand for, each with its cost."""

VALUE_SEPARATOR = ", "  # between the values of a list
MIN_SIMILARITY = 0.6  # of two words
MIN_INNER_PREFIX_LENGTH = 4  # letters of a prefix that is not the last word
MAX_PLOT_LENGTH = 5_000  # characters
MAX_CACHED_TEXTS = 20_000  # titles and names whose words are cached, about 30 MB
WORD_WORK = 0.6  # units of work, for a word of a text and a word of the query
NO_MATCH_COST = 9.0  # above the cost of every match

_EDIT_KINDS: dict[int, MatchKind] = {
    1: "one_letter_off",
    2: "two_letters_off",
    3: "three_letters_off",
}


@dataclass(frozen=True, slots=True)
class Match:
    """A range of a film's text that matches one word of the query, or two."""

    field: MatchField
    start: int
    end: int
    text: str
    kind: MatchKind


@dataclass(frozen=True)  # no slots: cached properties need a `__dict__`
class _FilmText:
    """One text of a film with the ranges of its words."""

    field: MatchField
    text: str
    spans: tuple[Span, ...]

    @classmethod
    def join(cls, field: MatchField, values: Iterable[str]) -> "_FilmText":
        """Join the values of a field to one text."""
        text = ""
        spans: list[Span] = []
        for value in values:
            start = len(text) + (len(VALUE_SEPARATOR) if text else 0)
            text += (VALUE_SEPARATOR if text else "") + value
            spans += [Span(s.word, start + s.start, start + s.end) for s in word_spans(value)]
        return cls(field, text, tuple(spans))

    def match(self, span: Span, kind: MatchKind) -> Match:
        """Return the match of a range of this text."""
        return Match(self.field, span.start, span.end, self.text[span.start : span.end], kind)

    @cached_property
    def exact(self) -> dict[str, Span]:
        """The first range of each word, then of each pair; a plot has no pairs."""
        first_spans: dict[str, Span] = {}
        for span in (*self.spans, *(() if self.field == "plot" else self.pairs)):
            first_spans.setdefault(span.word, span)
        return first_spans

    @cached_property
    def pairs(self) -> list[Span]:
        """Neighbouring words run together, as in `starwars`."""
        return [
            Span(a.word + b.word, a.start, b.end)
            for a, b in zip(self.spans, self.spans[1:], strict=False)
        ]


@lru_cache(maxsize=MAX_CACHED_TEXTS)
def _join(field: MatchField, values: tuple[str, ...]) -> _FilmText:
    """Return the text of a field with its ranges, the same object for the same text."""
    return _FilmText.join(field, values)


@lru_cache(maxsize=MAX_CACHED_TEXTS)
def _initials_of(title: str) -> frozenset[str]:
    return frozenset(initials(title, tokenize(title)))


def find_matches(
    query: Query,
    films: Sequence[FilmRow],
    fields: SearchFields,
    budget: WorkBudget | None = None,
) -> list[list[Match]]:
    """Return the matches of each film, in the order of the query's words.

    All films are searched together, since what a word may stand for is the same for all of them.
    Those that the budget does not allow have no matches.
    """
    budget = budget or WorkBudget(math.inf)
    texts: list[list[_FilmText]] = []
    for film in films:
        budget.checkpoint()
        film_texts = _film_texts(film, fields)
        count = sum(len(text.spans) for text in film_texts)
        if not budget.spend("matches", count * (1 + WORD_WORK * len(query.core[:MAX_SLOTS]))):
            break
        texts.append(film_texts)
    words = {
        word
        for film_texts in texts
        for text in film_texts
        if text.field != "plot"
        for word in text.exact
    }
    matcher = _TermMatcher(query, list(words), budget.checkpoint)
    matches: list[list[Match]] = [[] for _ in films]
    for position, film_texts in enumerate(texts):
        budget.checkpoint()
        matches[position] = _match_film(matcher, film_texts, films[position], fields)
    return matches


def _match_film(
    matcher: "_TermMatcher", texts: list[_FilmText], film: FilmRow, fields: SearchFields
) -> list[Match]:
    words = matcher.words
    single_matches = [_best_match(matcher, position, 1, texts) for position in range(len(words))]
    matches: list[Match] = []
    position = 0
    while position < len(words):
        single = single_matches[position]
        if position + 1 < len(words):
            cost = min(_cost_of(single), _cost_of(single_matches[position + 1]))
            pair = _best_match(matcher, position, 2, texts) if cost else None
            if pair is not None and pair[0] < cost:
                matches.append(pair[1])
                position += 2
                continue
        if single is not None:
            matches.append(single[1])
        elif "title" in fields and words[position] in _initials_of(film.title):
            matches.append(Match("title", 0, len(film.title), film.title, "initials"))
        position += 1
    return matches


def match_ranges(matches: Sequence[Match]) -> dict[str, list[list[int]]]:
    """Return the matched ranges by field, in order; overlapping ranges are merged."""
    ranges_by_field: dict[str, list[list[int]]] = {}
    for match in sorted(matches, key=lambda m: (m.field, m.start, m.end)):
        ranges = ranges_by_field.setdefault(match.field, [])
        if ranges and match.start <= ranges[-1][1]:
            ranges[-1][1] = max(ranges[-1][1], match.end)
        else:
            ranges.append([match.start, match.end])
    return ranges_by_field


def _film_texts(film: FilmRow, fields: SearchFields) -> list[_FilmText]:
    texts: list[_FilmText] = []
    if "title" in fields:
        texts += [_join("title", (film.title,)), _join("aliases", tuple(film.aliases))]
    people: tuple[tuple[SearchField, MatchField, list[str]], ...] = (
        ("director", "directors", film.directors),
        ("writer", "writers", film.writers),
        ("cast", "actors", film.actors),
    )
    texts += [_join(field, tuple(names)) for part, field, names in people if part in fields]
    if "plot" in fields and film.plot:
        texts.append(_FilmText.join("plot", [film.plot[:MAX_PLOT_LENGTH]]))
    return texts


def _cost_of(match: tuple[float, Match] | None) -> float:
    return NO_MATCH_COST if match is None else match[0]


def _best_match(
    matcher: "_TermMatcher", position: int, count: int, texts: list[_FilmText]
) -> tuple[float, Match] | None:
    """Return the match of lowest cost for `count` words from `position` on, with its cost.

    Of equal costs, the match in the first text is returned.
    """
    word = "".join(matcher.words[position : position + count])
    for text in texts:
        if (span := text.exact.get(word)) is not None:
            return 0.0, text.match(span, "exact")
    term_matches = matcher.find(word, is_last=position + count > matcher.last)
    best: tuple[float, Match] | None = None
    for text in texts:
        if text.field == "plot" or term_matches.keys().isdisjoint(text.exact.keys()):
            continue
        for film_word, span in text.exact.items():
            if (match := term_matches.get(film_word)) is not None and match[0] < _cost_of(best):
                part = span.narrow(word) if match[1] == "part" else span
                best = match[0], text.match(part, match[1])
    return best


class _TermMatcher:
    """Finds what words of a query may stand for among the words of a page.

    Each word is looked up when it is needed, since most words match exactly.
    """

    def __init__(self, query: Query, film_words: list[str], checkpoint: Callable[[], None]) -> None:
        self.words = query.core[:MAX_SLOTS]
        self.last = len(query.core) - 1
        self._film_words = film_words
        self._checkpoint = checkpoint
        self._matches: dict[tuple[str, bool], TermMatches] = {}

    def find(self, word: str, *, is_last: bool) -> TermMatches:
        """Return the words that `word`, or two words run together, may stand for."""
        if (matches := self._matches.get((word, is_last))) is None:
            self._checkpoint()
            matches = _find_term_matches(word, self._film_words, is_last)
            self._matches[word, is_last] = matches
        return matches


def _find_term_matches(word: str, film_words: list[str], is_last: bool) -> TermMatches:
    """Return the words that `word` may stand for; later, better kinds replace earlier ones."""
    digits = numerals.to_digits(word)
    matches: TermMatches = {}
    if word not in STOP_WORDS and not word.isdigit():
        matches = _fuzzy_term_matches(word, film_words)
        if is_last or len(word) >= MIN_INNER_PREFIX_LENGTH:
            matches |= {
                film_word: (0.5, "beginning")
                for film_word in film_words
                if film_word.startswith(word)
            }
        if len(word) >= MIN_PART_LENGTH and is_unspaced(word):
            matches |= {
                film_word: (0.6, "part")
                for film_word in film_words
                if word in film_word and not film_word.startswith(word)
            }
    if (counterpart := abbreviation_counterpart(word)) is not None:
        matches[counterpart] = 0.1, "abbreviation"
    if digits.isdigit():
        matches |= dict.fromkeys(numerals.equivalent_forms(digits), (0.1, "same_number"))
    return matches


def _fuzzy_term_matches(word: str, film_words: list[str]) -> TermMatches:
    matches: TermMatches = {}
    if (length := len(word)) >= MIN_INNER_PREFIX_LENGTH:
        prefixes = [film_word[:length] for film_word in film_words]
        for _, edits, index in _within_edits(1, word, prefixes):
            if edits == 1:
                matches[film_words[index]] = 1.5, "beginning_one_letter_off"
    if key := phonetic_key(word):
        matches |= {
            film_word: (2.5, "same_sound")
            for film_word in film_words
            if phonetic_key(film_word) == key
        }
    for film_word, edits, _ in _within_edits(len(_EDIT_KINDS), word, film_words):
        if edits in _EDIT_KINDS and 1 - edits / max(len(word), len(film_word)) >= MIN_SIMILARITY:
            matches[film_word] = float(edits), _EDIT_KINDS[edits]
    return matches


def _within_edits(max_edits: int, word: str, texts: list[str]) -> list[tuple[str, int, int]]:
    """Return (text, edits, index in `texts`) of the texts within `max_edits` of `word`."""
    return process.extract(word, texts, scorer=OSA.distance, score_cutoff=max_edits, limit=None)

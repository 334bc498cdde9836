"""Where a film has the words of a query, and how near they come: for highlights and for `why`.

It looks at the few films of one page, word by word, after ranking is done: so it can say more than
ranking needs (which letters of the original text, how many of them off). Ranges count characters
(code points) of the text as it is stored; a list of names reads as one text with `, ` between them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.film_fields import FilmRow
from service.search.query.fields import SearchFields
from service.search.query.parser import STOP_WORDS, Query
from service.search.query.plan import MAX_SLOTS
from service.search.query.synonyms import abbreviation_counterpart
from service.text import numerals
from service.text.analysis import Span, initials, tokenize, word_spans
from service.text.phonetics import phonetic_key

MatchField = Literal["title", "aliases", "directors", "writers", "actors", "plot"]
TermMatches = dict[str, tuple[float, str]]
"""Words that may stand for a typed one: what it costs to take each, and how that is said."""

VALUE_SEPARATOR = ", "  # values of a list, read as one text
MIN_SIMILARITY = 0.6  # of the letters of two words
MIN_INNER_PREFIX_LENGTH = 4  # letters of a beginning that is not the last word
MAX_PLOT_LENGTH = 5_000  # characters
MAX_CACHED_TEXTS = 20_000  # titles and names whose words are remembered, some 15 MB

_LABELS: dict[MatchField, str] = {
    "title": "title word",
    "aliases": "other title’s word",
    "directors": "director",
    "writers": "writer",
    "actors": "cast",
    "plot": "plot word",
}
_EDIT_REASONS = {1: "one letter off", 2: "two letters off", 3: "three letters off"}


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of a film's text that stands for a word, or for two, of the query."""

    field: MatchField
    start: int
    end: int
    text: str
    reason: str

    @property
    def explanation(self) -> str:
        """The same in plain words."""
        joint = " " if self.reason == "exact" else ", "
        return f"{_LABELS[self.field]} ‘{self.text}’{joint}{self.reason}"


@lru_cache(maxsize=MAX_CACHED_TEXTS)
def _cached_spans(text: str) -> tuple[Span, ...]:
    return tuple(word_spans(text))


@dataclass(frozen=True)  # no slots: they leave no place for what is worked out once
class _FilmText:
    """One of a film's texts, its words, and the same with neighbours run together."""

    field: MatchField
    text: str
    spans: tuple[Span, ...]

    @classmethod
    def join(cls, field: MatchField, values: Iterable[str]) -> "_FilmText":
        text, found = "", []
        for value in values:
            start = len(text) + (len(VALUE_SEPARATOR) if text else 0)
            text += (VALUE_SEPARATOR if text else "") + value
            known = word_spans(value) if field == "plot" else _cached_spans(value)
            found += [Span(s.word, start + s.start, start + s.end) for s in known]
        return cls(field, text, tuple(found))

    def match(self, span: Span, how: str) -> Match:
        """The piece of the text."""
        return Match(self.field, span.start, span.end, self.text[span.start : span.end], how)

    @cached_property
    def exact(self) -> dict[str, Span]:
        """Where each word stands first; pairs, but in a plot, behind all words."""
        found: dict[str, Span] = {}
        for span in (*self.spans, *(() if self.field == "plot" else self.pairs)):
            found.setdefault(span.word, span)
        return found

    @cached_property
    def pairs(self) -> list[Span]:
        """Neighbouring words as one, as in `starwars`."""
        return [
            Span(a.word + b.word, a.start, b.end)
            for a, b in zip(self.spans, self.spans[1:], strict=False)
        ]


def find_matches(query: Query, films: Sequence[FilmRow], fields: SearchFields) -> list[list[Match]]:
    """What of each film stands for the words of `query` that are looked up, in the query's order.

    All films at once, since what a word may stand for is the same for all of them.
    """
    texts = [_film_texts(film, fields) for film in films]
    there = {word for each in texts for text in each if text.field != "plot" for word in text.exact}
    kin = _TermMatcher(query, list(there))
    return [_match_film(kin, each, film, fields) for each, film in zip(texts, films, strict=True)]


def _match_film(
    kin: "_TermMatcher", texts: list[_FilmText], film: FilmRow, scope: SearchFields
) -> list[Match]:
    typed = kin.typed
    alone = [_best_match(kin, place, 1, texts) for place in range(len(typed))]
    found: list[Match] = []
    place = 0
    while place < len(typed):
        one = alone[place]
        if place + 1 < len(typed):
            least = min(_cost_of(one), _cost_of(alone[place + 1]))
            both = _best_match(kin, place, 2, texts) if least else None
            if both is not None and both[0] < least:
                found.append(both[1])
                place += 2
                continue
        if one is not None:
            found.append(one[1])
        elif "title" in scope and typed[place] in initials(film.title, tokenize(film.title)):
            found.append(Match("title", 0, len(film.title), film.title, "its initials"))
        place += 1
    return found


def match_ranges(matches: Sequence[Match]) -> dict[str, list[list[int]]]:
    """The matched pieces by field, in order, without overlaps."""
    by_field: dict[str, list[list[int]]] = {}
    for match in sorted(matches, key=lambda m: (m.field, m.start, m.end)):
        known = by_field.setdefault(match.field, [])
        if known and match.start <= known[-1][1]:
            known[-1][1] = max(known[-1][1], match.end)
        else:
            known.append([match.start, match.end])
    return by_field


def explain_match(query: Query, film: FilmRow, matches: Sequence[Match]) -> str:
    """Why the film is there, in plain words."""
    if query.imdb_id is not None:
        return "its IMDb id"
    if "".join(tokenize(film.title)) in ("".join(query.words), "".join(query.core)):
        return f"title ‘{film.title}’ in full"
    said = list(dict.fromkeys(match.explanation for match in matches))
    if query.year is not None and not any(m.text == str(query.year) for m in matches):
        said += [f"year {film.year}"] if film.year == query.year else []
    return "; ".join(said) or "similar letters"


def _film_texts(film: FilmRow, scope: SearchFields) -> list[_FilmText]:
    texts: list[_FilmText] = []
    if "title" in scope:
        texts += [_FilmText.join("title", [film.title]), _FilmText.join("aliases", film.aliases)]
    if "director" in scope:
        texts.append(_FilmText.join("directors", film.directors))
    if "writer" in scope:
        texts.append(_FilmText.join("writers", film.writers))
    if "cast" in scope:
        texts.append(_FilmText.join("actors", film.actors))
    if "plot" in scope and film.plot:
        texts.append(_FilmText.join("plot", [film.plot[:MAX_PLOT_LENGTH]]))
    return texts


def _cost_of(found: tuple[float, Match] | None) -> float:
    return 9.0 if found is None else found[0]


def _best_match(
    kin: "_TermMatcher", place: int, count: int, texts: list[_FilmText]
) -> tuple[float, Match] | None:
    """The piece that stands for `count` words from `place` on at the least cost; of equals the
    first text's.
    """
    typed = "".join(kin.typed[place : place + count])
    for text in texts:
        if (span := text.exact.get(typed)) is not None:
            return 0.0, text.match(span, "exact")
    near = kin.matches(typed, last=place + count > kin.end)
    best: tuple[float, Match] | None = None
    for text in texts:
        if text.field == "plot" or near.keys().isdisjoint(text.exact.keys()):
            continue
        for word, span in text.exact.items():
            if (cost := near.get(word)) is not None and cost[0] < _cost_of(best):
                best = cost[0], text.match(span, cost[1])
    return best


class _TermMatcher:
    """What words of a query may stand for among the words of a page; worked out when it is asked
    for, since most words stand there as they were typed.
    """

    def __init__(self, query: Query, there: list[str]) -> None:
        self.typed = query.core[:MAX_SLOTS]
        self.end = len(query.core) - 1
        self._there = there
        self._known: dict[tuple[str, bool], TermMatches] = {}

    def matches(self, typed: str, *, last: bool) -> TermMatches:
        """The words that may be meant by a word, or by two that were run together."""
        if (known := self._known.get((typed, last))) is None:
            known = self._known[typed, last] = _find_term_matches(typed, self._there, last)
        return known


def _find_term_matches(typed: str, there: list[str], last: bool) -> TermMatches:
    """The words that may be meant, the best reason for each taken last."""
    figure = numerals.to_digits(typed)
    kin: TermMatches = {}
    if typed not in STOP_WORDS and not typed.isdigit():
        kin = _fuzzy_term_matches(typed, there)
        if last or len(typed) >= MIN_INNER_PREFIX_LENGTH:
            kin |= {word: (0.5, "its beginning") for word in there if word.startswith(typed)}
    if (other := abbreviation_counterpart(typed)) is not None:
        kin[other] = 0.1, "written out or short"
    if figure.isdigit():
        kin |= dict.fromkeys(numerals.equivalent_forms(figure), (0.1, "the same number"))
    return kin


def _fuzzy_term_matches(typed: str, there: list[str]) -> TermMatches:
    kin: TermMatches = {}
    if (size := len(typed)) >= MIN_INNER_PREFIX_LENGTH:
        for _, edits, at in _within_edits(1, typed, [word[:size] for word in there]):
            if edits == 1:
                kin[there[at]] = 1.5, "its beginning, one letter off"
    if key := phonetic_key(typed):
        kin |= {word: (2.5, "sounds the same") for word in there if phonetic_key(word) == key}
    for word, edits, _ in _within_edits(len(_EDIT_REASONS), typed, there):
        if edits in _EDIT_REASONS and 1 - edits / max(len(typed), len(word)) >= MIN_SIMILARITY:
            kin[word] = float(edits), _EDIT_REASONS[edits]
    return kin


def _within_edits(edits: int, typed: str, texts: list[str]) -> list[tuple[str, int, int]]:
    """The texts at most so many letters away, with how many, and where each stands."""
    return process.extract(typed, texts, scorer=OSA.distance, score_cutoff=edits, limit=None)

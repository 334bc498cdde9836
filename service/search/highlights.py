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
from service.text.analysis import Span, initials, spans, words
from service.text.phonetics import phonetic_key

Named = Literal["title", "aliases", "directors", "writers", "actors", "plot"]
TermMatches = dict[str, tuple[float, str]]
"""Words that may stand for a typed one: what it costs to take each, and how that is said."""

BETWEEN = ", "  # values of a list, read as one text
LEAST_ALIKE = 0.6  # of the letters of two words
SHORTEST_INNER = 4  # letters of a beginning that is not the last word
LONGEST_PLOT = 5_000  # characters
MOST_SPANS = 20_000  # titles and names whose words are remembered, some 15 MB

_LABELS: dict[Named, str] = {
    "title": "title word",
    "aliases": "other title’s word",
    "directors": "director",
    "writers": "writer",
    "actors": "cast",
    "plot": "plot word",
}
_OFF = {1: "one letter off", 2: "two letters off", 3: "three letters off"}


@dataclass(frozen=True, slots=True)
class Match:
    """A piece of a film's text that stands for a word, or for two, of the query."""

    field: Named
    start: int
    end: int
    found: str
    how: str

    @property
    def explanation(self) -> str:
        """The same in plain words."""
        joint = " " if self.how == "exact" else ", "
        return f"{_LABELS[self.field]} ‘{self.found}’{joint}{self.how}"


@lru_cache(maxsize=MOST_SPANS)
def _spans(text: str) -> tuple[Span, ...]:
    return tuple(spans(text))


@dataclass(frozen=True)  # no slots: they leave no place for what is worked out once
class _Text:
    """One of a film's texts, its words, and the same with neighbours run together."""

    field: Named
    text: str
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, field: Named, values: Iterable[str]) -> "_Text":
        text, found = "", []
        for value in values:
            start = len(text) + (len(BETWEEN) if text else 0)
            text += (BETWEEN if text else "") + value
            known = spans(value) if field == "plot" else _spans(value)
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


def find_matches(query: Query, films: Sequence[FilmRow], scope: SearchFields) -> list[list[Match]]:
    """What of each film stands for the words of `query` that are looked up, in the query's order.

    All films at once, since what a word may stand for is the same for all of them.
    """
    texts = [_texts(film, scope) for film in films]
    there = {word for each in texts for text in each if text.field != "plot" for word in text.exact}
    kin = _Kin(query, list(there))
    return [_matched(kin, each, film, scope) for each, film in zip(texts, films, strict=True)]


def _matched(kin: "_Kin", texts: list[_Text], film: FilmRow, scope: SearchFields) -> list[Match]:
    typed = kin.typed
    alone = [_best(kin, place, 1, texts) for place in range(len(typed))]
    found: list[Match] = []
    place = 0
    while place < len(typed):
        one = alone[place]
        if place + 1 < len(typed):
            least = min(_cost(one), _cost(alone[place + 1]))
            both = _best(kin, place, 2, texts) if least else None
            if both is not None and both[0] < least:
                found.append(both[1])
                place += 2
                continue
        if one is not None:
            found.append(one[1])
        elif "title" in scope and typed[place] in initials(film.title, words(film.title)):
            found.append(Match("title", 0, len(film.title), film.title, "its initials"))
        place += 1
    return found


def match_ranges(found: Sequence[Match]) -> dict[str, list[list[int]]]:
    """The matched pieces by field, in order, without overlaps."""
    by_field: dict[str, list[list[int]]] = {}
    for match in sorted(found, key=lambda m: (m.field, m.start, m.end)):
        known = by_field.setdefault(match.field, [])
        if known and match.start <= known[-1][1]:
            known[-1][1] = max(known[-1][1], match.end)
        else:
            known.append([match.start, match.end])
    return by_field


def explain_match(query: Query, film: FilmRow, found: Sequence[Match]) -> str:
    """Why the film is there, in plain words."""
    if query.imdb_id is not None:
        return "its IMDb id"
    if "".join(words(film.title)) in ("".join(query.words), "".join(query.core)):
        return f"title ‘{film.title}’ in full"
    said = list(dict.fromkeys(match.explanation for match in found))
    if query.year is not None and not any(m.found == str(query.year) for m in found):
        said += [f"year {film.year}"] if film.year == query.year else []
    return "; ".join(said) or "similar letters"


def _texts(film: FilmRow, scope: SearchFields) -> list[_Text]:
    texts: list[_Text] = []
    if "title" in scope:
        texts += [_Text.of("title", [film.title]), _Text.of("aliases", film.aliases)]
    if "director" in scope:
        texts.append(_Text.of("directors", film.directors))
    if "writer" in scope:
        texts.append(_Text.of("writers", film.writers))
    if "cast" in scope:
        texts.append(_Text.of("actors", film.actors))
    if "plot" in scope and film.plot:
        texts.append(_Text.of("plot", [film.plot[:LONGEST_PLOT]]))
    return texts


def _cost(found: tuple[float, Match] | None) -> float:
    return 9.0 if found is None else found[0]


def _best(kin: "_Kin", place: int, count: int, texts: list[_Text]) -> tuple[float, Match] | None:
    """The piece that stands for `count` words from `place` on at the least cost; of equals the
    first text's.
    """
    typed = "".join(kin.typed[place : place + count])
    for text in texts:
        if (span := text.exact.get(typed)) is not None:
            return 0.0, text.match(span, "exact")
    near = kin.of(typed, last=place + count > kin.end)
    best: tuple[float, Match] | None = None
    for text in texts:
        if text.field == "plot" or near.keys().isdisjoint(text.exact.keys()):
            continue
        for word, span in text.exact.items():
            if (cost := near.get(word)) is not None and cost[0] < _cost(best):
                best = cost[0], text.match(span, cost[1])
    return best


class _Kin:
    """What words of a query may stand for among the words of a page; worked out when it is asked
    for, since most words stand there as they were typed.
    """

    def __init__(self, query: Query, there: list[str]) -> None:
        self.typed = query.core[:MAX_SLOTS]
        self.end = len(query.core) - 1
        self._there = there
        self._known: dict[tuple[str, bool], TermMatches] = {}

    def of(self, typed: str, *, last: bool) -> TermMatches:
        """The words that may be meant by a word, or by two that were run together."""
        if (known := self._known.get((typed, last))) is None:
            known = self._known[typed, last] = _kin(typed, self._there, last)
        return known


def _kin(typed: str, there: list[str], last: bool) -> TermMatches:
    """The words that may be meant, the best reason for each taken last."""
    figure = numerals.to_digits(typed)
    kin: TermMatches = {}
    if typed not in STOP_WORDS and not typed.isdigit():
        kin = _misspelt(typed, there)
        if last or len(typed) >= SHORTEST_INNER:
            kin |= {word: (0.5, "its beginning") for word in there if word.startswith(typed)}
    if (other := abbreviation_counterpart(typed)) is not None:
        kin[other] = 0.1, "written out or short"
    if figure.isdigit():
        kin |= dict.fromkeys(numerals.equivalent_forms(figure), (0.1, "the same number"))
    return kin


def _misspelt(typed: str, there: list[str]) -> TermMatches:
    kin: TermMatches = {}
    if (size := len(typed)) >= SHORTEST_INNER:
        for _, edits, at in _within(1, typed, [word[:size] for word in there]):
            if edits == 1:
                kin[there[at]] = 1.5, "its beginning, one letter off"
    if key := phonetic_key(typed):
        kin |= {word: (2.5, "sounds the same") for word in there if phonetic_key(word) == key}
    for word, edits, _ in _within(len(_OFF), typed, there):
        if edits in _OFF and 1 - edits / max(len(typed), len(word)) >= LEAST_ALIKE:
            kin[word] = float(edits), _OFF[edits]
    return kin


def _within(edits: int, typed: str, texts: list[str]) -> list[tuple[str, int, int]]:
    """The texts at most so many letters away, with how many, and where each stands."""
    return process.extract(typed, texts, scorer=OSA.distance, score_cutoff=edits, limit=None)

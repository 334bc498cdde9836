"""Where a film has the words of a query, and how near they come: for highlights and for `why`.

It looks at the few films of one page, word by word, after ranking is done: so it can say more than
ranking needs (which letters of the original text, how many of them off). Ranges count characters
(code points) of the text as it is stored; a list of names reads as one text with `, ` between them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from service.films.models import Film
from service.search import numerals
from service.search.nicknames import other_form
from service.search.plan import MOST_SLOTS
from service.search.query import STOP_WORDS, Query
from service.search.scope import Scope
from service.search.sound import sound
from service.search.text import Span, initials, spans, words

Named = Literal["title", "aliases", "directors", "actors", "plot"]

BETWEEN = ", "  # values of a list, read as one text
LEAST_ALIKE = 0.6  # of the letters of two words
SHORTEST_INNER = 4  # letters of a beginning that is not the last word
LONGEST_PLOT = 5_000  # characters
MOST_KIN = 50_000  # pairs of words remembered, some 15 MB

_LABELS: dict[Named, str] = {
    "title": "title word",
    "aliases": "other title’s word",
    "directors": "director",
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
    def said(self) -> str:
        """The same in plain words."""
        joint = " " if self.how == "exact" else ", "
        return f"{_LABELS[self.field]} ‘{self.found}’{joint}{self.how}"


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
            found += [Span(s.word, start + s.start, start + s.end) for s in spans(value)]
        return cls(field, text, tuple(found))

    @cached_property
    def pairs(self) -> list[Span]:
        """Neighbouring words as one, as in `starwars`."""
        return [
            Span(a.word + b.word, a.start, b.end)
            for a, b in zip(self.spans, self.spans[1:], strict=False)
        ]


def matched(query: Query, film: Film, scope: Scope) -> list[Match]:
    """What of `film` stands for the words of `query` that are looked up, in the query's order."""
    texts = _texts(film, scope)
    letters = initials(film.title) if "title" in scope else []
    typed = query.core[:MOST_SLOTS]
    end = len(query.core) - 1
    alone = [_best(word, texts, place == end) for place, word in enumerate(typed)]
    found: list[Match] = []
    place = 0
    while place < len(typed):
        one = alone[place]
        if place + 1 < len(typed):
            least = min(_cost(one), _cost(alone[place + 1]))
            joint = typed[place] + typed[place + 1]
            both = _best(joint, texts, place + 1 == end) if least else None
            if both is not None and both[0] < least:
                found.append(both[1])
                place += 2
                continue
        if one is not None:
            found.append(one[1])
        elif typed[place] in letters:
            found.append(Match("title", 0, len(film.title), film.title, "its initials"))
        place += 1
    return found


def ranges(found: Sequence[Match]) -> dict[str, list[list[int]]]:
    """The matched pieces by field, in order, without overlaps."""
    by_field: dict[str, list[list[int]]] = {}
    for match in sorted(found, key=lambda m: (m.field, m.start, m.end)):
        known = by_field.setdefault(match.field, [])
        if known and match.start <= known[-1][1]:
            known[-1][1] = max(known[-1][1], match.end)
        else:
            known.append([match.start, match.end])
    return by_field


def why(query: Query, film: Film, found: Sequence[Match]) -> str:
    """Why the film is there, in plain words."""
    if query.imdb_id is not None:
        return "its IMDb id"
    if "".join(words(film.title)) in ("".join(query.words), "".join(query.core)):
        return f"title ‘{film.title}’ in full"
    said = list(dict.fromkeys(match.said for match in found))
    if query.year is not None and not any(m.found == str(query.year) for m in found):
        said += [f"year {film.year}"] if film.year == query.year else []
    return "; ".join(said) or "similar letters"


def _texts(film: Film, scope: Scope) -> list[_Text]:
    texts: list[_Text] = []
    if "title" in scope:
        texts += [_Text.of("title", [film.title]), _Text.of("aliases", film.aliases)]
    if "director" in scope:
        texts.append(_Text.of("directors", film.directors))
    if "cast" in scope:
        texts.append(_Text.of("actors", film.actors))
    if "plot" in scope and film.plot:
        texts.append(_Text.of("plot", [film.plot[:LONGEST_PLOT]]))
    return texts


def _cost(found: tuple[float, Match] | None) -> float:
    return 9.0 if found is None else found[0]


def _best(typed: str, texts: list[_Text], last: bool) -> tuple[float, Match] | None:
    """The piece that stands for `typed` at the least cost; of equals the first text's."""
    best: tuple[float, Match] | None = None
    for text in texts:
        exactly = text.field == "plot"
        for span in (*text.spans, *(() if exactly else text.pairs)):
            kin = (0.0, "exact") if span.word == typed else None
            if kin is None and not exactly:
                kin = _kin(typed, span.word, last)
            if kin is not None and kin[0] < _cost(best):
                found = text.text[span.start : span.end]
                best = kin[0], Match(text.field, span.start, span.end, found, kin[1])
        if best is not None and best[0] == 0:
            break
    return best


@lru_cache(maxsize=MOST_KIN)
def _kin(typed: str, word: str, last: bool) -> tuple[float, str] | None:
    """What it costs to take `word` for what was typed, and how that is said."""
    figure = numerals.figure(typed)
    if figure.isdigit() and figure == numerals.figure(word):
        return 0.1, "the same number"
    if other_form(typed) == word:
        return 0.1, "written out or short"
    if typed in STOP_WORDS or typed.isdigit():
        return None
    if word.startswith(typed) and (last or len(typed) >= SHORTEST_INNER):
        return 0.5, "its beginning"
    return _misspelt(typed, word)


def _misspelt(typed: str, word: str) -> tuple[float, str] | None:
    edits = OSA.distance(typed, word, score_cutoff=len(_OFF))
    if edits in _OFF and 1 - edits / max(len(typed), len(word)) >= LEAST_ALIKE:
        return float(edits), _OFF[edits]
    if (key := sound(typed)) and key == sound(word):
        return 2.5, "sounds the same"
    if len(typed) >= SHORTEST_INNER and OSA.distance(typed, word[: len(typed)]) == 1:
        return 1.5, "its beginning, one letter off"
    return None

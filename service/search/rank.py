"""The second look at the best hits, the same for every engine.

Engines count which words match; this compares the texts: how many letters are off, which words of
the title were typed, in which order, joined or split, and what else is known of the film. It is
pure, so that the order of results is tested without an engine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.search import numerals
from service.search.query import STOP_WORDS, Query
from service.search.text import joined, without_article, words

STOP_WEIGHT = 0.25  # what a stop word counts, as in the plan
LEAST_ALIKE = 0.55  # of two words; less is chance
LEAST_WHOLE = 0.5  # of two whole titles
PAIR = 0.97  # what joined or split words keep of their likeness
DIRECTOR = 0.95
ALIAS = 0.97
BEGUN = 0.75  # what a beginning explains of a word at least


class Features(NamedTuple):
    """How a film stands to a query; each from 0 to 1, more is better."""

    explained: float
    """Share of the query that words of the film explain."""
    covered: float
    """Share of the title, or of a director's name, that the query asks for."""
    whole: float
    """Likeness of the query and the whole title, letter by letter."""
    beginning: float
    """Likeness of the query and the title's beginning."""
    exact: float
    """1 for the whole title as it was typed, a little less with numbers or an article otherwise."""
    order: float
    """Share of neighbouring words that stand in the title's order."""
    year: float
    """1 for the year that was typed, 0.5 when none was, 0 for another one."""
    votes: float
    """0 for none, 1 for ten million."""


WEIGHTS = Features(
    explained=4.0,
    covered=1.0,
    whole=2.0,
    beginning=0.7,
    exact=2.0,
    order=0.5,
    year=1.0,
    votes=0.5,
)


@dataclass(frozen=True, slots=True)
class Title:
    """One of a film's titles, prepared: its words with numbers as figures, and run together."""

    words: tuple[str, ...]
    weights: tuple[float, ...]
    pairs: tuple[str, ...]
    whole: str
    typed: str
    worth: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """What ranking needs of a film, worked out once per version."""

    film_id: str
    version: int
    year: int | None
    votes: float
    titles: tuple[Title, ...]
    directors: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        *,
        film_id: str,
        version: int,
        title: str,
        aliases: Iterable[str],
        directors: Iterable[str],
        year: int | None,
        votes: int | None,
    ) -> "Candidate":
        """Prepare a film."""
        titles = [_title(title, 1.0), *(_title(alias, ALIAS) for alias in aliases)]
        names = tuple(tuple(words(name)) for name in directors)
        popularity = min(1.0, log10(1 + (votes or 0)) / 7)
        everyone = tuple(word for name in names for word in name)
        return cls(film_id, version, year, popularity, tuple(titles), names, everyone)


def _title(title: str, worth: float) -> Title:
    plain = words(title)
    figured = numerals.figures(plain)
    bare = without_article(figured)
    weights = tuple(STOP_WEIGHT if word in STOP_WORDS else 1.0 for word in figured)
    pairs = tuple(joined(figured))
    return Title(tuple(figured), weights, pairs, "".join(bare), "".join(plain), worth)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place in the order."""

    candidate: Candidate
    score: float
    features: Features


def rank(query: Query, candidates: Sequence[Candidate]) -> list[Ranked]:
    """The candidates, best first; a total order, the same for the same input.

    A film whose whole title was typed comes before every other one.
    """
    asked = Asked(query, candidates)
    ranked = [asked.judged(candidate) for candidate in candidates]
    ranked.sort(key=lambda r: (-(r.features.exact == 1.0), -r.score, r.candidate.film_id))
    return ranked


class Asked:
    """A query beside its candidates: the likenesses that ranking needs, in a few calls."""

    def __init__(self, query: Query, candidates: Sequence[Candidate]) -> None:
        self.year = query.year
        self.words = numerals.figures(list(query.title))
        self.weights = [STOP_WEIGHT if word in STOP_WORDS else 1.0 for word in self.words]
        self.typed = {"".join(query.words), "".join(query.core), "".join(query.title)}
        self.forms = frozenset(query.wholes)
        self.squeezed = "".join(without_article(self.words))
        choices = _choices(candidates)
        last = len(self.words) - 1
        self.alike = [_alike(w, choices, place == last) for place, w in enumerate(self.words)]
        pairs = joined(self.words)
        self.paired = [_alike(p, choices, place + 1 == last) for place, p in enumerate(pairs)]
        wholes = list({title.whole for c in candidates for title in c.titles})
        self.whole = _likeness(self.squeezed, wholes, LEAST_WHOLE)
        starts = {whole: whole[: len(self.squeezed)] for whole in wholes}
        begun = _likeness(self.squeezed, list(set(starts.values())), 0.7)
        self.begun = {whole: begun[start] for whole, start in starts.items() if start in begun}

    def judged(self, candidate: Candidate) -> Ranked:
        """The best of the candidate's titles."""
        best: Features | None = None
        most = -1.0
        for title in candidate.titles:
            features = self._features(candidate, title)
            score = title.worth * sum(w * f for w, f in zip(WEIGHTS, features, strict=True))
            if score > most:
                best, most = features, score
        assert best is not None
        return Ranked(candidate, most, best)

    def _features(self, candidate: Candidate, title: Title) -> Features:
        total = sum(self.weights) or 1.0
        explained, places, used_names = self._explained(candidate, title)
        whole = self.whole.get(title.whole, 0.0)
        explained = max(explained / total, whole if whole >= 0.7 else 0.0)
        return Features(
            explained=explained,
            covered=self._covered(candidate, title, places, used_names),
            whole=whole,
            beginning=self.begun.get(title.whole, 0.0),
            exact=1.0 if title.typed in self.typed else 0.9 if title.whole in self.forms else 0.0,
            order=_order(places),
            year=self._year(candidate),
            votes=candidate.votes,
        )

    def _explained(
        self, candidate: Candidate, title: Title
    ) -> tuple[float, list[tuple[int, float]], set[str]]:
        """What of the query the film explains, where in the title, and by which names."""
        places: list[tuple[int, float]] = []
        names: set[str] = set()
        before, explained = 0.0, 0.0
        for position, alike in enumerate(self.alike):
            likeness, place = _best(alike, title)
            name = max(candidate.names, key=lambda n: alike.get(n, 0.0), default="")
            named = DIRECTOR * alike.get(name, 0.0)
            weight = self.weights[position]
            if named > likeness:
                names.add(name)
            elif place >= 0:
                places.append((place, likeness))
            single = explained + weight * max(likeness, named)
            if position:
                paired, place = _best(self.paired[position - 1], title)
                both = before + (weight + self.weights[position - 1]) * PAIR * paired
                if both > single:
                    places.append((place, paired))
                    before, explained = explained, both
                    continue
            before, explained = explained, single
        return explained, places, names

    def _covered(
        self,
        candidate: Candidate,
        title: Title,
        places: list[tuple[int, float]],
        names: set[str],
    ) -> float:
        matched: dict[int, float] = {}
        size = len(title.words)
        for place, likeness in places:
            for each in (place,) if place < size else (place - size, place - size + 1):
                matched[each] = max(matched.get(each, 0.0), likeness)
        covered = sum(title.weights[place] * s for place, s in matched.items()) / sum(title.weights)
        for director in candidate.directors:
            if director and names.issuperset(director):
                covered = max(covered, 0.8)
        return covered

    def _year(self, candidate: Candidate) -> float:
        if self.year is None or candidate.year is None:
            return 0.5
        off = abs(self.year - candidate.year)
        return 1.0 if off == 0 else 0.6 if off == 1 else 0.3 if off == 2 else 0.0


def _choices(candidates: Sequence[Candidate]) -> list[str]:
    choices: set[str] = set()
    for candidate in candidates:
        choices.update(candidate.names)
        for title in candidate.titles:
            choices.update(title.words)
            choices.update(title.pairs)
    return list(choices)


def _alike(word: str, choices: list[str], last: bool) -> dict[str, float]:
    if word.isdigit():
        return {word: 1.0}
    alike = _likeness(word, choices, LEAST_ALIKE)
    if last:
        size = len(word)
        for choice in choices:
            if choice.startswith(word):
                alike[choice] = max(
                    alike.get(choice, 0.0), BEGUN + (1 - BEGUN) * size / len(choice)
                )
    return alike


def _likeness(text: str, choices: list[str], least: float) -> dict[str, float]:
    found = process.extract(
        text, choices, scorer=OSA.normalized_similarity, score_cutoff=least, limit=None
    )
    return {choice: likeness for choice, likeness, _ in found}


def _best(alike: dict[str, float], title: Title) -> tuple[float, int]:
    best, where = 0.0, -1
    for place, word in enumerate(title.words):
        likeness = alike.get(word, 0.0)
        if likeness > best:
            best, where = likeness, place
    for place, pair in enumerate(title.pairs, len(title.words)):
        likeness = PAIR * alike.get(pair, 0.0)
        if likeness > best:
            best, where = likeness, place
    return best, where


def _order(places: list[tuple[int, float]]) -> float:
    if len(places) < 2:
        return 1.0 if places else 0.0
    following = sum(b == a + 1 for (a, _), (b, _) in pairwise(places))
    return following / (len(places) - 1)

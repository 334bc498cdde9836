"""The second look at the best hits, the same for every engine.

Engines count which words match; this compares the texts: how many letters are off, which words of
the title were typed, in which order, joined or split, and what else is known of the film. It is
pure, so that the order of results is tested without an engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import mul
from typing import NamedTuple

from service.search.query.parser import NOISE_WORDS, STOP_WORD_WEIGHT, STOP_WORDS, Query
from service.search.ranking.candidates import Candidate, Title
from service.search.ranking.similarity import (
    MIN_PREFIX_SIMILARITY,
    best_similarities,
    best_similarity,
    find_similar,
    group_by_prefix,
    similar_words,
)
from service.text import numerals
from service.text.analysis import joined_pairs, without_article

NOISE_WEIGHT = 0.1  # words around the title explain little, and cost little when they do not match
MIN_FULL_TITLE_SIMILARITY = 0.65  # of two whole titles
NO_ARTICLE_FACTOR = 0.95  # what is left of a likeness without the article that was typed
MIN_EXPLAINING_SIMILARITY = 0.75  # from here on a whole title's likeness explains the query
PAIR_FACTOR = 0.97  # what joined or split words keep of their likeness
INITIALS_EXPLAINED = 0.90  # what initials explain, and cover
SAME_LETTERS_EXACTNESS = 0.99  # how exact a title is whose words were joined or split otherwise
WORD_COUNT_MISMATCH_FACTOR = 0.90  # for a title prefix with more or fewer words than were typed
# For a title prefix, compared with a whole title: without it a short title that is almost typed in
# full would always come before a well-known longer one.
PREFIX_FACTOR = 0.85
FULL_WORDS_PREFIX_FACTOR = 0.93  # the same when its last word is typed in full
MISSPELT_PREFIX_FACTOR = 0.25  # the same with a letter off: a whole title with one is the likelier


class Features(NamedTuple):
    """How a film stands to a query; each from 0 to 1, more is better."""

    explained: float
    """Share of the query that words of the film explain."""
    covered: float
    """Share of the title, or of a director's name, that the query asks for."""
    full_title: float
    """Likeness of the query and the whole title, or a director's whole name, letter by letter."""
    exact: float
    """1 for the whole title as it was typed, less with numbers or an article otherwise."""
    order: float
    """Share of neighbouring words that stand in the title's order."""
    numbers: float
    """1 for the same numbers, less when the title has others, 0 when it lacks a typed one."""
    year: float
    """1 for the year that was typed, 0.5 when none was, 0 for another one."""
    votes: float
    """0 for none, 1 for ten million."""
    prefix_votes: float
    """Votes, as far as the query is the title's beginning."""


WEIGHTS = Features(
    explained=8.0,
    covered=1.2,
    full_title=0.65,
    exact=0.3,
    order=0.3,
    numbers=0.1,
    year=1.0,
    votes=0.3,
    prefix_votes=0.5,
)
"""Fitted to the order of 2,200 generated queries' candidates, then rounded: what is explained of
the query decides, and the others choose among films that explain it alike.
"""


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
    asked = QueryScorer(query, candidates)
    ranked = [asked.score(candidate) for candidate in candidates]
    ranked.sort(key=lambda r: (-_exactness_tier(r.features.exact), -r.score, r.candidate.film_id))
    return ranked


def _exactness_tier(exact: float) -> float:
    """Before all others come titles as they were typed, then those of the same letters."""
    return exact if exact >= SAME_LETTERS_EXACTNESS else 0.0


class QueryScorer:
    """A query beside its candidates: the likenesses that ranking needs, in a few calls."""

    def __init__(self, query: Query, candidates: Sequence[Candidate]) -> None:
        self.query = query
        self.words = list(query.words)
        self.weights = [_word_weight(query, word) for word in self.words]
        self.total_weight = sum(self.weights) or 1.0
        figures = numerals.normalize_numerals(list(query.title))
        self.numbers = {word for word in figures if word.isdigit()}
        self.compact_keys = {"".join(query.words), "".join(query.core)}
        self.full_titles = frozenset(query.full_titles)
        self.bare_words = without_article(list(query.title))
        choices = _collect_terms(candidates)
        last = len(self.words) - 1
        self.word_similarities = [
            similar_words(w, choices, place == last) for place, w in enumerate(self.words)
        ]
        pairs = joined_pairs(self.words)
        self.pair_similarities = [
            similar_words(p, choices, place + 1 == last) for place, p in enumerate(pairs)
        ]
        self._compare_full_texts(candidates)

    def _compare_full_texts(self, candidates: Sequence[Candidate]) -> None:
        """The query as one text beside titles, beginnings of titles, and directors' names."""
        titles = list({form for c in candidates for t in c.titles for form in t.keys})
        names = list({name for c in candidates for name in c.name_keys})
        forms = _query_keys(self.query)
        self.title_similarities = best_similarities(forms, titles, MIN_FULL_TITLE_SIMILARITY)
        self.name_similarities = best_similarities(forms, names, MIN_PREFIX_SIMILARITY)
        self.prefix_similarities: dict[str, float] = {}
        for form, worth in forms.items():
            sizes = (len(form) - 1, len(form), len(form) + 1) if len(form) > 2 else (len(form),)
            long = [title for title in titles if len(title) >= len(form)]
            begun = group_by_prefix(long, sizes)
            for start, likeness in find_similar(form, list(begun), MIN_PREFIX_SIMILARITY).items():
                for title in begun[start]:
                    self.prefix_similarities[title] = max(
                        self.prefix_similarities.get(title, 0.0), worth * likeness
                    )

    def score(self, candidate: Candidate) -> Ranked:
        """The best of the candidate's titles."""
        scored = []
        for title in candidate.titles:
            features = self.features(candidate, title)
            score = sum(map(mul, WEIGHTS, features))
            scored.append((title.weight * score, features))
        score, features = max(scored)
        return Ranked(candidate, score, features)

    def features(self, candidate: Candidate, title: Title) -> Features:
        """How one title of a film stands to the query."""
        explained, places, names = self._explain(candidate, title)
        covered = _score_coverage(candidate, title, places, names)
        if not title.initials.isdisjoint(self.words):
            explained, covered = (
                self._explain_by_initials(title, explained),
                max(covered, INITIALS_EXPLAINED),
            )
        whole = best_similarity(self.title_similarities, title.keys)
        named = best_similarity(self.name_similarities, candidate.name_keys)
        begun = best_similarity(self.prefix_similarities, title.keys)
        if begun > whole and not self._has_same_word_count(title, begun):
            begun *= WORD_COUNT_MISMATCH_FACTOR
        beginning = max(whole, begun)
        numbers = self._score_numbers(title, beginning)
        if numbers and max(whole, named, beginning) >= MIN_EXPLAINING_SIMILARITY:
            explained = max(explained, whole, named, beginning)
        covered = max(covered, beginning)
        year = self._score_year(candidate, title)
        return Features(
            explained=explained,
            covered=covered,
            full_title=max(whole, named, self._score_prefix(title, beginning)),
            exact=self._score_exact(title, year),
            order=_score_order(places),
            numbers=numbers,
            year=year,
            votes=candidate.votes,
            prefix_votes=beginning * candidate.votes,
        )

    def _explain(
        self, candidate: Candidate, title: Title
    ) -> tuple[float, list[tuple[int, float]], set[str]]:
        """The share of the query that the film explains, where in its title, and by which names.

        The best way of reading the words one by one or, where they belong together, in pairs.
        """
        names: set[str] = set()
        ways: list[tuple[float, tuple[tuple[int, float], ...]]] = [(0.0, ())]
        for position, near in enumerate(self.word_similarities):
            likeness, place = _best_in_title(near, title)
            named = best_similarity(near, candidate.name_words)
            if named > likeness:
                names.update(n for n in candidate.name_words if near.get(n) == named)
                place = -1
            weight = self.weights[position]
            before, places = ways[-1]
            value = before + weight * max(likeness, named)
            way = (value, (*places, (place, likeness)) if place >= 0 else places)
            if position:
                likeness, place = _best_in_title(self.pair_similarities[position - 1], title)
                before, places = ways[-2]
                value = before + (weight + self.weights[position - 1]) * PAIR_FACTOR * likeness
                if value > way[0]:
                    way = (value, (*places, (place, likeness)))
            ways.append(way)
        return ways[-1][0] / self.total_weight, list(ways[-1][1]), names

    def _explain_by_initials(self, title: Title, explained: float) -> float:
        """The share explained when a word is the title's initials: no other word need match it."""
        weight = sum(
            w for word, w in zip(self.words, self.weights, strict=True) if word in title.initials
        )
        return min(1.0, explained + INITIALS_EXPLAINED * weight / self.total_weight)

    def _score_exact(self, title: Title, year: float) -> float:
        if title.compact_key in self.compact_keys:
            return (
                1.0
                if title.words in (self.query.words, self.query.core)
                else SAME_LETTERS_EXACTNESS
            )
        if title.compact_key == "".join(self.query.title):
            return 1.0 if year >= 0.6 else 0.85
        return 0.9 if self.full_titles.intersection(title.bare_keys) else 0.0

    def _has_same_word_count(self, title: Title, begun: float) -> bool:
        """Whether the title has as many words as the query in what the query is the beginning of:
        `mad m` begins `Mad Max` and not quite `Madman`.
        """
        sizes = (len(word) for word in without_article(list(title.words)))
        places = list(accumulate(sizes, initial=0))[:-1]
        size = len("".join(self.bare_words))
        ends = (size,) if begun == 1.0 else (size - 1, size, size + 1)
        return any(sum(place < end for place in places) == len(self.bare_words) for end in ends)

    def _score_prefix(self, title: Title, beginning: float) -> float:
        """What a beginning is worth beside the likeness of a whole title."""
        if beginning < 1.0:
            return MISSPELT_PREFIX_FACTOR * beginning
        return FULL_WORDS_PREFIX_FACTOR if self.query.title[-1] in title.words else PREFIX_FACTOR

    def _score_numbers(self, title: Title, beginning: float) -> float:
        if self.numbers == title.numbers or (beginning and self.numbers <= title.numbers):
            return 1.0
        return 0.5 if self.numbers <= title.numbers else 0.0

    def _score_year(self, candidate: Candidate, title: Title) -> float:
        if str(self.query.year) in title.numbers:
            return 1.0
        if self.query.year is None or candidate.year is None:
            return 0.5
        off = abs(self.query.year - candidate.year)
        return 1.0 if off == 0 else 0.6 if off == 1 else 0.3 if off == 2 else 0.0


def _word_weight(query: Query, word: str) -> float:
    if word in STOP_WORDS:
        return STOP_WORD_WEIGHT
    if word == str(query.year) or (word in NOISE_WORDS and word not in query.core):
        return NOISE_WEIGHT
    return 1.0


def _collect_terms(candidates: Sequence[Candidate]) -> list[str]:
    choices: set[str] = set()
    for candidate in candidates:
        choices.update(candidate.name_words, *(title.terms for title in candidate.titles))
    return list(choices)


def _query_keys(query: Query) -> dict[str, float]:
    """The query as one text, and what each form is worth: less without a typed article."""
    forms: dict[str, float] = {}
    for part in (query.title, query.core, query.words):
        for form in (list(part), numerals.normalize_numerals(list(part))):
            forms["".join(form)] = 1.0
            forms.setdefault("".join(without_article(form)), NO_ARTICLE_FACTOR)
    return forms


def _best_in_title(near: dict[str, float], title: Title) -> tuple[float, int]:
    """The likeness of the title's best word, and its place; a pair stands behind all words."""
    best, where = 0.0, -1
    if near.keys().isdisjoint(title.terms):
        return best, where
    for place, word in enumerate(title.words):
        likeness = near.get(word, 0.0)
        if likeness > best:
            best, where = likeness, place
    for place, pair in enumerate(title.pairs, len(title.words)):
        likeness = PAIR_FACTOR * near.get(pair, 0.0)
        if likeness > best:
            best, where = likeness, place
    return best, where


def _score_coverage(
    candidate: Candidate, title: Title, places: list[tuple[int, float]], names: set[str]
) -> float:
    matched: dict[int, float] = {}
    size = len(title.words)
    for place, likeness in places:
        for each in (place,) if place < size else (place - size, place - size + 1):
            matched[each] = max(matched.get(each, 0.0), likeness)
    covered = sum(title.weights[place] * s for place, s in matched.items()) / title.total_weight
    if not matched and any(name and names.issuperset(name) for name in candidate.directors):
        return 0.8
    return covered


def _score_order(places: list[tuple[int, float]]) -> float:
    if len(places) < 2:
        return 1.0 if places else 0.0
    return sum(b == a + 1 for (a, _), (b, _) in pairwise(places)) / (len(places) - 1)

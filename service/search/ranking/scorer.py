"""Reranking of the best hits, the same for every engine.

An engine counts which words match. Reranking compares the texts: how many letters differ, which
words of the title were typed, in which order, joined or split, and what else is known of the film.
It is pure, so the order of results is tested without an engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import mul

from service.search.query.parser import STOP_WORD_WEIGHT, Query
from service.search.ranking.candidates import Candidate, Title
from service.search.ranking.features import (
    LONE_NUMBER_FACTOR,
    PAIR_FACTOR,
    WEIGHTS,
    Features,
    best_in_title,
    matches_numbers_alone,
    score_coverage,
    score_order,
)
from service.search.ranking.match_level import LevelJudge, MatchLevel, is_unknown
from service.search.ranking.similarity import (
    MIN_PREFIX_SIMILARITY,
    best_similarities,
    best_similarity,
    find_similar,
    group_by_prefix,
)
from service.search.ranking.word_comparison import compare_words, do_nothing
from service.text import numerals
from service.text.analysis import without_article
from service.text.titles import exact_title_key

NOISE_WEIGHT = 0.1  # of noise words and the year: a film that lacks them loses little
MIN_FULL_TITLE_SIMILARITY = 0.65  # of the query and a full title
NO_ARTICLE_FACTOR = 0.95  # for the similarity of the query without its article
MIN_EXPLAINING_SIMILARITY = 0.75  # from which a full title's similarity explains the query
INITIALS_EXPLAINED = 0.90  # what initials explain of the query, and cover of the title
SAME_LETTERS_EXACTNESS = 0.99  # of a title whose words are only joined or split differently
SPELT_SO_BONUS = 5.0  # of a title that is typed with all its signs
SAME_LETTERS_BONUS, EXACT_TITLE_BONUS = 20.0, 40.0  # 20 is more than any score without a bonus
WORD_COUNT_MISMATCH_FACTOR = 0.90  # for a title prefix with more or fewer words than were typed
# For a title prefix, compared with a full title: without it a short title that is almost typed in
# full would always come before a well-known longer one.
PREFIX_FACTOR = 0.85
FULL_WORDS_PREFIX_FACTOR = 0.93  # if the last word of the prefix is typed in full
MISSPELT_PREFIX_FACTOR = 0.25  # if a letter differs: a full title with one typo is likelier


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score."""

    candidate: Candidate
    score: float
    features: Features
    judge: LevelJudge = field(compare=False, repr=False)
    is_complete: bool = False
    """Whether the plan asked for every word, so that the film has them all."""

    @property
    def level(self) -> MatchLevel:
        """How much of the query the film explains; computed when it is asked for."""
        return "all" if self.is_complete else self.judge.level(self.candidate)

    @property
    def has_whole_title(self) -> bool:
        """Whether the whole title stands in the query, beside other words."""
        runs = self.judge.title_runs
        return any(not runs.isdisjoint(title.bare_keys) for title in self.candidate.titles)


def rank(
    query: Query,
    candidates: Sequence[Candidate],
    checkpoint: Callable[[], None] = do_nothing,
    is_known: Callable[[str], bool] = is_unknown,
) -> list[Ranked]:
    """Return the candidates, the best first, in a total and deterministic order.

    A film whose full title was typed comes before all others.

    Args:
        checkpoint: called about every millisecond, so that others can go first.
        is_known: whether any film has a word; see `LevelJudge`.
    """
    scorer = QueryScorer(query, candidates, checkpoint, is_known)
    ranked = []
    for candidate in candidates:
        checkpoint()
        ranked.append(scorer.score(candidate))
    ranked.sort(key=lambda r: (-r.score, r.candidate.film_id))
    return ranked


def _exactness_bonus(exact: float) -> float:
    """Return what puts titles as typed before all others, then titles of the same letters."""
    if exact < SAME_LETTERS_EXACTNESS:
        return 0.0
    return EXACT_TITLE_BONUS if exact == 1.0 else SAME_LETTERS_BONUS


class QueryScorer:
    """Scores candidates for one query.

    All similarities that scoring needs are computed at once for all candidates, in few calls.
    """

    def __init__(
        self,
        query: Query,
        candidates: Sequence[Candidate],
        checkpoint: Callable[[], None] = do_nothing,
        is_known: Callable[[str], bool] = is_unknown,
    ) -> None:
        self.query = query
        self.words = list(query.words)
        self.weights = [_word_weight(query, word) for word in self.words]
        self.total_weight = sum(self.weights) or 1.0
        normalized = numerals.normalize_numerals(list(query.title))
        self.numbers = {word for word in normalized if word.isdigit()}
        content = [word for word in query.title if word not in query.minor_words]
        self.has_words_beside_numbers = not all(map(numerals.is_number, content))
        self.compact_keys = {"".join(query.words), "".join(query.core)}
        self.full_titles = frozenset(query.full_titles)
        self.exact_key = _exact_key(query.text)
        self.bare_words = without_article(list(query.title))
        self.word_similarities, self.pair_similarities = compare_words(
            query, candidates, checkpoint
        )
        self.judge = LevelJudge(query, self.word_similarities, self.pair_similarities, is_known)
        checkpoint()
        self._compare_full_texts(candidates)

    def _compare_full_texts(self, candidates: Sequence[Candidate]) -> None:
        """Compare the query as one text with full titles, title prefixes and full names."""
        titles = list({key for c in candidates for title in c.titles for key in title.keys})
        names = list({name for c in candidates for name in c.name_keys})
        query_keys = _query_keys(self.query)
        self.title_similarities = best_similarities(query_keys, titles, MIN_FULL_TITLE_SIMILARITY)
        self.name_similarities = best_similarities(query_keys, names, MIN_PREFIX_SIMILARITY)
        self.prefix_similarities: dict[str, float] = {}
        for key, weight in query_keys.items():
            lengths = (len(key) - 1, len(key), len(key) + 1) if len(key) > 2 else (len(key),)
            long_titles = [title for title in titles if len(title) >= len(key)]
            by_prefix = group_by_prefix(long_titles, lengths)
            similar_prefixes = find_similar(key, list(by_prefix), MIN_PREFIX_SIMILARITY)
            for prefix, similarity in similar_prefixes.items():
                for title in by_prefix[prefix]:
                    self.prefix_similarities[title] = max(
                        self.prefix_similarities.get(title, 0.0), weight * similarity
                    )

    def score(self, candidate: Candidate) -> Ranked:
        """Score the candidate by its best title."""
        scored = []
        for title in candidate.titles:
            features = self.features(candidate, title)
            score = title.weight * sum(map(mul, WEIGHTS, features))
            scored.append((score, features))
        score, features = max(scored)
        score += _exactness_bonus(features.exact)
        if features.exact >= SAME_LETTERS_EXACTNESS and self._is_spelt_so(candidate):
            score += SPELT_SO_BONUS
        return Ranked(candidate, score, features, self.judge)

    def _is_spelt_so(self, candidate: Candidate) -> bool:
        """Return whether a title is what was typed, its signs included: `Help!` is not `Help`."""
        return any(_exact_key(title.text) == self.exact_key for title in candidate.titles)

    def features(self, candidate: Candidate, title: Title) -> Features:
        """Compute the features of one title of a film."""
        explained, matches, names = self._explain(candidate, title)
        is_alone = not names and matches_numbers_alone(title, matches, self.query.minor_words)
        if is_alone and self.has_words_beside_numbers:
            explained *= LONE_NUMBER_FACTOR
        covered = score_coverage(candidate, title, matches, names)
        if not title.initials.isdisjoint(self.words):
            explained = self._explain_by_initials(title, explained)
            covered = max(covered, INITIALS_EXPLAINED)
        title_similarity = best_similarity(self.title_similarities, title.keys)
        name_similarity = best_similarity(self.name_similarities, candidate.name_keys)
        prefix_similarity = best_similarity(self.prefix_similarities, title.keys)
        if prefix_similarity > title_similarity and not self._has_same_word_count(
            title, prefix_similarity
        ):
            prefix_similarity *= WORD_COUNT_MISMATCH_FACTOR
        beginning = max(title_similarity, prefix_similarity)
        numbers = self._score_numbers(title, beginning)
        if (
            numbers
            and max(title_similarity, name_similarity, beginning) >= MIN_EXPLAINING_SIMILARITY
        ):
            explained = max(explained, title_similarity, name_similarity, beginning)
        covered = max(covered, beginning)
        year = self._score_year(candidate, title)
        return Features(
            explained=explained,
            covered=covered,
            full_title=max(title_similarity, name_similarity, self._score_prefix(title, beginning)),
            exact=self._score_exact(title, year),
            order=score_order(matches),
            numbers=numbers,
            year=year,
            votes=candidate.votes,
            prefix_votes=beginning * candidate.votes,
        )

    def _explain(
        self, candidate: Candidate, title: Title
    ) -> tuple[float, list[tuple[int, float]], set[str]]:
        """Explain the query's words by words of the title and of names, in the best way.

        Each word is read by itself or together with its neighbour, whichever explains more (dynamic
        programming over the positions of the query).

        Returns:
            The share of the query that is explained, (position in the title, similarity) for each
            match in the title, and the words of names that match.
        """
        names: set[str] = set()
        best: list[tuple[float, tuple[tuple[int, float], ...]]] = [(0.0, ())]
        for query_position, similar in enumerate(self.word_similarities):
            similarity, position = best_in_title(similar, title)
            name_similarity = best_similarity(similar, candidate.name_words)
            if name_similarity > similarity:
                names.update(n for n in candidate.name_words if similar.get(n) == name_similarity)
                position = -1
            weight = self.weights[query_position]
            explained, matches = best[-1]
            value = explained + weight * max(similarity, name_similarity)
            option = (value, (*matches, (position, similarity)) if position >= 0 else matches)
            if query_position:
                pair_similar = self.pair_similarities[query_position - 1]
                similarity, position = best_in_title(pair_similar, title)
                explained, matches = best[-2]
                pair_weight = weight + self.weights[query_position - 1]
                value = explained + pair_weight * PAIR_FACTOR * similarity
                if value > option[0]:
                    option = (value, (*matches, (position, similarity)))
            best.append(option)
        return best[-1][0] / self.total_weight, list(best[-1][1]), names

    def _explain_by_initials(self, title: Title, explained: float) -> float:
        """Return the share explained if a word is the title's initials."""
        weight = sum(
            w for word, w in zip(self.words, self.weights, strict=True) if word in title.initials
        )
        return min(1.0, explained + INITIALS_EXPLAINED * weight / self.total_weight)

    def _score_exact(self, title: Title, year: float) -> float:
        if title.compact_key in self.compact_keys:
            is_same = title.words in (self.query.words, self.query.core)
            return 1.0 if is_same else SAME_LETTERS_EXACTNESS
        if title.compact_key == "".join(self.query.title):
            return 1.0 if year >= 0.6 else 0.85
        return 0.9 if self.full_titles.intersection(title.bare_keys) else 0.0

    def _has_same_word_count(self, title: Title, prefix_similarity: float) -> bool:
        """Return whether the prefix of the title that was typed has as many words as the query.

        `mad m` is a prefix of `Mad Max` with two words, but one of `Madman` with one.
        """
        lengths = (len(word) for word in without_article(list(title.words)))
        starts = list(accumulate(lengths, initial=0))[:-1]
        length = len("".join(self.bare_words))
        ends = (length,) if prefix_similarity == 1.0 else (length - 1, length, length + 1)
        return any(sum(start < end for start in starts) == len(self.bare_words) for end in ends)

    def _score_prefix(self, title: Title, beginning: float) -> float:
        """Return what a prefix counts beside the similarity of a full title."""
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
        distance = abs(self.query.year - candidate.year)
        return 1.0 if distance == 0 else 0.6 if distance == 1 else 0.3 if distance == 2 else 0.0


def _exact_key(text: str) -> str:
    """Return a title with its signs, but `and` for `&`, which people type as they like."""
    return exact_title_key(text.replace("&", " and "))


def _word_weight(query: Query, word: str) -> float:
    if word in query.minor_words:
        return STOP_WORD_WEIGHT
    if word == str(query.year) or word not in query.core:
        return NOISE_WEIGHT
    return 1.0


def _query_keys(query: Query) -> dict[str, float]:
    """Return the forms of the query as one text, with weights: less without a typed article."""
    weights: dict[str, float] = {}
    for words in (query.title, query.core, query.words):
        for form in (list(words), numerals.normalize_numerals(list(words))):
            weights["".join(form)] = 1.0
            weights.setdefault("".join(without_article(form)), NO_ARTICLE_FACTOR)
    return weights

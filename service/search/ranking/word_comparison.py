"""The words of a query compared with the words of all candidates at once."""

from collections.abc import Callable, Sequence

from service.search.query.parser import Query
from service.search.ranking.candidates import Candidate
from service.search.ranking.match_level import LevelJudge, MatchLevel, is_unknown
from service.search.ranking.similarity import similar_words
from service.text.analysis import joined_pairs


def do_nothing() -> None:
    """Let no others go first."""


def compare_words(
    query: Query, candidates: Sequence[Candidate], checkpoint: Callable[[], None]
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return the similar terms of each word of the query, and of each pair run together."""
    terms = _collect_terms(candidates)
    words, last = list(query.words), len(query.words) - 1

    def find_similar_terms(texts: list[str], last: int) -> list[dict[str, float]]:
        similarities = []
        for position, text in enumerate(texts):
            checkpoint()
            similarities.append(similar_words(text, terms, position == last))
        return similarities

    return find_similar_terms(words, last), find_similar_terms(joined_pairs(words), last - 1)


def judge_levels(
    query: Query,
    candidates: Sequence[Candidate],
    checkpoint: Callable[[], None] = do_nothing,
    is_known: Callable[[str], bool] = is_unknown,
) -> dict[str, MatchLevel]:
    """Return the match level of each candidate by its id, without ranking it."""
    similarities = compare_words(query, candidates, checkpoint)
    judge = LevelJudge(query, *similarities, is_known)
    return {candidate.film_id: judge.level(candidate) for candidate in candidates}


def _collect_terms(candidates: Sequence[Candidate]) -> list[str]:
    """Return the words and pairs of all titles, and the words of all names, each once."""
    terms: set[str] = set()
    for candidate in candidates:
        terms.update(candidate.name_words, *(title.terms for title in candidate.titles))
    return list(terms)

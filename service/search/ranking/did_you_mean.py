"""Whether a query is spelt as films are, and did you mean: the query in the words of the film that
it found.

That is only said when the best film explains most of the query, but not all: a query that is right
needs no advice, and one that found something else altogether deserves none.
"""

from service.search.query.parser import Query
from service.search.ranking.scorer import PAIR_FACTOR, QueryScorer, Ranked

MIN_EXPLAINED, MAX_EXPLAINED = 0.60, 0.99  # of the query explained


def did_you_mean(query: Query, best: Ranked) -> str | None:
    """`query` with each misspelt word as the film has it; none when there is nothing to say."""
    if not MIN_EXPLAINED <= best.features.explained < MAX_EXPLAINED:
        return None
    asked = QueryScorer(query, [best.candidate])
    meant: list[str] = []
    for place, word in enumerate(asked.words):
        right, likeness = _nearest_word(word, asked.word_similarities[place])
        if place and meant:
            pair, together = _nearest_word(
                asked.words[place - 1] + word, asked.pair_similarities[place - 1]
            )
            apart = (
                _nearest_word(asked.words[place - 1], asked.word_similarities[place - 1])[1]
                + likeness
            ) / 2
            if PAIR_FACTOR * together > apart:
                meant[-1:] = [pair]
                continue
        meant.append(right)
    spelt = " ".join(meant)
    return None if spelt == " ".join(asked.words) else spelt


def _nearest_word(word: str, alike: dict[str, float]) -> tuple[str, float]:
    """The film's word most like `word`; itself when none is, or when it begins one."""
    right = max(alike, key=lambda other: (alike[other], other), default=word)
    if right.startswith(word):
        return word, alike.get(right, 0.0)
    return right, alike.get(right, 0.0)

"""Did you mean: the query in the spelling of the film that it found.

It is offered only if the best film explains most of the query, but not all of it. A query that is
spelt right needs no correction, and a film that explains little was probably not meant.
"""

from service.search.query.parser import Query
from service.search.ranking.features import PAIR_FACTOR
from service.search.ranking.scorer import QueryScorer, Ranked

MIN_EXPLAINED, MAX_EXPLAINED = 0.60, 0.99  # share of the query that the best film explains


def did_you_mean(query: Query, best: Ranked) -> str | None:
    """Return the query with each misspelt word as the film has it; None if nothing changes."""
    if not MIN_EXPLAINED <= best.features.explained < MAX_EXPLAINED:
        return None
    scorer = QueryScorer(query, [best.candidate])
    words, similarities = scorer.words, scorer.word_similarities
    corrected: list[str] = []
    for position, word in enumerate(words):
        correction, similarity = _nearest_word(word, similarities[position])
        if position and corrected:
            previous = words[position - 1]
            pair, pair_similarity = _nearest_word(
                previous + word, scorer.pair_similarities[position - 1]
            )
            _, previous_similarity = _nearest_word(previous, similarities[position - 1])
            if PAIR_FACTOR * pair_similarity > (previous_similarity + similarity) / 2:
                corrected[-1:] = [pair]
                continue
        corrected.append(correction)
    spelling = " ".join(corrected)
    return None if spelling == " ".join(words) else spelling


def _nearest_word(word: str, similarities: dict[str, float]) -> tuple[str, float]:
    """Return the film's word that is most similar to `word`, and its similarity.

    `word` itself is returned if no word is similar, or if it is a prefix of the nearest one.
    """
    nearest = max(similarities, key=lambda other: (similarities[other], other), default=word)
    if nearest.startswith(word):
        return word, similarities.get(nearest, 0.0)
    return nearest, similarities.get(nearest, 0.0)

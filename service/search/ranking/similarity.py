"""Similarity of texts, letter by letter, for ranking.

Ranking compares the words of a query with the words of all candidates at once. Similarities go from
0 to 1. Results leave out choices that are too dissimilar, so they are small.
"""

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.search.query.synonyms import abbreviation_counterpart
from service.text import numerals
from service.text.analysis import is_unspaced
from service.text.phonetics import phonetic_key
from service.text.titles import umlaut_readings

MIN_WORD_SIMILARITY = 0.55  # of two words; below it, similarity is chance
MIN_PREFIX_SIMILARITY = 0.7  # of two prefixes
EQUIVALENT_SIMILARITY = 0.98  # of a number or an abbreviation that is written another way
PHONETIC_SIMILARITY = 0.80  # of a word that sounds the same
MIN_PREFIX_FACTOR = 0.85  # for the shortest prefix of a word; the full word has 1
PART_SIMILARITY = 0.995  # of a part of a title without blanks
MIN_PART_LENGTH = 2  # letters of such a part
MAX_EXACT_PREFIX_LENGTH = 3  # letters; typos are expected only in longer prefixes


def similar_words(word: str, choices: list[str], is_last: bool) -> dict[str, float]:
    """Return the choices that a word of the query may stand for, with their similarities.

    The last word of a query may be unfinished.
    """
    similar = {} if word.isdigit() else find_similar(word, choices, MIN_WORD_SIMILARITY)
    if max(similar.values(), default=0.0) < PHONETIC_SIMILARITY and (key := phonetic_key(word)):
        similar |= {
            choice: PHONETIC_SIMILARITY for choice in choices if phonetic_key(choice) == key
        }
    if (counterpart := abbreviation_counterpart(word)) is not None:
        similar[counterpart] = EQUIVALENT_SIMILARITY
    similar |= dict.fromkeys(umlaut_readings(word), EQUIVALENT_SIMILARITY)
    if is_last:
        _add_prefix_matches(similar, word, choices)
    if len(word) >= MIN_PART_LENGTH and is_unspaced(word):
        for choice in choices:
            if word in choice:
                similar[choice] = max(similar.get(choice, 0.0), PART_SIMILARITY)
    digits = numerals.to_digits(word)
    if digits.isdigit():
        similar |= dict.fromkeys(numerals.equivalent_forms(digits), EQUIVALENT_SIMILARITY)
        similar[word] = 1.0
    return similar


def _add_prefix_matches(similar: dict[str, float], word: str, choices: list[str]) -> None:
    """Add the choices that begin with `word`, or with a text that is one edit away."""
    length = len(word)
    lengths = (length - 1, length, length + 1) if length > MAX_EXACT_PREFIX_LENGTH else (length,)
    by_prefix = group_by_prefix(choices, lengths)
    for prefix, similarity in find_similar(word, list(by_prefix), MIN_PREFIX_SIMILARITY).items():
        for choice in by_prefix[prefix]:
            prefix_similarity = similarity * (
                MIN_PREFIX_FACTOR + (1 - MIN_PREFIX_FACTOR) * min(1.0, length / len(choice))
            )
            if prefix_similarity > similar.get(choice, 0.0):
                similar[choice] = prefix_similarity


def group_by_prefix(choices: Iterable[str], lengths: tuple[int, ...]) -> dict[str, list[str]]:
    """Return the choices by their prefixes of these lengths; the full text is no prefix."""
    by_prefix: dict[str, list[str]] = {}
    for choice in choices:
        for length in lengths:
            if length < len(choice):
                by_prefix.setdefault(choice[:length], []).append(choice)
    return by_prefix


def find_similar(text: str, choices: list[str], min_similarity: float) -> dict[str, float]:
    """Return the choices that are similar enough, with their similarities.

    The similarity is 1 - distance / length of the longer text, with the optimal string alignment
    distance: a swap of neighbouring letters is one edit.
    """
    matches = process.extract(
        text, choices, scorer=OSA.normalized_similarity, score_cutoff=min_similarity, limit=None
    )
    return {choice: similarity for choice, similarity, _ in matches}


def best_similarities(
    weights: dict[str, float], choices: list[str], min_similarity: float
) -> dict[str, float]:
    """Return for each choice the highest product of weight and similarity among the keys.

    Args:
        weights: texts to compare the choices with, and the weight of each.
        choices: the texts that the result is about.
        min_similarity: a similarity below it counts as 0.
    """
    best: dict[str, float] = {}
    for text, weight in weights.items():
        for choice, similarity in find_similar(text, choices, min_similarity).items():
            best[choice] = max(best.get(choice, 0.0), weight * similarity)
    return best


def best_similarity(similarities: dict[str, float], texts: tuple[str, ...]) -> float:
    """Return the highest similarity of any of `texts`; 0 if none is similar."""
    return max([similarities.get(text, 0.0) for text in texts], default=0.0)

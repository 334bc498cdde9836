"""Whether the words of a query exist in films."""

from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.query.plan import MAX_SLOTS
from service.search.query.synonyms import abbreviation_counterpart
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals


def has_misspelling(query: Query, vocabulary: Vocabulary) -> bool:
    """Return whether a word of the query is in no film.

    A word may also be run together with a neighbour, and the last word may be a prefix. If there is
    a misspelling, the words as typed cannot explain the whole query, and the exact stage is
    skipped.
    """
    words = query.core[:MAX_SLOTS]
    last = len(query.core) - 1

    def is_known(word: str, position: int) -> bool:
        return word in vocabulary or (position == last and vocabulary.has_prefix(word))

    unknown_positions = [
        position
        for position, word in enumerate(words)
        if not (_has_other_meaning(word) or is_known(word, position))
    ]
    for position in unknown_positions:
        before, after = words[position - 1 : position], words[position + 1 : position + 2]
        joined = [(words[position] + "".join(after), position + 1)] if after else []
        joined += [("".join(before) + words[position], position)] if before else []
        if not any(is_known(*pair) for pair in joined):
            return not any(vocabulary.has_prefix(title) for title in query.full_titles)
    return False


def _has_other_meaning(word: str) -> bool:
    """Return whether a word may stand for another one, or for nothing."""
    return (
        word in STOP_WORDS
        or numerals.is_number(word)
        or abbreviation_counterpart(word) is not None
        or bool(numerals.leet_readings(word))
    )

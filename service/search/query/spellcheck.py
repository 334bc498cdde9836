"""Whether a query is spelt the way films are."""

from service.search.query.parser import STOP_WORDS, Query
from service.search.query.plan import MAX_SLOTS
from service.search.query.synonyms import abbreviation_counterpart
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals


def has_misspelling(query: Query, vocabulary: Vocabulary) -> bool:
    """Whether some word is in no film: neither alone, nor run together with a neighbour, nor as a
    beginning where it may be one.

    Then words as they are typed cannot explain all of the query, and need not be asked for.
    """
    typed = query.core[:MAX_SLOTS]
    end = len(query.core) - 1

    def there(word: str, place: int) -> bool:
        return word in vocabulary or (place == end and vocabulary.has_prefix(word))

    missing = [
        place
        for place, word in enumerate(typed)
        if not (_needs_no_spelling(word) or there(word, place))
    ]
    for place in missing:
        before, after = typed[place - 1 : place], typed[place + 1 : place + 2]
        joint = [(typed[place] + "".join(after), place + 1)] if after else []
        joint += [("".join(before) + typed[place], place)] if before else []
        if not any(there(*each) for each in joint):
            return not any(vocabulary.has_prefix(form) for form in query.full_titles)
    return False


def _needs_no_spelling(word: str) -> bool:
    """Words that may stand for others, or for nothing."""
    return (
        word in STOP_WORDS
        or numerals.to_digits(word).isdigit()
        or abbreviation_counterpart(word) is not None
        or bool(numerals.leet_readings(word))
    )

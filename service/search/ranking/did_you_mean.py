"""Whether a query is spelt as films are, and did you mean: the query in the words of the film that
it found.

That is only said when the best film explains most of the query, but not all: a query that is right
needs no advice, and one that found something else altogether deserves none.
"""

from service.search.query.parser import STOP_WORDS, Query
from service.search.query.plan import MOST_SLOTS
from service.search.query.synonyms import other_form
from service.search.ranking.scorer import PAIR, Asked, Ranked
from service.search.vocabulary.vocabulary import Vocabulary
from service.text import numerals

LEAST, MOST = 0.60, 0.99  # of the query explained


def did_you_mean(query: Query, best: Ranked) -> str | None:
    """`query` with each misspelt word as the film has it; none when there is nothing to say."""
    if not LEAST <= best.features.explained < MOST:
        return None
    asked = Asked(query, [best.candidate])
    meant: list[str] = []
    for place, word in enumerate(asked.words):
        right, likeness = _nearest(word, asked.alike[place])
        if place and meant:
            pair, together = _nearest(asked.words[place - 1] + word, asked.paired[place - 1])
            apart = (_nearest(asked.words[place - 1], asked.alike[place - 1])[1] + likeness) / 2
            if PAIR * together > apart:
                meant[-1:] = [pair]
                continue
        meant.append(right)
    spelt = " ".join(meant)
    return None if spelt == " ".join(asked.words) else spelt


def misspelt(query: Query, vocabulary: Vocabulary) -> bool:
    """Whether some word is in no film: neither alone, nor run together with a neighbour, nor as a
    beginning where it may be one.

    Then words as they are typed cannot explain all of the query, and need not be asked for.
    """
    typed = query.core[:MOST_SLOTS]
    end = len(query.core) - 1

    def there(word: str, place: int) -> bool:
        return word in vocabulary or (place == end and vocabulary.begins(word))

    missing = [place for place, word in enumerate(typed) if not (_free(word) or there(word, place))]
    for place in missing:
        before, after = typed[place - 1 : place], typed[place + 1 : place + 2]
        joint = [(typed[place] + "".join(after), place + 1)] if after else []
        joint += [("".join(before) + typed[place], place)] if before else []
        if not any(there(*each) for each in joint):
            return not any(vocabulary.begins(form) for form in query.wholes)
    return False


def _free(word: str) -> bool:
    """Words that may stand for others, or for nothing."""
    return (
        word in STOP_WORDS
        or numerals.figure(word).isdigit()
        or other_form(word) is not None
        or bool(numerals.lettered(word))
    )


def _nearest(word: str, alike: dict[str, float]) -> tuple[str, float]:
    """The film's word most like `word`; itself when none is, or when it begins one."""
    right = max(alike, key=lambda other: (alike[other], other), default=word)
    if right.startswith(word):
        return word, alike.get(right, 0.0)
    return right, alike.get(right, 0.0)

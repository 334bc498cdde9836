"""The typo budget: how many edits a word or a full title may be away from the typed one.

Words of four letters or more may be one edit away, words of three letters too, at a low weight. A
word that does not exist may be two edits away if it has seven letters, or five in a relaxed plan,
and no word is one edit away. Full titles follow the same rule with nine letters.
"""

from service.search.vocabulary.fuzzy_term_index import NearTerm
from service.search.vocabulary.vocabulary import Vocabulary

MIN_FUZZY_LENGTH = 4  # letters; a shorter word is one edit away from too many others
MIN_TWO_EDITS_LENGTH = 7
MIN_RELAXED_TWO_EDITS_LENGTH = 5
MIN_FULL_TITLE_TWO_EDITS_LENGTH = 9


def find_near_words(
    word: str, vocabulary: Vocabulary, *, is_known: bool, relaxed: bool
) -> tuple[NearTerm, ...]:
    """Return the words within the typo budget of `word`; `is_known` says that it exists itself."""
    near = vocabulary.expand(word, 1)
    min_length = MIN_RELAXED_TWO_EDITS_LENGTH if relaxed else MIN_TWO_EDITS_LENGTH
    if not near and not is_known and len(word) >= min_length:
        return vocabulary.expand(word, 2)
    return near

"""The typo budget: how many edits a word or a full title may be away from the typed one.

Words of four letters or more may be one edit away, words of three letters too, at a low weight. A
word that does not exist may be two edits away if it has seven letters, or five in a relaxed plan,
and no word is one edit away. Full titles follow the same rule with nine letters, in a relaxed plan.
Prefixes, pairs of words run together and names may be one edit away. A word of a full title may be
in the other grammatical number.

Every distance and every length of the rule is here; what a match at a distance weighs is in `plan`.
"""

from collections.abc import Sequence

from service.search.vocabulary.fuzzy_term_index import FuzzyTermIndex, NearTerm
from service.search.vocabulary.vocabulary import FULL_TITLE, Vocabulary
from service.text.plurals import other_numbers

ONE_EDIT, TWO_EDITS = 1, 2
MIN_SHORT_FUZZY_LENGTH = 3  # letters; words of this length have a low weight
MIN_FUZZY_LENGTH = 4  # a shorter word is one edit away from too many others
MIN_TWO_EDITS_LENGTH = 7
MIN_RELAXED_TWO_EDITS_LENGTH = 5
MIN_FULL_TITLE_TWO_EDITS_LENGTH = 9
MAX_INFLECTED_WORDS = 4  # of a query in which one word is in another grammatical number


def max_edits(word: str) -> int:
    """Return how many edits a word may be away from a word of a film; digits are never misspelt."""
    length = len(word)
    if word.isdigit() or length < MIN_SHORT_FUZZY_LENGTH:
        return 0
    return ONE_EDIT if length < MIN_TWO_EDITS_LENGTH else TWO_EDITS


def find_near_words(
    word: str, vocabulary: Vocabulary, *, is_known: bool, relaxed: bool
) -> tuple[NearTerm, ...]:
    """Return the words within the typo budget of `word`; `is_known` says that it exists itself."""
    near = vocabulary.expand(word, ONE_EDIT)
    min_length = MIN_RELAXED_TWO_EDITS_LENGTH if relaxed else MIN_TWO_EDITS_LENGTH
    if not near and not is_known and len(word) >= min_length:
        return vocabulary.expand(word, TWO_EDITS)
    return near


def find_near_prefixes(text: str, vocabulary: Vocabulary) -> tuple[NearTerm, ...]:
    """Return the prefixes of words and full titles that are one edit away from `text`."""
    return vocabulary.expand(text, ONE_EDIT, prefix=True)


def find_near_pairs(pair: str, vocabulary: Vocabulary) -> tuple[NearTerm, ...]:
    """Return the words that are one edit away from two words run together."""
    return vocabulary.expand(pair, ONE_EDIT)


def find_near_names(word: str, names: FuzzyTermIndex) -> tuple[NearTerm, ...]:
    """Return the words of names that are one edit away from `word`."""
    return names.expand(word, ONE_EDIT)


def find_near_titles(title: str, vocabulary: Vocabulary, *, relaxed: bool) -> tuple[NearTerm, ...]:
    """Return the full titles within the typo budget of `title`."""
    near = _full_titles(vocabulary.expand(title, ONE_EDIT))
    if not near and relaxed and len(title) >= MIN_FULL_TITLE_TWO_EDITS_LENGTH:
        return _full_titles(vocabulary.expand(title, TWO_EDITS))
    return near


def find_other_numbers(words: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the full titles that have one of these words in the other grammatical number."""
    if len(words) > MAX_INFLECTED_WORDS:
        return ()
    titles = [
        "".join((*words[:place], form, *words[place + 1 :]))
        for place, word in enumerate(words)
        for form in other_numbers(word)
    ]
    return tuple(title for title in titles if vocabulary.fields_of(title) & FULL_TITLE)


def _full_titles(terms: tuple[NearTerm, ...]) -> tuple[NearTerm, ...]:
    return tuple(term for term in terms if term.field_mask & FULL_TITLE)

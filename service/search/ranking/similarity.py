"""How alike two pieces of text are, letter by letter: for ranking, which compares a query's words
with those of all candidates at once.

Likenesses go from 0 to 1. Choices that are too little alike are left out, so an answer is small.
"""

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.search.query.synonyms import abbreviation_counterpart
from service.text import numerals
from service.text.phonetics import phonetic_key

MIN_WORD_SIMILARITY = 0.55  # of two words; less is chance
MIN_PREFIX_SIMILARITY = 0.7  # of two beginnings
EQUIVALENT_SIMILARITY = 0.98  # a number, or an abbreviation, written another way
PHONETIC_SIMILARITY = 0.80  # a word that sounds the same
MIN_PREFIX_FACTOR = 0.85  # what a beginning explains of a word at least
MAX_EXACT_PREFIX_LENGTH = 3  # letters; shorter beginnings are taken as they are


def similar_words(word: str, choices: list[str], last: bool) -> dict[str, float]:
    """The choices that a query's `word` may stand for; the `last` one may be unfinished."""
    near = {} if word.isdigit() else find_similar(word, choices, MIN_WORD_SIMILARITY)
    if max(near.values(), default=0.0) < PHONETIC_SIMILARITY and (key := phonetic_key(word)):
        near |= {choice: PHONETIC_SIMILARITY for choice in choices if phonetic_key(choice) == key}
    if (other := abbreviation_counterpart(word)) is not None:
        near[other] = EQUIVALENT_SIMILARITY
    if last:
        _add_prefix_matches(near, word, choices)
    figure = numerals.to_digits(word)
    if figure.isdigit():
        near |= dict.fromkeys(numerals.equivalent_forms(figure), EQUIVALENT_SIMILARITY)
        near[word] = 1.0
    return near


def _add_prefix_matches(near: dict[str, float], word: str, choices: list[str]) -> None:
    """Words that the query's last one may be the beginning of; a letter may be off."""
    size = len(word)
    sizes = (size - 1, size, size + 1) if size > MAX_EXACT_PREFIX_LENGTH else (size,)
    by_start = group_by_prefix(choices, sizes)
    for start, likeness in find_similar(word, list(by_start), MIN_PREFIX_SIMILARITY).items():
        for choice in by_start[start]:
            begun = likeness * (
                MIN_PREFIX_FACTOR + (1 - MIN_PREFIX_FACTOR) * min(1.0, size / len(choice))
            )
            if begun > near.get(choice, 0.0):
                near[choice] = begun


def group_by_prefix(choices: Iterable[str], sizes: tuple[int, ...]) -> dict[str, list[str]]:
    """The choices by each of their beginnings that has one of the sizes."""
    found: dict[str, list[str]] = {}
    for choice in choices:
        for size in sizes:
            if size < len(choice):
                found.setdefault(choice[:size], []).append(choice)
    return found


def find_similar(text: str, choices: list[str], least: float) -> dict[str, float]:
    """The choices that are at least so much alike; a swap of neighbours is one letter off."""
    found = process.extract(
        text, choices, scorer=OSA.normalized_similarity, score_cutoff=least, limit=None
    )
    return {choice: likeness for choice, likeness, _ in found}


def best_similarities(
    forms: dict[str, float], choices: list[str], least: float
) -> dict[str, float]:
    """For each choice the best of what the `forms` are worth times their likeness to it."""
    near: dict[str, float] = {}
    for form, worth in forms.items():
        for choice, likeness in find_similar(form, choices, least).items():
            near[choice] = max(near.get(choice, 0.0), worth * likeness)
    return near


def best_similarity(near: dict[str, float], texts: tuple[str, ...]) -> float:
    """The likeness of the text that is most alike."""
    return max([near.get(text, 0.0) for text in texts], default=0.0)

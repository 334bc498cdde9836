"""Numbers in titles: `II`, `Two` and `2` mean the same, and `Se7en` is also `seven`.

A film is indexed under every form that people type; a query looks for the typed word and for its
digits. `analysis` knows nothing of this: whether two titles are the same is decided by their words.
"""

import re
from itertools import product

_UNIT_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen"""
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINAL_WORDS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh
    twelfth thirteenth"""
_ROMAN_NUMERALS = "ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_UNITS, _TENS = _UNIT_WORDS.split(), _TEN_WORDS.split()

CARDINALS: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: ten * 10 for ten, word in enumerate(_TENS, 2)},
    **{word: value for value, word in enumerate(_ROMAN_NUMERALS.split(), 2)},
}
"""The number that a word means. `i` is left out: it is a pronoun more often than a numeral."""

ROMAN_NUMERALS = frozenset(("i", *_ROMAN_NUMERALS.split()))

ORDINALS: dict[str, int] = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), 1)}
_DIGIT_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th)")
_FRACTIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("and", "a", "half"): ("1", "2"),
    ("and", "a", "quarter"): ("1", "4"),
    ("and", "three", "quarters"): ("3", "4"),
}
"""The words of a fraction behind a number, and the words that `½` or `1/2` is split into."""

_NUMBERS = frozenset((*CARDINALS, *ORDINALS, *(words[-1] for words in _FRACTIONS)))

# Digits that stand for letters in titles such as `Se7en`, `S1m0ne` and `Numb3rs`.
_LEET_LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "vt", "8": "b"}
_LEET_WORD = re.compile(r"(?=.*[^\W\d_])(?=.*\d)[^\W_]{3,12}")
MAX_NUMBER_WORDS = 7  # words: nine thousand nine hundred and ninety nine
MAX_FRACTION_WORDS = 3  # words: and a half
MAX_LEET_DIGITS = 3  # digits read as letters in one word; with more it is a code


def _format_ordinal(value: int) -> str:
    ending = (
        "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    )
    return f"{value}{ending}"


def to_digits(word: str) -> str:
    """Return a number word in digits: `two` and `ii` give `2`, `second` gives `2nd`.

    Other words stay as they are.
    """
    if word in CARDINALS:
        return str(CARDINALS[word])
    if word in ORDINALS:
        return _format_ordinal(ORDINALS[word])
    return word


def is_number(word: str) -> bool:
    """Return whether a word is a number: in digits, as a cardinal, or as a Roman numeral."""
    return to_digits(word).isdecimal()


def query_forms(word: str) -> tuple[str, ...]:
    """Return the forms under which a query's word is looked up: itself, then its digits."""
    digits = to_digits(word)
    return (word,) if digits == word else (word, digits)


def leet_readings(word: str) -> tuple[str, ...]:
    """Return the readings of a word with digits for letters: `se7en` gives `seven` and `seten`.

    Most words have none.
    """
    if word.isalpha() or not _LEET_WORD.fullmatch(word) or _DIGIT_ORDINAL.fullmatch(word):
        return ()
    digits = [c for c in word if c.isdigit()]
    if len(digits) > MAX_LEET_DIGITS or any(c not in _LEET_LETTERS for c in digits):
        return ()
    return tuple(
        "".join(letters)
        for letters in product(*(_LEET_LETTERS[c] if c.isdigit() else c for c in word))
    )


def index_forms(word: str) -> tuple[str, ...]:
    """Return the forms under which a title's word is indexed: `second` is also `2nd` and `2`.

    The word itself comes first.
    """
    if word.isalpha() and word not in _NUMBERS:
        return (word,)
    forms = [word, *query_forms(word)[1:], *leet_readings(word)]
    if word in ORDINALS:
        forms.append(str(ORDINALS[word]))
    elif match := _DIGIT_ORDINAL.fullmatch(word):
        forms.append(match.group(1))
    return tuple(dict.fromkeys(forms))


def has_number(title_words: list[str]) -> bool:
    """Return whether a number is written as a word; else `normalize_numerals` changes nothing."""
    return not _NUMBERS.isdisjoint(title_words)


def normalize_numerals(title_words: list[str]) -> list[str]:
    """Return the words with all numbers in digits; several words of one number become one word.

    `twenty one grams` gives `21 grams`, `five hundred days` gives `500 days`, and `eight and a
    half` gives `8 1 2`, as `8½` does.
    """
    if not has_number(title_words):
        return list(title_words)
    result: list[str] = []
    position = 0
    while position < len(title_words):
        value, used = _parse_cardinal(title_words[position : position + MAX_NUMBER_WORDS])
        result.append(str(value) if used > 1 else to_digits(title_words[position]))
        position += max(used, 1)
        if result[-1].isdigit() and (
            fraction := _match_fraction(title_words[position : position + MAX_FRACTION_WORDS])
        ):
            result += _FRACTIONS[fraction]
            position += len(fraction)
    return result


def _match_fraction(following: list[str]) -> tuple[str, ...]:
    """Return the words of the fraction that `following` begins with, or ()."""
    return next((words for words in _FRACTIONS if tuple(following[: len(words)]) == words), ())


def _parse_cardinal(following: list[str]) -> tuple[int, int]:
    """Return the number that `following` begins with and how many words it has; else (0, 0)."""
    value = used = 0
    for unit, factor in (("thousand", 1000), ("hundred", 100)):
        if following[used + 1 : used + 2] == [unit] and following[used] in _UNITS:
            value += CARDINALS[following[used]] * factor
            used += 2
    rest = following[used:]
    joined = 1 if value and rest[:1] == ["and"] else 0
    tens = rest[joined] if rest[joined : joined + 1] and rest[joined] in _TENS else ""
    unit_at = joined + bool(tens)
    ones = rest[unit_at : unit_at + 1]
    if ones and ones[0] in (_UNITS[1:10] if tens else _UNITS[1:]):
        return value + CARDINALS.get(tens, 0) + CARDINALS[ones[0]], used + unit_at + 1
    return (value + CARDINALS[tens], used + unit_at) if tens else (value, used)


_EQUIVALENT_FORMS: dict[str, tuple[str, ...]] = {
    str(value): (str(value), *(word for word, other in CARDINALS.items() if other == value))
    for value in sorted(set(CARDINALS.values()))
}


def equivalent_forms(digits: str) -> tuple[str, ...]:
    """Return all ways to write a number that is given in digits; `digits` comes first."""
    return _EQUIVALENT_FORMS.get(digits, (digits,))

"""Numbers in titles: ``II``, ``Two`` and ``2`` are one word, ``Se7en`` is also ``seven``.

A film is indexed under every form that people type; a query asks for what was typed and for the
figure. Kept apart from `text`, since a title's identity is its words, not its numbers."""

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
    **{word: tens * 10 for tens, word in enumerate(_TENS, 2)},
    **{word: value for value, word in enumerate(_ROMAN_NUMERALS.split(), 2)},
}
"""What number a word means. ``i`` is a pronoun before it is a numeral, thus not here."""

ORDINALS: dict[str, int] = {word: value for value, word in enumerate(_ORDINAL_WORDS.split(), 1)}
_DIGIT_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th)")
_FRACTIONS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("and", "a", "half"): ("1", "2"),
    ("and", "a", "quarter"): ("1", "4"),
    ("and", "three", "quarters"): ("3", "4"),
}
"""What follows a number and belongs to it, with the figures that ``½`` and ``1/2`` are read as."""

_NUMBERS = frozenset((*CARDINALS, *ORDINALS, *(words[-1] for words in _FRACTIONS)))

# Figures that stand for letters in titles set as ``Se7en``, ``S1m0ne`` or ``Numb3rs``.
_LEET_LETTERS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "vt", "8": "b"}
_LEET_WORD = re.compile(r"(?=.*[^\W\d_])(?=.*\d)[^\W_]{3,12}")
MAX_NUMBER_WORDS = 7  # words: nine thousand nine hundred and ninety nine
MAX_FRACTION_WORDS = 3  # words: and a half
MAX_LEET_DIGITS = 3  # figures read as letters in one word; more is a code, not a word


def _format_ordinal(value: int) -> str:
    ending = (
        "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    )
    return f"{value}{ending}"


def to_digits(word: str) -> str:
    """`word` with its number as a figure: ``two`` and ``ii`` are ``2``, ``second`` is ``2nd``;
    others stay.
    """
    if word in CARDINALS:
        return str(CARDINALS[word])
    if word in ORDINALS:
        return _format_ordinal(ORDINALS[word])
    return word


def query_forms(word: str) -> tuple[str, ...]:
    """The forms under which a typed word is looked up: itself first, then its figure if it has
    another one.
    """
    other = to_digits(word)
    return (word,) if other == word else (word, other)


def leet_readings(word: str) -> tuple[str, ...]:
    """Readings of a word with figures for letters: ``se7en`` gives ``seven`` and ``seten``. Most
    words give none.
    """
    if word.isalpha() or not _LEET_WORD.fullmatch(word) or _DIGIT_ORDINAL.fullmatch(word):
        return ()
    figures = [c for c in word if c.isdigit()]
    if len(figures) > MAX_LEET_DIGITS or any(c not in _LEET_LETTERS for c in figures):
        return ()
    return tuple(
        "".join(letters)
        for letters in product(*(_LEET_LETTERS[c] if c.isdigit() else c for c in word))
    )


def index_forms(word: str) -> tuple[str, ...]:
    """Every form under which a title's word is found, itself first: ``second`` is also ``2nd`` and
    ``2``.
    """
    if word.isalpha() and word not in _NUMBERS:
        return (word,)
    forms = [word, *query_forms(word)[1:], *leet_readings(word)]
    if word in ORDINALS:
        forms.append(str(ORDINALS[word]))
    elif found := _DIGIT_ORDINAL.fullmatch(word):
        forms.append(found.group(1))
    return tuple(dict.fromkeys(forms))


def has_number(title_words: list[str]) -> bool:
    """Whether a word is a number written as one: what has none is its own figures."""
    return not _NUMBERS.isdisjoint(title_words)


def normalize_numerals(title_words: list[str]) -> list[str]:
    """The words with all numbers as figures, numbers of several words as one: ``twenty one grams``
    is ``21 grams``, ``five hundred days`` is ``500 days``, ``eight and a half`` is ``8 1 2`` as
    ``8½`` is.
    """
    if not has_number(title_words):
        return list(title_words)
    result: list[str] = []
    place = 0
    while place < len(title_words):
        value, used = _parse_cardinal(title_words[place : place + MAX_NUMBER_WORDS])
        result.append(str(value) if used > 1 else to_digits(title_words[place]))
        place += max(used, 1)
        if result[-1].isdigit() and (
            part := _match_fraction(title_words[place : place + MAX_FRACTION_WORDS])
        ):
            result += _FRACTIONS[part]
            place += len(part)
    return result


def _match_fraction(following: list[str]) -> tuple[str, ...]:
    """The words of a half, or of quarters, that the words begin with."""
    return next((part for part in _FRACTIONS if tuple(following[: len(part)]) == part), ())


def _parse_cardinal(following: list[str]) -> tuple[int, int]:
    """The number that the words begin with, and of how many words it is: 0 and 0 for none."""
    value = used = 0
    for unit, worth in (("thousand", 1000), ("hundred", 100)):
        if following[used + 1 : used + 2] == [unit] and following[used] in _UNITS:
            value += CARDINALS[following[used]] * worth
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
    """Every word for a number given as a figure, itself first."""
    return _EQUIVALENT_FORMS.get(digits, (digits,))

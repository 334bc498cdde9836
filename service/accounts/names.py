"""User names that people can tell apart: visible letters of one script, and no look-alikes.

Two names look alike if they have the same skeleton: each character is replaced by one that stands
for all that look like it (Unicode Technical Standard 39). The data for that takes half a second to
load, so only `service.accounts.passwords.check_worker` and a migration compute skeletons.
"""

import unicodedata
from functools import cache

from service.text.visibility import is_ignorable

PUNCTUATION = frozenset("_-.")
MAX_MARKS = 3  # on one letter: Hebrew needs three, and piles of them hide other lines
MAX_SHARED_MARKS = 1  # of those that no script owns; with a letter most become one character
SHARED_MARK_RANGES = (
    *((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)),
)
MAX_SKELETON_LENGTH = 120  # characters; piled marks may need more, and the first ones suffice
SHARED_SCRIPTS = {"COMMON", "INHERITED"}
MIXED_SCRIPTS = (
    {"HAN", "HIRAGANA", "KATAKANA"},
    {"HAN", "BOPOMOFO"},
    {"HAN", "HANGUL"},
)
"""Scripts that one language writes together."""

LEFT_TO_RIGHT_MARK = "\u200e"  # around right-to-left characters in the data
PAIRS = {"rn": "m", "vv": "w"}
"""Pairs of letters that look like one."""


def require_visible_letters(name: str) -> None:
    """Return if a name consists of letters, digits, a few signs, and marks on letters.

    Args:
        name: in its form NFKC.

    Raises:
        ValueError: it does not.
    """
    marks = ""
    for char in name:
        category = unicodedata.category(char)
        is_mark = category in ("Mn", "Mc")
        marks = marks + char if is_mark else ""
        if is_ignorable(char):
            raise ValueError("must not contain invisible characters")
        if not (is_mark or category[0] == "L" or category == "Nd" or char in PUNCTUATION):
            raise ValueError("must consist of letters, digits, and the characters _ - .")
        shared_marks = sum(_is_within(mark, SHARED_MARK_RANGES) for mark in marks)
        if len(marks) > MAX_MARKS or shared_marks > MAX_SHARED_MARKS:
            raise ValueError("must not have that many marks on a letter")
    if unicodedata.category(name[0])[0] == "M":
        raise ValueError("must not begin with a mark that belongs on a letter")
    zeros = {ord(char) - unicodedata.decimal(char) for char in name if char.isdecimal()}
    if len(zeros) > 1:
        raise ValueError("must not mix the digits of several scripts")


def is_one_script(name: str) -> bool:
    """Return whether the letters of a name are of one script, or of a language's usual mix."""
    from confusable_homoglyphs import categories  # noqa: PLC0415 - it loads its data

    scripts = {categories.alias(char) for char in name} - SHARED_SCRIPTS
    return len(scripts) <= 1 or any(scripts <= mix for mix in MIXED_SCRIPTS)


def make_skeleton(name: str) -> str:
    """Return the skeleton of a name; names that look alike have the same."""
    prototypes = _prototypes()
    text = unicodedata.normalize("NFD", name)
    text = "".join(prototypes.get(char, char) for char in text).casefold()
    for pair, letter in PAIRS.items():
        text = text.replace(pair, letter)
    return unicodedata.normalize("NFC", text)[:MAX_SKELETON_LENGTH]


@cache
def _prototypes() -> dict[str, str]:
    """Return for each character the one that stands for all that look like it."""
    from confusable_homoglyphs.confusables import (  # noqa: PLC0415 - it loads its data
        confusables_data,
    )

    parents: dict[str, str] = {}

    def find_root(char: str) -> str:
        while (parent := parents.setdefault(char, char)) != char:
            parents[char] = parents[parent]
            char = parent
        return char

    for key, homoglyphs in confusables_data.items():
        for text in (homoglyph["c"] for homoglyph in homoglyphs):
            pair = (key.strip(LEFT_TO_RIGHT_MARK), text.strip(LEFT_TO_RIGHT_MARK))
            if len(pair[0]) == len(pair[1]) == 1:
                parents[find_root(pair[1])] = find_root(pair[0])
    groups: dict[str, list[str]] = {}
    for char in parents:
        groups.setdefault(find_root(char), []).append(char)
    best = {root: min(chars, key=_rank) for root, chars in groups.items()}
    return {char: best[find_root(char)] for char in list(parents)}


def _rank(char: str) -> tuple[bool, bool, int]:
    """Order the characters of a group: ASCII first, letters before digits."""
    return (not char.isascii(), not char.isalpha(), ord(char))


def _is_within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)

"""A phonetic key of English words: `moonlite` and `moonlight` have the same one.

The key consists of consonants. It finds words that are spelt by ear and differ in too many letters
from the right one. It is simpler than the published algorithms, because ranking compares the
letters afterwards anyway.
"""

import re
from functools import lru_cache

MIN_KEY_LENGTH = 3  # consonants; a shorter key matches too many words

_CH_SOUND = "C"  # no folded word has a capital letter
# Letters without which the pattern cannot match (a cheap test), the pattern, its sound.
_SPELLINGS = (
    ("n", re.compile(r"^(?:kn|gn|pn)"), "n"),
    ("wr", re.compile(r"^wr"), "r"),
    ("x", re.compile(r"^x"), "s"),
    ("wh", re.compile(r"^wh"), "w"),
    ("ph", re.compile(r"ph"), "f"),
    ("i", re.compile(r"(?:tion|sion|cian)"), "shn"),
    ("ch", re.compile(r"ch(?=[rl])"), "k"),
    ("h", re.compile(r"(?:tch|sch|sh|ch)"), _CH_SOUND),
    ("gh", re.compile(r"(?<=[aeiou])gh(?=t|$)"), ""),
    ("gh", re.compile(r"gh"), "g"),
    ("dg", re.compile(r"dg(?=[eiy])"), "j"),
    ("th", re.compile(r"th"), "t"),
    ("c", re.compile(r"c(?=[eiy])"), "s"),
    ("", re.compile(r"(?:ck|c|q)"), "k"),
    ("g", re.compile(r"g(?=[eiy])"), "j"),
    ("x", re.compile(r"x"), "ks"),
    ("z", re.compile(r"z"), "s"),
    ("w", re.compile(r"w(?=[aeiou])"), "v"),
    ("mb", re.compile(r"mb$"), "m"),
    ("h", re.compile(r"h(?![aeiouy])|(?<=[^aeiouy])h"), ""),
)
_SILENT = re.compile(r"[aeiouyw]")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=50_000)
def phonetic_key(word: str) -> str:
    """Return the key of a folded word; empty if it is too short or not of ASCII letters."""
    if not (word.isascii() and word.isalpha()):
        return ""
    key = word
    for letters, spelling, sound in _SPELLINGS:
        if letters in key:
            key = spelling.sub(sound, key)
    initial_vowel = "a" if key[:1] in "aeiouy" else ""
    key = initial_vowel + _DOUBLED.sub(r"\1", _SILENT.sub("", key))
    return key if len(key) >= MIN_KEY_LENGTH else ""

"""How a word sounds, roughly, in English: `moonlite` and `moonlight` are one sound.

A key of consonants, for words that are spelt by ear and lie too many letters from the right one.
Simpler than the published algorithms, because ranking compares the letters afterwards anyway.
"""

import re
from functools import lru_cache

SHORTEST = 3  # consonants; fewer sound like everything

_CH = "C"  # no folded word has a capital
_SPELLINGS = (
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"^x"), "s"),
    (re.compile(r"^wh"), "w"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"(?:tion|sion|cian)"), "shn"),
    (re.compile(r"ch(?=[rl])"), "k"),
    (re.compile(r"(?:tch|sch|sh|ch)"), _CH),
    (re.compile(r"(?<=[aeiou])gh(?=t|$)"), ""),
    (re.compile(r"gh"), "g"),
    (re.compile(r"dg(?=[eiy])"), "j"),
    (re.compile(r"th"), "t"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"(?:ck|c|q)"), "k"),
    (re.compile(r"g(?=[eiy])"), "j"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"z"), "s"),
    (re.compile(r"w(?=[aeiou])"), "v"),
    (re.compile(r"mb$"), "m"),
    (re.compile(r"h(?![aeiouy])|(?<=[^aeiouy])h"), ""),
)
_SILENT = re.compile(r"[aeiouyw]")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """The key of a folded word; empty when it says too little."""
    if not (word.isascii() and word.isalpha()):
        return ""
    key = word
    for spelling, sounds in _SPELLINGS:
        key = spelling.sub(sounds, key)
    first = "a" if key[:1] in "aeiouy" else ""
    key = first + _DOUBLED.sub(r"\1", _SILENT.sub("", key))
    return key if len(key) >= SHORTEST else ""

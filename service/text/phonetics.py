"""How a word sounds, roughly, in English: `moonlite` and `moonlight` are one sound.

A key of consonants, for words that are spelt by ear and lie too many letters from the right one.
Simpler than the published algorithms, because ranking compares the letters afterwards anyway.
"""

import re
from functools import lru_cache

MIN_KEY_LENGTH = 3  # consonants; fewer sound like everything

_CH_SOUND = "C"  # no folded word has a capital
# Letters without which a spelling cannot be there, the spelling, how it sounds.
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
    """The key of a folded word; empty when it says too little."""
    if not (word.isascii() and word.isalpha()):
        return ""
    key = word
    for needed, spelling, sounds in _SPELLINGS:
        if needed in key:
            key = spelling.sub(sounds, key)
    first = "a" if key[:1] in "aeiouy" else ""
    key = first + _DOUBLED.sub(r"\1", _SILENT.sub("", key))
    return key if len(key) >= MIN_KEY_LENGTH else ""

"""The other grammatical number of an English word, as titles are misremembered: `toy stories`.

The forms are only looked up among words that exist, so a rule that gives too many does no harm.
"""

_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "mice": "mouse",
    "people": "person",
    "teeth": "tooth",
}
_IRREGULAR |= {singular: plural for plural, singular in list(_IRREGULAR.items())}
_ENDINGS = (
    ("men", "man"),
    ("man", "men"),
    ("ies", "y"),
    ("y", "ies"),
    ("ves", "f"),
    ("ves", "fe"),
    ("f", "ves"),
    ("fe", "ves"),
    ("es", ""),
    ("s", ""),
)
MIN_STEM = 2  # letters before the ending of another word than `man`


def other_numbers(word: str) -> tuple[str, ...]:
    """Return what the plural of a word may be, and its singular."""
    if not word.isalpha():
        return ()
    forms = [_IRREGULAR[word]] if word in _IRREGULAR else []
    forms += [
        word.removesuffix(ending) + other
        for ending, other in _ENDINGS
        if word.endswith(ending)
        and (ending in ("man", "men") or len(word) >= len(ending) + MIN_STEM)
    ]
    if not word.endswith("s"):
        forms.append(f"{word}s")
    if word.endswith(("s", "x", "z", "ch", "sh", "o")):
        forms.append(f"{word}es")
    return tuple(dict.fromkeys(forms))

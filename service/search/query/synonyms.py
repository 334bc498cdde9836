"""Short forms that people type, and what they stand for: a small, curated list.

Initials of titles (`lotr`, `bttf`) are not in it, since the index has them; the list has forms that
cannot be derived from a title. Nicknames are expanded only if the text as typed explains too little
of itself, so a film that really has such a title is found first.
"""

from service.search.query.parser import Query
from service.search.vocabulary.vocabulary import FULL_TITLE, Vocabulary
from service.text import numerals

ABBREVIATIONS = {
    "bros": "brothers",
    "capt": "captain",
    "doc": "doctor",
    "dr": "doctor",
    "ep": "episode",
    "jr": "junior",
    "mr": "mister",
    "mt": "mount",
    "n": "and",
    "pt": "part",
    "pvt": "private",
    "sgt": "sergeant",
    "st": "saint",
    "thru": "through",
    "u": "you",
    "vol": "volume",
    "vs": "versus",
    "xmas": "christmas",
}
"""Abbreviations and their long forms; a title may have either."""

SHORT_FORMS = {long: short for short, long in ABBREVIATIONS.items()}

NICKNAMES = {
    "007": "james bond",
    "f9": "fast and furious 9",
    "hp": "harry potter",
    "id4": "independence day",
    "indy": "indiana jones",
    "sw": "star wars",
    "spidey": "spider man",
    "supes": "superman",
    "t1": "terminator",
    "t2": "terminator 2",
    "t3": "terminator 3",
    "wolvie": "wolverine",
    "x1": "x men",
    "x2": "x men 2",
    "x3": "x men 3",
}
"""A word that stands for a title or a part of one."""

SERIES_SHORT_FORMS = {
    "asm": "amazing spider man",
    "bttf": "back to the future",
    "ff": "fast and furious",
    "fnf": "fast and furious",
    "gotg": "guardians of the galaxy",
    "hg": "hunger games",
    "jp": "jurassic park",
    "jw": "john wick",
    "lotr": "lord of the rings",
    "mi": "mission impossible",
    "mib": "men in black",
    "potc": "pirates of the caribbean",
    "pota": "planet of the apes",
    "tf": "transformers",
}
"""A word that stands for a series if a number follows, and nothing else."""


def abbreviation_counterpart(word: str) -> str | None:
    """Return the long form of an abbreviation, or the abbreviation of a long form, else None."""
    return ABBREVIATIONS.get(word) or SHORT_FORMS.get(word)


def expand_nicknames(query: Query) -> Query | None:
    """Return the query with its nicknames written out; None if it has no nickname."""
    if not any(word in NICKNAMES for word in query.words):
        return None
    return Query.parse(" ".join(NICKNAMES.get(word, word) for word in query.words))


def expand_series(query: Query, vocabulary: Vocabulary) -> Query:
    """Return the query with the short form of a series written out, unless a title is so short."""
    if len(query.core) != 2:
        return query
    series, number = query.core
    if series not in SERIES_SHORT_FORMS or not numerals.is_number(number):
        return query
    if any(vocabulary.fields_of(title) & FULL_TITLE for title in query.full_titles):
        return query
    return Query.parse(f"{SERIES_SHORT_FORMS[series]} {number}")

"""Short forms that people type, and what they stand for. A small list, kept by hand.

Initials of titles (`lotr`, `bttf`) are not here: the index has them. What is here cannot be worked
out from a title. A nickname is tried only when the text as typed does not explain itself, so a
film that really has this title is found first.
"""

from service.search.query.parser import Query

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
"""One word for one word, both ways: a title may have either."""

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
"""One word for a title or the part of one."""


def abbreviation_counterpart(word: str) -> str | None:
    """The long form of an abbreviation, or the short one of a word that is often abbreviated."""
    return ABBREVIATIONS.get(word) or SHORT_FORMS.get(word)


def expand_nicknames(query: Query) -> Query | None:
    """The query with its nicknames written out; none when it has no nickname."""
    if not any(word in NICKNAMES for word in query.words):
        return None
    return Query.parse(" ".join(NICKNAMES.get(word, word) for word in query.words))

"""One analysis of text for everything that compares titles and names.

Both engines, the ranking and the identity of films (same folded title) split and fold text here, in
Python, and nowhere else: so two engines cannot disagree about what a word is, and relevance is
tested without either of them. Everything is pure and total: any string that Python can hold gives
an answer, never an error."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from operator import add
from typing import NamedTuple

MIN_INITIALS = 3
MAX_CACHED_LENGTH = 120  # characters; a title is taken apart several times over, a plot once
ARTICLES = frozenset({"the", "a", "an"})
"""Leading words that are not part of a title's whole form. English only: ``Die Hard`` must not lose
its ``die``.
"""

# What NFKD does not take apart, or takes apart wrongly (``8½`` would become ``81⁄2``), and marks
# that vanish so that both halves of ``WALL·E`` and ``Rock'n'Roll`` stay one word.
_REMOVED = "'’‘‛`´ʼʹʻ′＇·‧・\u00ad\u200b\u200c\u200d\ufeff"
_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ı": "i",
}
_SYMBOLS = {
    "½": " 1 2 ",
    "⅓": " 1 3 ",
    "⅔": " 2 3 ",
    "¼": " 1 4 ",
    "¾": " 3 4 ",
    "×": " x ",
    "＆": "&",
}
_SUPERSCRIPTS = {"¹": " 1 ", "²": " 2 ", "³": " 3 ", "⁴": " 4 "}


class _FoldingTable(dict[int, str | None]):
    """A table for `str.translate` that works out each further character once, when it is first
    seen.
    """

    def __missing__(self, code: int) -> str | None:
        if code < 128:
            folded: str | None = chr(code)
        else:
            kept = [
                c
                for c in unicodedata.normalize("NFKD", chr(code).casefold())
                if not unicodedata.combining(c)
            ]
            folded = unicodedata.normalize("NFC", "".join(kept)).casefold()
            folded = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
        self[code] = folded
        return folded


_REMOVED_ASCII = frozenset("'`")  # the ASCII signs that vanish
_FOLDING = _FoldingTable(
    str.maketrans(dict.fromkeys(_REMOVED) | _LETTERS | _SYMBOLS | _SUPERSCRIPTS)
)

# Vowel signs of Indic and South-East Asian scripts are marks, not letters, yet part of the word.
_WORD = r"(?:[^\W_]|[\u0900-\u0eff\u1000-\u109f\u1780-\u17ff])"
_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(
    rf"""
    (?P<acronym> (?<![^\W_]){_LETTER}(?:[.*]{_LETTER})+(?![^\W_]) )   # m.b.b.s.  M*A*S*H
  | (?P<number>  (?<![^\W_])\d{{1,3}}(?:,\d{{3}})+(?![^\W_]) )        # 20,000
  | (?P<word>    {_WORD}+(?:(?<=[^\W\d_])\${_LETTER}+)* )             # plain words, and Ca$h
  | (?P<sign>    & | (?<=\s)\+(?=\s) | (?<!\S)\+(?=\d) )              # Hobbs & Shaw  A + B  +1
    """,
    re.VERBOSE,
)
SUBTITLE_SEPARATOR = re.compile(r":| - ")
_TOKEN_CLEANUP = str.maketrans({".": None, "*": None, ",": None, "$": "s"})


class Span(NamedTuple):
    """A word and where it stands in the text that was given: ``text[start:end]``, in characters."""

    word: str
    start: int
    end: int


def _iterate_tokens(folded: str) -> Iterator[tuple[str, int, int]]:
    for found in _TOKEN.finditer(folded):
        text = found.group()
        if found.lastgroup == "sign":
            text = (
                "plus" if text == "+" and folded[found.end() : found.end() + 1].isdigit() else "and"
            )
        elif found.lastgroup != "word" or "$" in text:
            text = text.translate(_TOKEN_CLEANUP)
        yield text, found.start(), found.end()


def tokenize(text: str) -> list[str]:
    """The folded words of `text`, in their order.

    A text of signs alone (the film ``$``) is one word of its signs, so that nothing with a title is
    beyond reach; a text of blanks and controls has no words."""
    return list(_cached_words(text) if len(text) <= MAX_CACHED_LENGTH else _split_words(text))


def _split_words(text: str) -> tuple[str, ...]:
    if text.isascii() and text.replace(" ", "").isalnum():  # as most titles and names are
        return tuple(text.lower().split())
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
    found = tuple(word for word, _, _ in _iterate_tokens(plain.translate(_FOLDING)))
    if found:
        return found
    signs = "".join(c for c in plain if not c.isspace() and unicodedata.category(c)[0] != "C")
    return (signs,) if signs else ()


_cached_words = lru_cache(maxsize=10_000)(_split_words)  # some 4 MB


def fold(text: str) -> str:
    """The words of `text` with one space between them: equal for texts that read the same."""
    return " ".join(tokenize(text))


def word_spans(text: str) -> list[Span]:
    """The words of `text` with their places in it, for highlighting. The words are those of
    `words`.
    """
    if text.isascii() and not _REMOVED_ASCII.intersection(text):  # most texts: letter for letter
        found = [Span(*token) for token in _iterate_tokens(text.lower())]
    else:
        folded: list[str] = []
        origin: list[int] = []
        for place, character in enumerate(text):
            piece = character.lower().translate(_FOLDING)
            folded.append(piece)
            origin.extend([place] * len(piece))
        found = [
            Span(word, origin[start], origin[end - 1] + 1)
            for word, start, end in _iterate_tokens("".join(folded))
        ]
    if not found and (signs := tokenize(text)):
        start = len(text) - len(text.lstrip())
        return [Span(signs[0], start, len(text.rstrip()))]
    return found


def full_title_key(title: str) -> str:
    """The title as one string: its words with one space between, without a leading article.

    ``Matrix, The`` and ``The Matrix`` are both ``matrix``; a title that is nothing but an article
    keeps it."""
    return " ".join(without_article(tokenize(title), inverted="," in title))


def without_article(title_words: list[str], inverted: bool = False) -> list[str]:
    """Words of a title without its leading article, or its trailing one where the title is
    `inverted` by a comma.
    """
    if len(title_words) > 1 and title_words[0] in ARTICLES:
        return title_words[1:]
    if inverted and len(title_words) > 1 and title_words[-1] in ARTICLES:
        return title_words[:-1]
    return title_words


def joined_pairs(title_words: list[str]) -> list[str]:
    """Neighbouring words run together: ``star wars`` gives ``starwars``."""
    return list(map(add, title_words, title_words[1:]))


def initials(title: str, title_words: list[str]) -> list[str]:
    """First letters of a title's words, from three on: of all, and of the part before a colon.

    Each also without a leading article: `The Lord of the Rings: …` is `lotr`.

    Args:
        title_words: what `words` gives for `title`.
    """
    if len(title_words) < MIN_INITIALS:
        return []
    forms = [title_words, without_article(title_words)]
    first = SUBTITLE_SEPARATOR.split(title, maxsplit=1)[0]
    if first != title:
        part = tokenize(first)
        forms += [part, without_article(part)]
    found = ["".join([w[0] for w in form]) for form in forms if len(form) >= MIN_INITIALS]
    return list(dict.fromkeys(found))


def character_ngrams(squeezed: str) -> list[str]:
    """Overlapping pieces of two and three letters of a text without spaces, each once, in order of
    appearance.
    """
    pairs = list(map(add, squeezed, squeezed[1:]))
    return list(dict.fromkeys([*pairs, *map(add, pairs, squeezed[2:])] or [squeezed]))

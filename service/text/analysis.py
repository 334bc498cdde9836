"""The one analysis of text for everything that compares titles and names.

Both engines, the ranking and the deduplication of films split and fold text here, in Python, and
nowhere else. So the engines cannot disagree about what a word is, and relevance is tested without
an engine. All functions are pure and total: they accept any `str` and raise no error.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from operator import add
from typing import NamedTuple

MIN_INITIALS = 3
MAX_CACHED_LENGTH = 120  # characters; a title is split several times, a plot once
ARTICLES = frozenset({"the", "a", "an"})
"""Leading words that a full-title key leaves out. English only: `Die Hard` must keep its `die`."""

# Characters that NFKD does not decompose, or decomposes wrongly (`8½` would become `81⁄2`), and
# signs that are removed, so that `WALL·E` and `Rock'n'Roll` stay one word.
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
    """A table for `str.translate` that computes a character when it is first needed."""

    def __missing__(self, code: int) -> str | None:
        if code < 128:
            folded: str | None = chr(code)
        else:
            base_characters = [
                c
                for c in unicodedata.normalize("NFKD", chr(code).casefold())
                if not unicodedata.combining(c)
            ]
            folded = unicodedata.normalize("NFC", "".join(base_characters)).casefold()
            folded = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
        self[code] = folded
        return folded


_REMOVED_ASCII = frozenset("'`")  # the ASCII characters in `_REMOVED`
_FOLDING = _FoldingTable(
    str.maketrans(dict.fromkeys(_REMOVED) | _LETTERS | _SYMBOLS | _SUPERSCRIPTS)
)

# Vowel signs of Indic and South-East Asian scripts are marks, not letters, but part of a word.
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
SUBTITLE_SEPARATOR = re.compile(r"(?<!\d):|:(?!\d)| - ")
_TOKEN_CLEANUP = str.maketrans({".": None, "*": None, ",": None, "$": "s"})


class Span(NamedTuple):
    """A folded word and the range `text[start:end]` that it comes from, in characters."""

    word: str
    start: int
    end: int


def _iterate_tokens(folded: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(folded):
        text = match.group()
        if match.lastgroup == "sign":
            text = (
                "plus" if text == "+" and folded[match.end() : match.end() + 1].isdigit() else "and"
            )
        elif match.lastgroup != "word" or "$" in text:
            text = text.translate(_TOKEN_CLEANUP)
        yield text, match.start(), match.end()


def tokenize(text: str) -> list[str]:
    """Return the folded words of `text` in order.

    A text of signs alone, such as the title `$`, is one word, so that every film can be found. A
    text of blanks and control characters has no words.
    """
    return list(_cached_words(text) if len(text) <= MAX_CACHED_LENGTH else _split_words(text))


def _split_words(text: str) -> tuple[str, ...]:
    if text.isascii() and text.replace(" ", "").isalnum():  # most titles and names
        return tuple(text.lower().split())
    lowered = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
    words = tuple(word for word, _, _ in _iterate_tokens(lowered.translate(_FOLDING)))
    if words:
        return words
    signs = "".join(c for c in lowered if not c.isspace() and unicodedata.category(c)[0] != "C")
    return (signs,) if signs else ()


_cached_words = lru_cache(maxsize=10_000)(_split_words)  # about 4 MB


def fold(text: str) -> str:
    """Return the words of `text`, joined by spaces: equal for texts that read the same."""
    return " ".join(tokenize(text))


def word_spans(text: str) -> list[Span]:
    """Return the words that `tokenize` gives for `text`, with their ranges, for highlighting."""
    if text.isascii() and not _REMOVED_ASCII.intersection(text):  # folding keeps all positions
        spans = [Span(*token) for token in _iterate_tokens(text.lower())]
    else:
        folded: list[str] = []
        origins: list[int] = []
        for position, character in enumerate(text):
            piece = character.lower().translate(_FOLDING)
            folded.append(piece)
            origins.extend([position] * len(piece))
        spans = [
            Span(word, origins[start], origins[end - 1] + 1)
            for word, start, end in _iterate_tokens("".join(folded))
        ]
    if not spans and (signs := tokenize(text)):
        start = len(text) - len(text.lstrip())
        return [Span(signs[0], start, len(text.rstrip()))]
    return spans


def full_title_key(title: str) -> str:
    """Return the words of a title, joined by spaces, without a leading article.

    `Matrix, The` and `The Matrix` both give `matrix`. A title of nothing but an article keeps it.
    """
    return " ".join(without_article(tokenize(title), inverted="," in title))


def without_article(title_words: list[str], inverted: bool = False) -> list[str]:
    """Return the words without a leading article.

    If the title is `inverted` by a comma (`Matrix, The`), a trailing article goes instead.
    """
    if len(title_words) > 1 and title_words[0] in ARTICLES:
        return title_words[1:]
    if inverted and len(title_words) > 1 and title_words[-1] in ARTICLES:
        return title_words[:-1]
    return title_words


def joined_pairs(title_words: list[str]) -> list[str]:
    """Return neighbouring words run together: `star wars` gives `starwars`."""
    return list(map(add, title_words, title_words[1:]))


def initials(title: str, title_words: list[str]) -> list[str]:
    """Return the initials of a full title and of its main title, if they have three letters.

    Each comes also without a leading article: `The Lord of the Rings: …` gives `lotr`.

    Args:
        title_words: the words that `tokenize` gives for `title`.
    """
    if len(title_words) < MIN_INITIALS:
        return []
    forms = [title_words, without_article(title_words)]
    main_title = SUBTITLE_SEPARATOR.split(title, maxsplit=1)[0]
    if main_title != title:
        main_words = tokenize(main_title)
        forms += [main_words, without_article(main_words)]
    acronyms = ["".join([w[0] for w in form]) for form in forms if len(form) >= MIN_INITIALS]
    return list(dict.fromkeys(acronyms))


def character_ngrams(compact_key: str) -> list[str]:
    """Return the n-grams of two and three letters of a text without spaces, each once.

    The n-grams of two letters come first, each kind in order of appearance. A text of one letter
    is its own n-gram.
    """
    pairs = list(map(add, compact_key, compact_key[1:]))
    return list(dict.fromkeys([*pairs, *map(add, pairs, compact_key[2:])] or [compact_key]))

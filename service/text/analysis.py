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
    "ё": "е",
    "ѐ": "е",
    "ѝ": "и",
}
_SYMBOLS = {
    "½": " 1 2 ",
    "⅓": " 1 3 ",
    "⅔": " 2 3 ",
    "¼": " 1 4 ",
    "¾": " 3 4 ",
    "×": " x ",
    "＆": "&",
    "゛": " ",
    "゜": " ",
}
_SUPERSCRIPTS = {"¹": " 1 ", "²": " 2 ", "³": " 3 ", "⁴": " 4 "}

# Accents of Latin and Greek letters, Cyrillic stress, Arabic and Hebrew points, and marks that only
# choose between two looks of a sign. In other scripts a mark makes another letter.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_CYRILLIC = re.compile("[\u0400-\u052f]")
_WIDTH_FORM = re.compile("[\uff00-\uffef]")


class _FoldingTable(dict[int, str | None]):
    """A table for `str.translate` that computes a character when it is first needed."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        digit = unicodedata.digit(character, None)
        if code < 128:
            folded: str | None = character
        elif digit is not None:  # of any script, or in a circle
            folded = str(digit)
        elif _CYRILLIC.match(character.casefold()):  # a breve or a diaeresis makes another letter
            folded = character.casefold()
            if folded != character:
                folded = self[ord(folded)]
            elif unicodedata.category(folded)[0] not in "LN":
                folded = None if _ACCENTS.match(folded) else " "
        else:
            decomposed = unicodedata.normalize("NFKD", character.casefold())
            folded = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()
            folded = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
        self[code] = folded
        return folded


_FOLDING = _FoldingTable(
    str.maketrans(dict.fromkeys(_REMOVED) | _LETTERS | _SYMBOLS | _SUPERSCRIPTS)
)


def _compose(text: str) -> str:
    """Return a text with composed letters, half-width ones included: `ｶﾞ` is `ガ`."""
    return unicodedata.normalize("NFC", _WIDTH_FORM.sub(_unify_width, text))


def _unify_width(match: re.Match[str]) -> str:
    kind, _, code = unicodedata.decomposition(match[0]).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else match[0]


def _fold_letters(text: str) -> str:
    """Return a text in lower case without accents; what is no letter or digit may be a blank."""
    if text.isascii():
        return text.lower().translate(_FOLDING)
    return unicodedata.normalize("NFC", _compose(text).casefold().translate(_FOLDING))


def is_unspaced(word: str) -> bool:
    """Return whether a word is of a script without blanks, where a title may be one long word."""
    return _UNSPACED.fullmatch(word) is not None


def remove_accents(text: str) -> str:
    """Return a text in lower case without accents, and with all its signs and blanks."""
    return unicodedata.normalize("NFC", "".join(map(_remove_accent, _compose(text).casefold())))


def _remove_accent(character: str) -> str:
    if character in "ёѐѝ":
        return _LETTERS[character]
    if _CYRILLIC.match(character) and not _ACCENTS.match(character):
        return character
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", character)))


def _iterate_clusters(text: str) -> Iterator[tuple[str, int]]:
    """Yield letters, each with its marks and the position behind it.

    Parts of Hangul syllables stay together.
    """
    start = 0
    for position, character in enumerate(text[1:], 1):
        is_jamo = "\u1100" <= character <= "\u11ff" and "\u1100" <= text[position - 1] <= "\u11ff"
        if not (is_jamo or character in "ﾞﾟ" or unicodedata.combining(character)):
            yield text[start:position], position
            start = position
    if text:
        yield text[start:], len(text)


_REMOVED_ASCII = frozenset("'`")  # the ASCII characters in `_REMOVED`
_FOLDING = _FoldingTable(
    str.maketrans(dict.fromkeys(_REMOVED) | _LETTERS | _SYMBOLS | _SUPERSCRIPTS)
)

# Vowel signs of Indic and South-East Asian scripts are marks, not letters, but part of a word, and
# so are voiced marks behind a kana that has no composed form.
_WORD = r"(?:[^\W_]|[\u0700-\u0fff\u1000-\u109f\u1780-\u17ff\u3099\u309a])"
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
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3099\u309a\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_TOKEN_CLEANUP = str.maketrans({".": None, "*": None, ",": None, "$": "s"})


class Span(NamedTuple):
    """A folded word and the range `text[start:end]` that it comes from, in characters."""

    word: str
    start: int
    end: int

    def narrow(self, part: str) -> "Span":
        """Return the range of a part of the word, unless folding changed the word's length."""
        if self.end - self.start != len(self.word):
            return self
        start = self.start + self.word.index(part)
        return Span(part, start, start + len(part))


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
    words = tuple(word for word, _, _ in _iterate_tokens(_fold_letters(text)))
    if words:
        return words
    lowered = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
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
        starts: list[int] = []
        ends: list[int] = []
        for cluster, end in _iterate_clusters(text):
            piece = _fold_letters(cluster)
            folded.append(piece)
            starts.extend([end - len(cluster)] * len(piece))
            ends.extend([end] * len(piece))
        spans = [
            Span(word, starts[start], ends[end - 1])
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

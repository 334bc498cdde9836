"""Words that do not tell films apart: stop words, and what people add to a title."""

from service.text.analysis import ARTICLES

_STOP_WORDS = "a an and at by for from in la le of on or the to with"
_NOISE_WORDS = """1080p 2160p 4k 720p actors bluray cast cinema download dubbed dvd film films free
    full hd hdr hulu imdb movie movies netflix online original plot rating remake review reviews
    soundtrack stream streaming subbed subtitled subtitles torrent trailer uhd watch"""
_NOISE_PHRASES = """amazon prime|blu ray|disney plus|ending explained|how to watch|prime video|
    where can i watch|where to watch|where to stream"""
_LANGUAGES = """arabic chinese danish dutch english finnish french german greek hebrew hindi italian
    japanese korean norwegian polish portuguese russian spanish swedish tamil telugu turkish"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that very many titles have: they decide between films only if all else is equal."""

NOISE_WORDS = frozenset(_NOISE_WORDS.split())
"""Words that people add before or after a title, as in `watch jaws full movie`."""

_PHRASES = tuple(tuple(phrase.split()) for phrase in _NOISE_PHRASES.split("|"))
_LANGUAGE_NAMES = frozenset(_LANGUAGES.split())
_CONNECTORS = frozenset({"in", "on", "with"})
"""Words between a title and what it is wanted in, as in `jaws on netflix`."""

_KIND_NAMES = frozenset({"film", "movie"})


def strip_noise(words: list[str]) -> list[str]:
    """Return the words without noise at either end, unless only stop words would be left."""
    start, end = 0, len(words)
    if words[0] in ARTICLES and len(words) > 2 and words[1] in _KIND_NAMES:  # "the movie ..."
        start = 2
    while start < end and words[start] in NOISE_WORDS:
        start += 1
    while length := _noise_length(words[start:end]):
        end -= length
    if end < len(words) and end > start + 1 and words[end - 1] in ("the", "a"):  # "... the movie"
        end -= 1
    return words[start:end] if any(word not in STOP_WORDS for word in words[start:end]) else words


def _noise_length(words: list[str]) -> int:
    """Return how many words at the end are one noise word, a phrase, or a language as in `in x`."""
    if not words:
        return 0
    for phrase in _PHRASES:
        if tuple(words[-len(phrase) :]) == phrase:
            return len(phrase)
    before = words[-2] if len(words) > 1 else ""
    if words[-1] in _LANGUAGE_NAMES:
        return 2 if before == "in" else 1 if before in NOISE_WORDS else 0
    if words[-1] not in NOISE_WORDS:
        return 0
    return 2 if before in _CONNECTORS else 2 if before in _LANGUAGE_NAMES else 1

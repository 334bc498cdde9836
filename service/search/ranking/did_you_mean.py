"""Did you mean: the query in the wording of the film that it found.

The wording is the film's own: its words as they are written, with accents, apart from each other.
It is offered only if it leads to something better: each word of the query must be a word of the
best film, typed exactly or within the typo budget, and a misspelt word must exist in no film.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import OSA

from service.search.query.noise import STOP_WORDS
from service.search.query.parser import Query
from service.search.ranking.scorer import Ranked
from service.text.analysis import tokenize, word_spans

MAX_EXPLAINED = 0.99  # share of the query that the best film explains
MIN_WORD_SIMILARITY = 0.8  # of a misspelt word, unless only two letters are swapped


class _WrittenWord(NamedTuple):
    """A word, or two neighbours run together, as a text of the film has it."""

    text: str
    start: int
    end: int


def did_you_mean(query: Query, best: Ranked) -> str | None:
    """Return the wording of the best film; None if it is no better than the query."""
    if best.features.explained >= MAX_EXPLAINED:
        return None
    judge = best.judge
    exact, misspelt = judge.explain(best.candidate)
    is_complete = len(exact) + len(misspelt) == judge.content_count
    if not is_complete or judge.is_any_known(misspelt):
        return None
    if best.level != "all" and not all(
        _is_near(query.words[place], word) for place, word in misspelt.items()
    ):
        return None
    wording = _write(query, best, exact | misspelt)
    return None if tokenize(wording) in ([], list(query.core)) else wording


def _is_near(typed: str, word: str) -> bool:
    is_swapped = sorted(typed) == sorted(word)
    return is_swapped or OSA.normalized_similarity(typed, word) >= MIN_WORD_SIMILARITY


def _write(query: Query, best: Ranked, film_words: dict[int, str]) -> str:
    """Return the film's words in the order of the query; words that are neighbours stay so."""
    candidate = best.candidate
    wanted = set(film_words.values())
    titles = sorted(candidate.titles, key=lambda title: -len(wanted & title.terms))
    texts = [title.text for title in titles]
    year = [] if candidate.year is None else [str(candidate.year)]
    written = [_index_words(text) for text in (*texts, *candidate.names, *year)]
    pieces: list[_WrittenWord] = []
    for place, typed in enumerate(query.words):
        word = film_words.get(place, typed if typed in STOP_WORDS else "")
        places = written if place in film_words else written[:1]
        previous = pieces[-1] if pieces else None
        if (piece := _find(word, places, previous)) is None:
            continue
        if previous is None:
            pieces.append(piece)
        elif _is_next(previous, piece):
            pieces[-1] = piece._replace(start=previous.start)
        elif (piece.text, piece.end) != (previous.text, previous.end):  # one word typed as two
            pieces.append(piece)
    return " ".join(piece.text[piece.start : piece.end] for piece in pieces)


def _index_words(text: str) -> dict[str, list[_WrittenWord]]:
    """Return the words of a text and its neighbouring words run together, by their folded form."""
    spans = word_spans(text)
    words: dict[str, list[_WrittenWord]] = {}
    for span in spans:
        words.setdefault(span.word, []).append(_WrittenWord(text, span.start, span.end))
    for left, right in pairwise(spans):
        pair = _WrittenWord(text, left.start, right.end)
        words.setdefault(left.word + right.word, []).append(pair)
    return words


def _find(
    word: str, texts: Iterable[dict[str, list[_WrittenWord]]], previous: _WrittenWord | None
) -> _WrittenWord | None:
    """Return the word in the first text that has it, if possible directly behind `previous`."""
    pieces = next((words[word] for words in texts if word in words), None)
    if pieces is None:
        return None
    behind = (piece for piece in pieces if previous is not None and _is_next(previous, piece))
    return next(behind, pieces[0])


def _is_next(previous: _WrittenWord, piece: _WrittenWord) -> bool:
    """Return whether a piece stands directly behind another one in the same text."""
    if previous.text != piece.text or previous.end > piece.start:
        return False
    return not any(map(str.isalnum, piece.text[previous.end : piece.start]))

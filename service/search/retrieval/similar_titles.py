"""Well-known films whose titles are nearly what was typed, where others have the words as typed.

`gladiators` is a word of a film that few know, so it is no typo, and the film with exactly this
word comes first. Somebody may still have meant Gladiator: a film that is far better known, and
whose title is one letter or a plural away, is listed behind the best film, never before it.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log10

from service.search.query.fields import DEFAULT_FIELDS
from service.search.query.parser import Query
from service.search.query.typo_budget import (
    MIN_FUZZY_LENGTH,
    find_near_titles,
    find_other_numbers,
)
from service.search.ranking.candidates import MAX_VOTES_LOG10, Candidate
from service.search.ranking.rerank_window import RerankWindow
from service.search.ranking.scorer import SAME_LETTERS_EXACTNESS, Ranked
from service.search.retrieval.search_request import SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary
from service.text.analysis import without_article
from service.text.titles import full_title_keys, unique

MAX_WORDS = 3  # of a query without small words; a longer one is not that title by chance
MAX_TITLES = 5  # that are offered
MIN_VOTES = log10(10_000) / MAX_VOTES_LOG10  # of a film that is offered
MAX_VOTES = log10(100_000) / MAX_VOTES_LOG10  # of the best film; if it has more, it is meant
MAX_PLACE = 5  # films before those that are offered
MIN_VOTES_GAP = 1 / MAX_VOTES_LOG10  # to the best film: ten times its votes


def find_similar_titles(
    query: Query, ranked: Sequence[Ranked], request: SearchRequest, vocabulary: Vocabulary
) -> tuple[str, ...]:
    """Return the full titles that are nearly what was typed, if the best film is hardly known."""
    if not ranked or not request.typo_tolerance or request.similar_titles:
        return ()
    if request.fields != DEFAULT_FIELDS or request.match == "all":
        return ()
    words = [word for word in query.core if word not in query.minor_words]
    is_title = ranked[0].features.exact >= SAME_LETTERS_EXACTNESS
    if ranked[0].candidate.votes > MAX_VOTES or len(words) > (1 if is_title else MAX_WORDS):
        return ()
    typed = full_title_keys(list(query.title))
    shortest = min(typed, key=len)
    if len(shortest) < MIN_FUZZY_LENGTH or shortest.isdigit():
        return ()
    near = (near.word for near in find_near_titles(shortest, vocabulary, relaxed=False))
    inflected = find_other_numbers(without_article(list(query.title)), vocabulary)
    return unique(title for title in (*inflected, *near) if not title.startswith(typed))


def pick_well_known(
    titles: Sequence[str], candidates: Sequence[Candidate], best: Candidate
) -> tuple[str, ...]:
    """Return those of the titles that films have which are far better known than the best one."""
    min_votes = max(MIN_VOTES, best.votes + MIN_VOTES_GAP)
    known = sorted((c for c in candidates if c.votes >= min_votes), key=lambda c: -c.votes)
    keys = (key for film in known for title in film.titles for key in title.bare_keys)
    return unique(key for key in keys if key in titles)[:MAX_TITLES]


def place_well_known(
    query: Query, ranked: list[Ranked], request: SearchRequest, vocabulary: Vocabulary
) -> list[Ranked]:
    """Return the films of a plan for similar titles with those that are far better known in front.

    They come behind the best film, as in `place_similar_titles`.
    """
    if not (titles := find_similar_titles(query, ranked, request, vocabulary)):
        return ranked
    candidates = [film.candidate for film in ranked]
    titles = pick_well_known(titles, candidates, candidates[0])
    return place_similar_titles(RerankWindow(ranked), titles).ranked


def place_similar_titles(window: RerankWindow, titles: tuple[str, ...]) -> RerankWindow:
    """Return the window with the films of these titles behind the best of the others.

    They come behind all films that are titled as typed, and take the score of their place.
    """
    if not titles:
        return window
    similar = [film for film in window.ranked if _is_titled(film, titles)]
    others = [film for film in window.ranked if not _is_titled(film, titles)]
    if not others:
        return window
    exact_count = sum(film.features.exact >= SAME_LETTERS_EXACTNESS for film in others)
    place = min(max(1, exact_count), MAX_PLACE)
    highest = others[place - 1].score
    lowest = others[place].score if place < len(others) else -inf
    placed = [replace(film, score=min(highest, max(lowest, film.score))) for film in similar]
    placed.sort(key=lambda film: (-film.score, -film.candidate.votes, film.candidate.film_id))
    return replace(window, ranked=[*others[:place], *placed, *others[place:]])


def _is_titled(film: Ranked, titles: tuple[str, ...]) -> bool:
    return any(not set(titles).isdisjoint(title.keys) for title in film.candidate.titles)

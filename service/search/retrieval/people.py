"""When a search looks at the cast and the writers as well, and when that gives the better list.

A search by default looks at titles and directors alone, since most people type titles. Where these
explain too little, it is repeated with the names of all people. It is also repeated where names
alone explain a query, but only of few films: somebody who acts in many films may direct two.
"""

from dataclasses import replace
from itertools import pairwise

from service.search.query.fields import DEFAULT_FIELDS, PEOPLE_FIELDS
from service.search.query.parser import Query
from service.search.query.typo_budget import MIN_FUZZY_LENGTH, find_near_names
from service.search.ranking.match_level import MATCH_LEVELS
from service.search.ranking.rerank_window import RerankWindow
from service.search.ranking.scorer import Ranked
from service.search.retrieval.cursors import MatchStage
from service.search.retrieval.search_request import SearchRequest
from service.search.vocabulary.vocabulary import CAST, Vocabulary

MAX_FILMS_OF_DIRECTOR = 10  # with more films, the first page is full without those of the cast


def with_people(request: SearchRequest) -> SearchRequest:
    """Return the request for the same text in the names of all people, too."""
    return replace(request, fields=PEOPLE_FIELDS)


def find_people_stages(
    query: Query, window: RerankWindow, total: int, request: SearchRequest, vocabulary: Vocabulary
) -> tuple[MatchStage, ...]:
    """Return the stages that look at all people; none if titles and directors explain enough.

    A word of the query must be in a name, or one that no film has must be near a name. A stage is
    run if the one before it does not explain the whole query.
    """
    if not request.with_people or request.fields != DEFAULT_FIELDS or not len(vocabulary.names):
        return ()
    if window.level == "all":
        is_actor = total < MAX_FILMS_OF_DIRECTOR and _is_name_of_actor(query, window, vocabulary)
        return (MatchStage.PEOPLE_EXACT,) if is_actor else ()
    words = [word for word in query.core if word not in query.minor_words]
    fuzzy = (MatchStage.PEOPLE_FUZZY,) if request.typo_tolerance else ()
    if any(_is_name(word, query, vocabulary) for word in words):
        return MatchStage.PEOPLE_EXACT, *fuzzy
    unknown = (word for word in words if not vocabulary.is_film_word(word))
    return fuzzy if any(_is_near_name(word, vocabulary) for word in unknown) else ()


def has_better_people(query: Query, people: RerankWindow, window: RerankWindow) -> bool:
    """Return whether the list with the names of all people is better than the one without them.

    Of two lists of which none has a film with all words, the one with a film whose whole title was
    typed is kept, unless the names explain that title too: in `jaws tom hanks`, Jaws is meant.
    """
    if people.level is None or window.level is None:
        return people.level is not None
    if people.level == "all" and window.level == "all":  # a director who also acts
        return True
    if people.level != window.level:
        return MATCH_LEVELS.index(people.level) < MATCH_LEVELS.index(window.level)
    if people.explained <= window.explained:
        return False
    unexplained = _find_unexplained(query, people.ranked[0])
    return not any(
        ranked.has_whole_title and not unexplained.isdisjoint(title.words)
        for ranked in window.ranked
        for title in ranked.candidate.titles
    )


def _is_name(word: str, query: Query, vocabulary: Vocabulary) -> bool:
    """Return whether actors or writers have a word, alone or joined with its neighbour (`J. K.`).

    The last word may be a beginning.
    """
    names = vocabulary.names
    if word in names or (word == query.core[-1] and names.has_prefix(word)):
        return True
    pairs = pairwise(query.core)
    return any(left + right in names for left, right in pairs if word in (left, right))


def _is_near_name(word: str, vocabulary: Vocabulary) -> bool:
    if len(word) < MIN_FUZZY_LENGTH or word.isdigit():
        return False
    return bool(find_near_names(word, vocabulary.names))


def _find_unexplained(query: Query, best: Ranked) -> set[str]:
    """Return the words of the query that a film does not explain."""
    exact, misspelt = best.judge.explain(best.candidate)
    places = exact.keys() | misspelt.keys()
    return {word for place, word in enumerate(query.words) if place not in places}


def _is_name_of_actor(query: Query, window: RerankWindow, vocabulary: Vocabulary) -> bool:
    """Return whether actors have all words of the query, and the best film's titles have none."""
    words = [word for word in query.core if word not in query.minor_words]
    titles = window.ranked[0].candidate.titles
    if any(word in title.terms for title in titles for word in words):
        return False
    return bool(words) and all(vocabulary.names.fields_of(word) & CAST for word in words)

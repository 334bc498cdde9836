"""When a search looks at the cast and the writers as well, and when that gives the better list.

A search by default looks at titles and directors alone, since most people type titles. Where these
explain too little, it is repeated with the names of all people. It is also repeated where names
alone explain a query, but only of few films: somebody who acts in many films may direct two.
"""

from dataclasses import replace

from service.search.query.fields import DEFAULT_FIELDS, PEOPLE_FIELDS
from service.search.query.parser import Query
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


def needs_people(
    query: Query, window: RerankWindow, total: int, request: SearchRequest, vocabulary: Vocabulary
) -> bool:
    """Return whether titles and directors explain so little that other names are looked at."""
    if not request.with_people or request.fields != DEFAULT_FIELDS or not len(vocabulary.names):
        return False
    if window.level != "all":
        return True
    return total < MAX_FILMS_OF_DIRECTOR and _is_name_of_actor(query, window, vocabulary)


def list_people_stages(window: RerankWindow, request: SearchRequest) -> tuple[MatchStage, ...]:
    """Return the stages to run, in order, until one explains enough."""
    if not request.typo_tolerance or window.level == "all":
        return (MatchStage.PEOPLE_EXACT,)
    return MatchStage.PEOPLE_EXACT, MatchStage.PEOPLE_FUZZY


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

"""Search for a query in other scripts and keyboard layouts when nothing fits it as it is typed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from service.search.query.other_writings import list_other_writings
from service.search.query.parser import Query
from service.search.retrieval.search_request import SearchRequest, SearchResult
from service.search.vocabulary.vocabulary import Vocabulary


async def search_other_writings(
    result: SearchResult,
    request: SearchRequest,
    vocabulary: Vocabulary,
    search: Callable[[Query], Awaitable[SearchResult]],
) -> SearchResult:
    """Return `result`, or that of another writing of its query if only that one fits.

    Pages of another writing continue by offset, since a cursor continues the query as typed.
    """
    if result.level == "all" or result.query is None or not request.typo_tolerance:
        return result
    for query in list_other_writings(result.query, vocabulary.within(request.budget)):
        if request.budget.is_spent:
            break
        other = await search(query)
        if other.level == "all":
            has_more = other.has_more or other.cursor is not None
            return replace(other, cursor=None, has_more=has_more)
    return result

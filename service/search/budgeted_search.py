"""One search for an API that adds nothing to it: within the budget of its own request."""

from sanic.request import Request

from service.http.dependencies import get_container
from service.search.retrieval.search_request import SearchRequest, SearchResult


async def run_search(request: Request, search: SearchRequest) -> SearchResult:
    """Return what `search` finds, as work of this request. Raises as `SearchService.search`."""
    services = get_container(request)
    with services.work_threads.answering(search.budget):
        return await services.search.search(search)

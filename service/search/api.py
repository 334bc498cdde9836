"""The HTTP routes of search: parse, call, answer."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.cached_pages import cached_page, ready_page
from service.http.dependencies import get_container
from service.http.openapi import Problem, operation
from service.http.pagination import Links
from service.http.problems import catch_problem
from service.http.requests import read_body, read_query, validate
from service.http.responses import encode_json, json_response
from service.resilience.work_budget import WorkBudget
from service.search.descriptions import Descriptions, parse_description
from service.search.filenames.parser import ParsedName
from service.search.index.read_your_writes import wait_until_indexed
from service.search.requests import BrowseQuery, Searches, SearchQuery, SuggestQuery
from service.search.responses import (
    FilmPage,
    Matches,
    SearchPage,
    Suggestions,
    film_page,
    match_view,
    search_page,
)
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.search_request import SearchResult
from service.search.retrieval.work_threads import search_budget

bp = Blueprint("search", url_prefix="/api/v1")

CACHE_SECONDS = 300.0  # a new generation of the index replaces cached responses before
FILM_PAGE_SECONDS = 50.0  # with the ten of clients: votes of films are at most a minute old
MAX_BATCH_WORK = 150_000.0  # units for all searches of a batch; ten ordinary ones take 10,000
MAX_BATCH_TIME = 6.0  # seconds for all of them, before a response would be too late
HIT_WORK, HIGHLIGHT_WORK, PLOT_WORK = 40, 15, 200  # units for each hit, and for each word as well
PAGE_HEADERS = ("Cache-Control", "Cache-Status", "Link")
SEARCH_PATH, BROWSE_PATH = "/api/v1/search", "/api/v1/movies"


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One search of a batch: its answer with status 200, or why it was refused."""

    status: Annotated[
        int,
        Field(
            description="200, or the status that the search alone would have had.", examples=[200]
        ),
    ]
    answer: Annotated[SearchPage | None, Field(description="The page, with status 200.")]
    problem: Annotated[
        Problem | None, Field(description="Why there is none, with any other status.")
    ]


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """The answers in the order of the searches."""

    answers: Annotated[list[BatchAnswer], Field(description="One answer for each search.")]


@bp.get("/search", name="search")
@operation(
    "Find films by what a person typed, however it is misspelt",
    query=SearchQuery,
    returns={200: SearchPage},
    errors=(429, 503),
    sends=(*PAGE_HEADERS, "Index-Token"),
)
async def search(request: Request) -> HTTPResponse:
    return await ready_page(request, "search", _answer_search)


async def _answer_search(request: Request) -> HTTPResponse:
    query = read_query(request, SearchQuery)
    cursor = _decode_cursor(request, query)
    waited = query.after is not None and await wait_until_indexed(
        query.after, get_container(request).generation
    )
    render = partial(_render_search, request, query, cursor, search_budget())
    response = await cached_page(request, "search", query.cache_key, CACHE_SECONDS, render)
    if waited:
        response.headers["Index-Token"] = str(query.after)
    return response


@bp.get("/movies", name="browse_films")
@operation(
    "List films by filters, in any order; the best known first unless asked otherwise",
    query=BrowseQuery,
    returns={200: FilmPage},
    errors=(503,),
    sends=PAGE_HEADERS,
)
async def browse(request: Request) -> HTTPResponse:
    return await ready_page(request, "browse", _answer_list)


async def _answer_list(request: Request) -> HTTPResponse:
    query = read_query(request, BrowseQuery)
    render = partial(_render_list, request, query, _decode_cursor(request, query))
    return await cached_page(request, "browse", query.cache_key, CACHE_SECONDS, render)


@bp.get("/suggest", name="suggest")
@operation(
    "Complete what is being typed: titles and names of people",
    query=SuggestQuery,
    returns={200: Suggestions},
    errors=(429, 503),
    sends=("Cache-Control", "Cache-Status"),
)
async def suggest(request: Request) -> HTTPResponse:
    return await ready_page(request, "suggest", _answer_suggestions)


async def _answer_suggestions(request: Request) -> HTTPResponse:
    query = read_query(request, SuggestQuery)
    render = partial(_render_suggestions, request, query)
    key = f"{query.limit} {query.q}"
    return await cached_page(request, "suggest", key, CACHE_SECONDS, render)


@bp.post("/search/batch", name="search_batch")
@operation(
    "Several searches at once, each answered or refused on its own",
    body=Searches,
    returns={200: BatchAnswers},
    errors=(429, 503),
)
async def search_batch(request: Request) -> HTTPResponse:
    searches = read_body(request, Searches).searches
    budget = WorkBudget(MAX_BATCH_WORK, MAX_BATCH_TIME)
    answers = []
    for number, params in enumerate(searches):  # one at a time: others' searches count as much
        answer = await _answer_one(request, number, params, budget)
        answers.append(encode_json(answer))  # at once, since ten long pages take 10 ms
    return json_response(b'{"answers":[' + b",".join(answers) + b"]}")


@bp.post("/match", name="match")
@operation(
    "Tell which films are meant by file names or loose descriptions, each answered on its own",
    body=Descriptions,
    returns={200: Matches},
    errors=(429, 503),
)
async def match(request: Request) -> HTTPResponse:
    items, parts = read_body(request, Descriptions).items, get_container(request)
    names = [await _read_item(request, number, item) for number, item in enumerate(items)]
    budget = parts.filename_matcher.create_budget()
    with parts.work_threads.answering(budget):
        right_names = [name for name in names if not isinstance(name, Problem)]
        results = iter(await parts.filename_matcher.match(right_names, budget))
    answers = [name if isinstance(name, Problem) else next(results) for name in names]
    return json_response(Matches([match_view(answer, parts.now()) for answer in answers]))


async def _read_item(request: Request, number: int, item: object) -> str | ParsedName | Problem:
    async def read() -> str | ParsedName | Problem:
        return parse_description(number, item)

    return await catch_problem(request, read, lambda _, problem: problem)


async def _answer_one(
    request: Request, number: int, params: dict[str, Any], budget: WorkBudget
) -> BatchAnswer:
    async def answer() -> BatchAnswer:
        query = validate(SearchQuery, params, prefix=f"/searches/{number}/")
        if query.after is not None:
            await wait_until_indexed(query.after, get_container(request).generation)
        cursor = _decode_cursor(request, query)
        _, page = await _render_search(request, query, cursor, search_budget(budget))
        return BatchAnswer(200, page, None)

    return await catch_problem(
        request, answer, lambda status, problem: BatchAnswer(status, None, problem)
    )


async def _render_search(
    request: Request, query: SearchQuery, cursor: Cursor | None, budget: WorkBudget
) -> tuple[Links, SearchPage]:
    started_at, parts = time.perf_counter(), get_container(request)
    with parts.work_threads.answering(budget.request):
        result = await parts.search.search(query.to_request(cursor, budget))
        took_ms = (time.perf_counter() - started_at) * 1_000
        links = _links(request, SEARCH_PATH, query, result, cursor)
        render = partial(
            search_page, query.q, result, links,
            explain=query.explain, took_ms=took_ms, now=parts.now(), budget=budget,
            view=parts.film_cache.view,
        )  # fmt: skip
        return links, await parts.work_threads.run(budget, page_work(query, result), render)


def page_work(query: SearchQuery, result: SearchResult) -> float:
    """Return the units of work of a page: its highlights, mostly."""
    words = len(result.query.core) if result.query is not None else 0
    texts = PLOT_WORK if "plot" in query.search_fields else HIGHLIGHT_WORK
    return len(result.hits) * (HIT_WORK + words * texts)


async def _render_list(
    request: Request, query: BrowseQuery, cursor: Cursor | None
) -> tuple[Links, FilmPage]:
    budget, parts = search_budget(), get_container(request)
    with parts.work_threads.answering(budget):
        result = await parts.search.search(query.to_request(cursor, budget))
        links = _links(request, BROWSE_PATH, query, result, cursor)
        render = partial(film_page, result, links, parts.now(), budget, parts.film_cache.view)
        return links, await parts.work_threads.run(budget, HIT_WORK * len(result.hits), render)


async def _render_suggestions(request: Request, query: SuggestQuery) -> tuple[None, Suggestions]:
    started_at, budget, parts = time.perf_counter(), search_budget(), get_container(request)
    with parts.work_threads.answering(budget):
        completion = await parts.search.suggest(query.q, query.limit, budget)
    took_ms = round((time.perf_counter() - started_at) * 1_000, 2)
    suggestions, degraded = list(completion.suggestions), list(completion.degraded)
    return None, Suggestions(query.q, took_ms, suggestions, degraded)


def _decode_cursor(request: Request, query: BrowseQuery) -> Cursor | None:
    if query.cursor is None:
        return None
    return get_container(request).search_cursors.decode(query.cursor, query.search_key)


def _links(
    request: Request, path: str, query: BrowseQuery, result: SearchResult, cursor: Cursor | None
) -> Links:
    """Return the neighbouring pages; a client that pages by offset keeps to offsets."""
    next_cursor = None
    if result.cursor is not None:
        next_cursor = get_container(request).search_cursors.encode(result.cursor, query.search_key)
    start = cursor.count if cursor else query.offset
    return Links.for_page(path, query, start, next_cursor, has_more=result.has_more)

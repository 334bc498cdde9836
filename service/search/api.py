"""The HTTP routes of search: parse, call, answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import orjson
from pydantic import Field
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.dependencies import get_container
from service.http.openapi import Problem, operation
from service.http.pagination import Links
from service.http.problems import catch_problem
from service.http.requests import read_body, read_query, validate
from service.http.responses import encode_json, json_response
from service.search.index.read_your_writes import wait_until_indexed
from service.search.requests import BrowseQuery, Descriptions, Searches, SearchQuery, SuggestQuery
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
from service.search.retrieval.query_thread import is_long
from service.search.retrieval.search_request import SearchResult

bp = Blueprint("search", url_prefix="/api/v1")

CACHE_SECONDS = 300.0  # a new generation of the index replaces cached pages before
CACHEABLE = {"Cache-Control": "public, max-age=10, stale-if-error=3600"}
NOT_CACHEABLE = {"Cache-Control": "no-store"}
MAX_CONCURRENT_SEARCHES = 2  # of one batch: the other clients' searches are worth as much
MAX_LOOP_HITS = 40  # highlighted on the event loop: 0.1 ms each
PAGE_HEADERS = ("Cache-Control", "Cache-Status", "Link")
SEARCH_PATH, BROWSE_PATH = "/api/v1/search", "/api/v1/movies"

Rendered = tuple[Links | None, Any]
"""A page and its links, ready to be encoded."""


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
    query = read_query(request, SearchQuery)
    cursor = _decode_cursor(request, query)
    waited = query.after is not None and await wait_until_indexed(
        query.after, get_container(request).generation
    )
    render = partial(_render_search, request, query, cursor)
    response = await _cached_page(request, "search", query.cache_key, render)
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
    query = read_query(request, BrowseQuery)
    render = partial(_render_list, request, query, _decode_cursor(request, query))
    return await _cached_page(request, "browse", query.cache_key, render)


@bp.get("/suggest", name="suggest")
@operation(
    "Complete what is being typed: titles and directors",
    query=SuggestQuery,
    returns={200: Suggestions},
    errors=(429, 503),
    sends=("Cache-Control", "Cache-Status"),
)
async def suggest(request: Request) -> HTTPResponse:
    query = read_query(request, SuggestQuery)
    render = partial(_render_suggestions, request, query)
    return await _cached_page(request, "suggest", f"{query.limit} {query.q}", render)


@bp.post("/search/batch", name="search_batch")
@operation(
    "Several searches at once, each answered or refused on its own",
    body=Searches,
    returns={200: BatchAnswers},
    errors=(429, 503),
)
async def search_batch(request: Request) -> HTTPResponse:
    searches = read_body(request, Searches).searches
    turns = asyncio.Semaphore(MAX_CONCURRENT_SEARCHES)

    async def answer(number: int, params: dict[str, Any]) -> BatchAnswer:
        async with turns:
            return await _answer_one(request, number, params)

    answers = [answer(number, params) for number, params in enumerate(searches)]
    return json_response(BatchAnswers(list(await asyncio.gather(*answers))))


@bp.post("/match", name="match")
@operation(
    "Tell which films are meant by file names or loose descriptions, and how sure that is",
    body=Descriptions,
    returns={200: Matches},
    errors=(429, 503),
)
async def match(request: Request) -> HTTPResponse:
    descriptions, parts = read_body(request, Descriptions), get_container(request)
    results = await parts.filename_matcher.match(descriptions.to_names())
    return json_response(Matches([match_view(result, parts.now()) for result in results]))


async def _answer_one(request: Request, number: int, params: dict[str, Any]) -> BatchAnswer:
    async def answer() -> BatchAnswer:
        query = validate(SearchQuery, params, prefix=f"/searches/{number}/")
        if query.after is not None:
            await wait_until_indexed(query.after, get_container(request).generation)
        _, page = await _render_search(request, query, _decode_cursor(request, query))
        return BatchAnswer(200, page, None)

    return await catch_problem(
        request, answer, lambda status, problem: BatchAnswer(status, None, problem)
    )


async def _render_search(
    request: Request, query: SearchQuery, cursor: Cursor | None
) -> tuple[Links, SearchPage]:
    started_at = time.perf_counter()
    result = await get_container(request).search.search(query.to_request(cursor))
    took_ms = (time.perf_counter() - started_at) * 1_000
    links = _links(request, SEARCH_PATH, query, result, cursor)
    render = partial(
        search_page, query.q, result, links, query.search_fields,
        explain=query.explain, took_ms=took_ms, now=get_container(request).now(),
    )  # fmt: skip
    is_slow = "plot" in query.search_fields or len(result.hits) > MAX_LOOP_HITS
    if is_slow or (result.query is not None and is_long(result.query)):  # to highlight
        return links, await asyncio.to_thread(render)
    return links, render()


async def _render_list(
    request: Request, query: BrowseQuery, cursor: Cursor | None
) -> tuple[Links, FilmPage]:
    result = await get_container(request).search.search(query.to_request(cursor))
    links = _links(request, BROWSE_PATH, query, result, cursor)
    return links, film_page(result, links, get_container(request).now())


async def _render_suggestions(request: Request, query: SuggestQuery) -> tuple[None, Suggestions]:
    started_at = time.perf_counter()
    completion = await get_container(request).search.suggest(query.q, query.limit)
    took_ms = round((time.perf_counter() - started_at) * 1_000, 2)
    suggestions, degraded = list(completion.suggestions), list(completion.degraded)
    return None, Suggestions(query.q, took_ms, suggestions, degraded)


async def _cached_page(
    request: Request, scope: str, key: str, render: Callable[[], Awaitable[Rendered]]
) -> HTTPResponse:
    """Answer with the cached page, or with one rendered now; a degraded page is not cached."""
    parts = get_container(request)
    generation = await parts.generation.current()
    cached = await parts.response_cache.get_or_make(
        scope, key, generation, CACHE_SECONDS, render, encode=encode_page, is_cacheable=is_cacheable
    )
    headers, body = decode_page(cached.body)
    return json_response(body, headers=headers | cached.to_header())


def encode_page(rendered: Rendered) -> bytes:
    """Return a page behind a line with its headers, so that all who share it send the same."""
    links, page = rendered
    link = links.to_header() if links else ""
    headers = (NOT_CACHEABLE if page.degraded else CACHEABLE) | ({"Link": link} if link else {})
    return encode_json(headers) + b"\n" + encode_json(page)


def decode_page(encoded: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an encoded page."""
    headers, _, body = encoded.partition(b"\n")
    return orjson.loads(headers), body


def is_cacheable(encoded: bytes) -> bool:
    """Return whether the page may be given to others later."""
    return decode_page(encoded)[0]["Cache-Control"] == CACHEABLE["Cache-Control"]


def _decode_cursor(request: Request, query: BrowseQuery) -> Cursor | None:
    if query.cursor is None:
        return None
    return get_container(request).cursors.decode(query.cursor, query.search_key)


def _links(
    request: Request, path: str, query: BrowseQuery, result: SearchResult, cursor: Cursor | None
) -> Links:
    """Return the neighbouring pages; a client that pages by offset keeps to offsets."""
    next_cursor = None
    if result.cursor is not None:
        next_cursor = get_container(request).cursors.encode(result.cursor, query.search_key)
    start = cursor.count if cursor else query.offset
    return Links.for_page(path, query, start, next_cursor, has_more=result.has_more)

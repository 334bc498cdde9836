"""The door to search: what a person typed in, films in order out."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.http.dependencies import container
from service.http.openapi import Problem, operation
from service.http.pagination import Links
from service.http.problems import validation_problem
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
from service.search.retrieval.engine_search import SearchResult

bp = Blueprint("search", url_prefix="/api/v1")

KEPT = 300.0  # seconds; an index that shows something new puts it out of use before
FRESH = {"Cache-Control": "public, max-age=10, stale-if-error=3600"}
BRIEF = {"Cache-Control": "no-store"}
SEARCH, BROWSE = "/api/v1/search", "/api/v1/movies"


@dataclass(frozen=True, slots=True)
class Answered:
    """One search of several: its answer with status 200, or why it was refused."""

    status: int
    answer: SearchPage | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers in the order of the searches."""

    answers: list[Answered]


@bp.get("/search", name="search")
@operation(
    "Find films by what a person typed, however it is misspelt",
    query=SearchQuery,
    returns={200: SearchPage},
    errors=(503,),
)
async def search(request: Request) -> HTTPResponse:
    asked = read_query(request, SearchQuery)
    walk = _walk(request, asked)

    async def find() -> tuple[Links, SearchPage]:
        return await _searched(request, asked, walk)

    waited = asked.after is not None and await wait_until_indexed(
        asked.after, container(request).generation
    )
    found = await _kept(request, "search", _question(asked), find)
    if waited:
        found.headers["Index-Token"] = str(asked.after)
    return found


@bp.get("/movies", name="browse_films")
@operation(
    "List films by filters, in any order; the best known first unless asked otherwise",
    query=BrowseQuery,
    returns={200: FilmPage},
    errors=(503,),
)
async def browse(request: Request) -> HTTPResponse:
    asked = read_query(request, BrowseQuery)
    walk = _walk(request, asked)

    async def find() -> tuple[Links, FilmPage]:
        made = container(request)
        found = await made.search.browse(asked.limit, asked.offset, asked.wish, walk)
        links = _links(request, BROWSE, asked, found, walk)
        return links, film_page(found, links, made.now())

    return await _kept(request, "browse", _question(asked), find)


@bp.get("/suggest", name="suggest")
@operation(
    "Complete what is being typed: titles and directors",
    query=SuggestQuery,
    returns={200: Suggestions},
    errors=(503,),
)
async def suggest(request: Request) -> HTTPResponse:
    asked, made = read_query(request, SuggestQuery), container(request)

    async def find() -> tuple[None, Suggestions]:
        began = time.perf_counter()
        found = await made.search.suggest(asked.q, asked.limit)
        ms = round((time.perf_counter() - began) * 1_000, 2)
        return None, Suggestions(asked.q, ms, list(found.suggestions), list(found.degraded))

    return await _kept(request, "suggest", f"{asked.limit} {asked.q}", find)


@bp.post("/search/batch", name="search_batch")
@operation(
    "Several searches at once, each answered or refused on its own",
    body=Searches,
    returns={200: Answers},
    errors=(503,),
)
async def search_batch(request: Request) -> HTTPResponse:
    asked = read_body(request, Searches)
    answers = [_one(request, number, each) for number, each in enumerate(asked.searches)]
    return json_response(Answers(list(await asyncio.gather(*answers))))


@bp.post("/match", name="match")
@operation(
    "Tell which films are meant by file names or loose descriptions, and how sure that is",
    body=Descriptions,
    returns={200: Matches},
    errors=(503,),
)
async def match(request: Request) -> HTTPResponse:
    asked, made = read_body(request, Descriptions), container(request)
    found = await made.filename_matcher.match(asked.described)
    return json_response(Matches([match_view(each, made.now()) for each in found]))


async def _one(request: Request, number: int, given: dict[str, Any]) -> Answered:
    async def find() -> Answered:
        asked = validate(SearchQuery, given, prefix=f"/searches/{number}/")
        if asked.after is not None:
            await wait_until_indexed(asked.after, container(request).generation)
        _, page = await _searched(request, asked, _walk(request, asked))
        return Answered(200, page, None)

    return await validation_problem(
        request, find, lambda status, said: Answered(status, None, said)
    )


async def _searched(
    request: Request, asked: SearchQuery, walk: Cursor | None
) -> tuple[Links, SearchPage]:
    began = time.perf_counter()
    made, wish = container(request), asked.wish
    found = await made.search.find(asked.q, asked.limit, asked.offset, wish, walk)
    ms = (time.perf_counter() - began) * 1_000
    links = _links(request, SEARCH, asked, found, walk)
    explain, now = asked.explain, made.now()
    make = partial(search_page, asked.q, found, links, wish.fields, explain=explain, ms=ms, now=now)
    if "plot" in wish.fields:  # a long text takes long to look through
        return links, await asyncio.to_thread(make)
    return links, make()


async def _kept(
    request: Request,
    scope: str,
    question: str,
    find: Callable[[], Awaitable[tuple[Links | None, Any]]],
) -> HTTPResponse:
    """The page, kept or made now; a makeshift one is not kept."""

    async def make() -> bytes:
        return packed(*await find())

    made = container(request)
    generation = await made.generation.current()
    kept = await made.response_cache.get_or_make(
        scope, question, generation, KEPT, make, is_cacheable=lasting
    )
    headers, page = unpacked(kept.body)
    return json_response(page, headers=headers | kept.header())


def packed(links: Links | None, page: Any) -> bytes:
    """A page behind a line with its headers, so that all who share the bytes send the same."""
    link = links.header() if links else ""
    headers = (BRIEF if page.degraded else FRESH) | ({"Link": link} if link else {})
    return encode_json(headers) + b"\n" + encode_json(page)


def unpacked(kept: bytes) -> tuple[dict[str, str], bytes]:
    """The headers and the page."""
    headers, _, page = kept.partition(b"\n")
    return orjson.loads(headers), page


def lasting(kept: bytes) -> bool:
    """Whether the page may be given to others later, too."""
    return unpacked(kept)[0]["Cache-Control"] == FRESH["Cache-Control"]


def _question(asked: BrowseQuery) -> str:
    return asked.model_dump_json(by_alias=True, exclude_unset=True, exclude={"after"})


def _walk(request: Request, asked: BrowseQuery) -> Cursor | None:
    """The walk that the client goes on with, if it brought a cursor."""
    if asked.cursor is None:
        return None
    return container(request).cursors.decode(asked.cursor, asked.question)


def _links(
    request: Request, path: str, asked: BrowseQuery, found: SearchResult, walk: Cursor | None
) -> Links:
    """The neighbours: who pages by offset goes on by offset as far as that goes."""
    sealed = None
    if found.cursor is not None:
        sealed = container(request).cursors.encode(found.cursor, asked.question)
    start = walk.count if walk else asked.offset
    return Links.along(path, asked, start, sealed, more=found.has_more)

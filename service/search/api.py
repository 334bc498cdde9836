"""The door to search: what a person typed in, films in order out."""

import time
from dataclasses import dataclass

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.films.view import FilmView, film_view
from service.http.answers import Links, PageQuery, Total, answer, encode
from service.http.openapi import operation
from service.http.parts import parts
from service.http.reading import query
from service.search.after import caught_up

bp = Blueprint("search", url_prefix="/api/v1")

KEPT = 300.0  # seconds; an index that shows something new puts it out of use before
FRESH = {"Cache-Control": "public, max-age=10, stale-if-error=3600"}


class SearchQuery(PageQuery):
    """What is looked for: words of a title or of directors, half words, a year, an IMDb id."""

    q: str
    after: str | None = None
    """The `Index-Token` of a write: the search waits, at most 2 s, until it is searchable."""


@dataclass(frozen=True, slots=True)
class Result:
    """One film that was found; scores order results and mean nothing else."""

    movie: FilmView
    score: float


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results. `took_ms` is what finding took, at the time it was done."""

    query: str
    total: Total
    took_ms: float
    results: list[Result]
    did_you_mean: str | None
    degraded: list[str]
    next: str | None
    previous: str | None


@bp.get("/search", name="search")
@operation(
    "Find films by what a person typed, however it is misspelt",
    query=SearchQuery,
    returns={200: SearchPage},
    errors=(503,),
)
async def search(request: Request) -> HTTPResponse:
    asked = query(request, SearchQuery)
    made = parts(request)

    async def find() -> bytes:
        links, page = await _page(request, asked)
        return links.header().encode() + b"\n" + encode(page)

    waited = asked.after is not None and await caught_up(asked.after, made.generation)
    question = f"{asked.limit} {asked.offset} {asked.q}"
    generation = await made.generation.current()
    kept = await made.answers.fetch("search", question, generation, KEPT, find)
    link, _, page = kept.body.partition(b"\n")
    headers = {**FRESH, **kept.header()}
    if waited:
        headers["Index-Token"] = str(asked.after)
    return answer(page, headers=headers | ({"Link": link.decode()} if link else {}))


async def _page(request: Request, asked: SearchQuery) -> tuple[Links, SearchPage]:
    began = time.perf_counter()
    made = parts(request)
    found = await made.finder.find(asked.q, asked.limit, asked.offset)
    links = Links.around(request, asked, found.total)
    now = made.now()
    return links, SearchPage(
        query=asked.q,
        total=Total(value=found.total, relation=found.relation),
        took_ms=round((time.perf_counter() - began) * 1000, 2),
        results=[Result(film_view(hit.film, now), hit.score) for hit in found.results],
        did_you_mean=found.did_you_mean,
        degraded=list(found.degraded),
        next=links.next,
        previous=links.previous,
    )

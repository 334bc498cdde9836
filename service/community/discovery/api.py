"""The HTTP routes of films that may interest somebody: popular, trending, similar, by person."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from service.community.discovery.co_ratings import read_co_ratings
from service.community.discovery.popular import rank_popular
from service.community.discovery.requests import DirectorQuery, SimilarQuery
from service.community.discovery.responses import (
    DirectorFilmsPage,
    GenresView,
    GenreView,
    PopularFilmView,
    PopularPage,
    SimilarFilmsView,
    SimilarFilmView,
    TrendingFilmView,
    TrendingPage,
)
from service.community.discovery.similar import find_similar
from service.errors import NotFound
from service.films.models import Genre
from service.films.responses import FilmView, film_view
from service.films.rows import get_film_rows
from service.http.cached_pages import Rendered, cached_page
from service.http.dependencies import get_container
from service.http.openapi import operation
from service.http.pagination import MAX_OFFSET, Links, PageQuery, Total
from service.http.requests import read_path_text, read_query
from service.search.budgeted_search import run_search
from service.search.criteria.filters import NO_FILTERS
from service.search.retrieval.search_request import Page, SearchRequest
from service.search.retrieval.work_threads import search_budget
from service.text.titles import compact_key

CACHE_SECONDS = 60.0  # votes that come meanwhile are shown later
TRENDING_SECONDS = 10.0
PAGE_HEADERS = ("Cache-Control", "Cache-Status", "Link")
POPULAR_PATH, TRENDING_PATH = "/api/v1/movies/popular", "/api/v1/movies/trending"
MAX_DIRECTOR_NAME = 200  # characters

bp = Blueprint("discovery", url_prefix="/api/v1")


@bp.get("/movies/popular", name="popular_films")
@operation(
    "The films that are rated best, by IMDb's users and by those of this service",
    query=PageQuery,
    returns={200: PopularPage},
    sends=PAGE_HEADERS,
)
async def show_popular(request: Request) -> HTTPResponse:
    query, services = read_query(request, PageQuery), get_container(request)

    async def render() -> Rendered:
        ranked = (await rank_popular(services.trends))[:MAX_OFFSET]
        page = ranked[query.offset : query.offset + query.limit]
        films = await _read_views(request, [entry.film_id for entry in page])
        views = [
            PopularFilmView(films[entry.film_id], round(entry.score, 3))
            for entry in page
            if entry.film_id in films
        ]
        links = Links.for_list(POPULAR_PATH, query, len(ranked))
        total = Total(value=len(ranked))
        return links, PopularPage(views, total, links.next, links.previous)

    return await cached_page(request, "popular", _page_key(query), CACHE_SECONDS, render)


@bp.get("/movies/trending", name="trending_films")
@operation(
    "The films with which users of this service have done most lately",
    query=PageQuery,
    returns={200: TrendingPage},
    sends=PAGE_HEADERS,
)
async def show_trending(request: Request) -> HTTPResponse:
    query, services = read_query(request, PageQuery), get_container(request)

    async def render() -> Rendered:
        top = await services.trends.read_top(MAX_OFFSET)
        page = top[query.offset : query.offset + query.limit]
        films = await _read_views(request, [film_id for film_id, _ in page])
        views = [
            TrendingFilmView(films[film_id], round(score, 3))
            for film_id, score in page
            if film_id in films
        ]
        links = Links.for_list(TRENDING_PATH, query, len(top))
        total = Total(value=len(top), relation="eq" if len(top) < MAX_OFFSET else "gte")
        return links, TrendingPage(views, total, links.next, links.previous)

    return await cached_page(request, "trending", _page_key(query), TRENDING_SECONDS, render)


@bp.get("/movies/<movie:str>/similar", name="similar_films")
@operation(
    "The films that are like a film: by people, genres, series, and who likes both",
    query=SimilarQuery,
    returns={200: SimilarFilmsView},
    errors=(404,),
    sends=("Cache-Control", "Cache-Status"),
)
async def show_similar(request: Request, movie: str) -> HTTPResponse:
    query, services = read_query(request, SimilarQuery), get_container(request)
    film_id = str((await services.catalogue.get(read_path_text(movie))).id)

    async def render() -> Rendered:
        rows = await get_film_rows([film_id])
        if not rows:  # it was deleted in between
            raise NotFound("The catalogue has no such film.", code="movie_not_found")
        co_ratings = await read_co_ratings(rows[0].id)
        similar = await find_similar(rows[0], services.search, services.work_threads, co_ratings)
        now = services.now()
        views = [
            SimilarFilmView(
                film_view(entry.film, now),
                round(entry.similarity.score, 3),
                list(entry.similarity.reasons),
            )
            for entry in similar.films[: query.limit]
        ]
        return None, SimilarFilmsView(views, list(similar.degraded))

    return await cached_page(request, "similar", f"{film_id} {query.limit}", CACHE_SECONDS, render)


@bp.get("/genres", name="list_genres")
@operation(
    "The genres of the catalogue, with the number of their films",
    returns={200: GenresView},
    sends=("Cache-Control", "Cache-Status"),
)
async def list_genres(request: Request) -> HTTPResponse:
    async def render() -> Rendered:
        result = await run_search(request, SearchRequest(facets=("genre",), page=Page(1)))
        counts = (result.facets or {}).get("genre", ())
        views = [GenreView(str(count.value), count.count) for count in counts]
        if not views and "facets_left_out" in result.degraded:
            names = await Genre.all().order_by("name").values_list("name", flat=True)
            views = [GenreView(str(name), None) for name in names]
        return None, GenresView(views, list(result.degraded))

    return await cached_page(request, "genres", "", CACHE_SECONDS, render)


@bp.get("/directors/<name:str>/movies", name="director_films")
@operation(
    "The films of a director, with counts by genre, decade and kind",
    query=DirectorQuery,
    returns={200: DirectorFilmsPage},
    errors=(404, 503),
    sends=PAGE_HEADERS,
)
async def show_director(request: Request, name: str) -> HTTPResponse:
    query, services = read_query(request, DirectorQuery), get_container(request)
    director = compact_key(read_path_text(name)[:MAX_DIRECTOR_NAME])
    key = f"director {director} {query.list_key}"
    cursor = services.search_cursors.decode(query.cursor, key) if query.cursor else None

    async def render() -> Rendered:
        budget = search_budget()
        with services.work_threads.answering(budget):
            result = await services.search.search(
                SearchRequest(
                    filters=replace(NO_FILTERS, directors=(director,)),
                    sort=query.sort,
                    facets=("genre", "decade", "type"),
                    page=Page(query.limit, query.offset, cursor),
                    budget=budget,
                )
            )
        if result.total == 0 and not result.degraded:
            raise NotFound("The catalogue has no film of this director.", code="director_not_found")
        next_cursor = services.search_cursors.encode(result.cursor, key) if result.cursor else None
        start = cursor.count if cursor else query.offset
        links = Links.for_page(request.path, query, start, next_cursor, has_more=result.has_more)
        now = services.now()
        return links, DirectorFilmsPage(
            results=[film_view(hit.film, now) for hit in result.hits],
            total=Total(value=result.total, relation=result.relation),
            counts={facet: list(counts) for facet, counts in (result.facets or {}).items()},
            degraded=list(result.degraded),
            next=links.next,
            previous=links.previous,
        )

    page_key = f"{request.path} {key} {_page_key(query)}"
    return await cached_page(request, "directors", page_key, CACHE_SECONDS, render)


async def _read_views(request: Request, film_ids: Sequence[UUID]) -> dict[UUID, FilmView]:
    now = get_container(request).now()
    rows = await get_film_rows([str(film_id) for film_id in film_ids])
    return {row.id: film_view(row, now) for row in rows}


def _page_key(query: PageQuery) -> str:
    return query.model_dump_json(exclude_unset=True)
